import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, encode, sql, start, upload } from '../harness.ts';

const WHEN = BigInt(Date.UTC(2026, 1, 1, 0, 30, 5));

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({
    tables: [
      'CREATE TABLE t (id BIGINT, name STRING, seen DATETIME)',
      'CREATE TABLE p (id BIGINT, name STRING) PARTITIONED BY (dt STRING, hr STRING)',
      "ALTER TABLE p ADD PARTITION (dt='a',hr='1') PARTITION (dt='a',hr='2') PARTITION (dt='b',hr='1')",
      'CREATE VIEW v AS SELECT id, name FROM t WHERE id > 1',
    ],
  });
  const rows = [
    [1, 'one', WHEN] as const,
    [2, 'a "quoted", ü\nline', null] as const,
    [3, null, null] as const,
  ];
  await upload(emulator, { table: 't' }, encode(rows));
  await upload(emulator, { table: 'p', tablePartition: 'dt=a,hr=1' }, encode([[1, 'x']]));
  await upload(emulator, { table: 'p', tablePartition: 'dt=a,hr=2' }, encode([[2, 'y']]));
  await upload(emulator, { table: 'p', tablePartition: 'dt=b,hr=1' }, encode([[3, 'z']]));
});
afterEach(() => emulator.stop());

const head = (table: string, query: Record<string, string>) =>
  call(emulator.endpoint, `/projects/demo/tables/${table}`, { query: { data: '', ...query } });
const lines = async (table: string, query: Record<string, string>) => (await head(table, query)).body;

describe('the first rows of a table as CSV', () => {
  it('have quoted names and texts, bare numbers, \\N for NULL and times in the zone of the project', async () => {
    const answer = await head('t', { linenum: '10' });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.body).toBe(
      '"id","name","seen"\n1,"one","2026-02-01 08:30:05"\n2,"a ""quoted"", ü\nline",\\N\n3,\\N,\\N\n',
    );
  });

  it('are as many as are asked for; -1 and nothing: all', async () => {
    expect(await lines('t', { linenum: '1', cols: 'id' })).toBe('"id"\n1\n');
    expect(await lines('t', { linenum: '0', cols: 'id' })).toBe('"id"\n');
    expect(await lines('t', { linenum: '-1', cols: 'id' })).toBe('"id"\n1\n2\n3\n');
    expect(await lines('t', { cols: 'id' })).toBe('"id"\n1\n2\n3\n');
  });

  it('have the table partition columns last, of one, some or all table partitions', async () => {
    const header = '"id","name","dt","hr"\n';
    const all = `${header}1,"x","a","1"\n2,"y","a","2"\n3,"z","b","1"\n`;
    expect(await lines('p', { linenum: '10' })).toBe(all);
    expect(await lines('p', { linenum: '10', partition: "dt='a',hr='2'" })).toBe(`${header}2,"y","a","2"\n`);
    const some = await lines('p', { linenum: '10', partition: 'dt=a' });
    expect(some).toBe(`${header}1,"x","a","1"\n2,"y","a","2"\n`);
    expect(await lines('p', { linenum: '1', partition: 'hr=1' })).toBe(`${header}1,"x","a","1"\n`);
    expect(await lines('p', { linenum: '9', partition: 'dt=none' })).toBe(header);
  });

  it('are those of the schema that PyODPS or a path names', async () => {
    await sql(emulator, 'CREATE TABLE s1.t (id BIGINT);');
    await sql(emulator, 'INSERT INTO s1.t VALUES (77);');
    expect(await lines('t', { linenum: '1', schema_name: 's1' })).toBe('"id"\n77\n');
    expect(await lines('t', { linenum: '1', curr_schema: 's1' })).toBe('"id"\n77\n');
    expect(await lines('t', { linenum: '1', cols: 'id', schema_name: 'default' })).toBe('"id"\n1\n');
    expect((await head('t', { linenum: '1', schema_name: 's2' })).status).toBe(404);
  });

  it('have the columns that are asked for, in that order', async () => {
    expect(await lines('p', { linenum: '1', cols: 'DT,id' })).toBe('"dt","id"\n"a",1\n');
  });

  it('are those of a view, too', async () => {
    expect(await lines('v', { linenum: '1' })).toBe('"id","name"\n2,"a ""quoted"", ü\nline"\n');
  });

  it.each([
    ['t', { linenum: 'ten' }, 400, 'InvalidArgument'],
    ['t', { linenum: '1', cols: 'nothing' }, 400, 'InvalidColumnSpec'],
    ['t', { linenum: '1', partition: 'dt=a' }, 400, 'InvalidPartitionSpec'],
    ['p', { linenum: '1', partition: 'dt=a,hr=9' }, 404, 'NoSuchPartition'],
    ['p', { linenum: '1', partition: 'day=a' }, 400, 'InvalidPartitionSpec'],
    ['v', { linenum: '1', partition: 'dt=a' }, 400, 'InvalidPartitionSpec'],
    ['none', { linenum: '1' }, 404, 'NoSuchObject'],
  ])('of %s by %j are refused with %i %s, as XML', async (table, query, status, code) => {
    const answer = await head(table, query as Record<string, string>);
    expect([answer.status, /<Code>(\w+)</.exec(answer.body)?.[1]]).toEqual([status, code]);
  });

  it('of a view that has lost its table are refused with the reason', async () => {
    await sql(emulator, 'DROP TABLE t;');
    const answer = await head('v', { linenum: '1' });
    expect([answer.status, /<Code>(\w+)</.exec(answer.body)?.[1]]).toEqual([400, 'InvalidArgument']);
    expect(answer.body).toContain('ODPS-0130131');
  });
});
