import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import { commitUpload, createUpload, encode, putBlock, sql, start } from './harness.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start();
});
afterEach(() => emulator.stop());

const many = Array.from({ length: 8 }, (_none, at) => at);
const done = async (statement: string) => {
  const answer = await sql(emulator, statement);
  return answer.status === 'Success' ? answer.text.split('\n').slice(1, -1) : answer.text;
};

describe('statements that change one table at once', () => {
  it('add all their columns', async () => {
    await done('CREATE TABLE t (id BIGINT);');
    const added = many.map((at) => sql(emulator, `ALTER TABLE t ADD COLUMNS (c${at} STRING);`));
    expect((await Promise.all(added)).map(({ status }) => status)).toEqual(many.map(() => 'Success'));
    await done('INSERT INTO t (id, c0, c7) VALUES (1, "a", "b");');
    const names = many.map((at) => `c${at}`).join(', ');
    expect(await done(`SELECT id, ${names} FROM t;`)).toHaveLength(1);
  });

  it('make a table once and drop it once', async () => {
    const made = await Promise.all(many.map(() => sql(emulator, 'CREATE TABLE t (id BIGINT);')));
    expect(made.filter(({ status }) => status === 'Success')).toHaveLength(1);
    const dropped = await Promise.all(many.map(() => sql(emulator, 'DROP TABLE t;')));
    expect(dropped.filter(({ status }) => status === 'Success')).toHaveLength(1);
    expect(dropped.filter(({ text }) => text.includes('ODPS-0130131'))).toHaveLength(many.length - 1);
  });
});

describe('rows that come while their table changes', () => {
  beforeEach(async () => {
    await done('CREATE TABLE t (id BIGINT) PARTITIONED BY (pt STRING);');
    await done("ALTER TABLE t ADD PARTITION (pt='a');");
  });
  const target = { table: 't', tablePartition: 'pt=a' };

  async function upload() {
    const id = String((await createUpload(emulator, target)).json.UploadID);
    await putBlock(emulator, target, id, 0, encode([[1n], [2n]]));
    return id;
  }

  it.each([
    ['its table partition is dropped', "ALTER TABLE t DROP PARTITION (pt='a');", 'NoSuchPartition'],
    ['its columns change', 'ALTER TABLE t ADD COLUMNS (n BIGINT);', 'SchemaModified'],
    ['it is dropped', 'DROP TABLE t;', 'NoSuchTable'],
  ])('are there or refused when %s', async (_what, statement, code) => {
    const ids = await Promise.all(many.map(upload));
    const half = many.length / 2;
    const first = ids.slice(0, half).map((id) => commitUpload(emulator, target, id));
    const change = done(statement);
    const second = ids.slice(half).map((id) => commitUpload(emulator, target, id));
    const answers = await Promise.all([...first, ...second]);
    await change;
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { json } of refused) expect([code, 'NoSuchPartition', 'NoSuchTable']).toContain(json.Code);
    const committed = answers.length - refused.length;
    const { tables } = emulator.stats();
    if (code === 'SchemaModified') {
      expect(await done('SELECT count(*) FROM t;')).toEqual([String(2 * committed)]);
      expect(Object.values(tables).find(({ rows }) => rows === 2 * committed)).toBeDefined();
    }
    if (code === 'NoSuchPartition') expect(await done('SELECT count(*) FROM t;')).toEqual(['0']);
  });
});
