import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, encode, start, upload } from '../harness.ts';
import { refusal, resultCall, run, submit } from './download-calls.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({ tables: ['CREATE TABLE t (id BIGINT, name STRING)'] });
  await upload(
    emulator,
    { table: 't' },
    encode([
      [1, 'one'],
      [2, null],
    ]),
  );
});
afterEach(() => emulator.stop());

const create = (instance: string, query: Record<string, string> = {}) =>
  resultCall(emulator, instance, 'POST', { downloads: '', ...query });
const rows = (instance: string, id: string, range: string, query: Record<string, string> = {}) =>
  resultCall(emulator, instance, 'GET', { data: '', downloadid: id, rowrange: range, ...query });

describe('the result of an instance', () => {
  it('has a session with the columns of the query, and can be opened again', async () => {
    const instance = await run(emulator, 'SELECT id, name AS label, id + 1 FROM t ORDER BY id;');
    const { status, json } = await create(instance);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      ...{ Status: 'normal', RecordCount: 2 },
      Schema: {
        columns: [
          { name: 'id', type: 'bigint' },
          { name: 'label', type: 'string' },
          { name: '_c2', type: 'bigint' },
        ],
        partitionKeys: [],
      },
    });
    const id = String(json.DownloadID);
    expect((await resultCall(emulator, instance, 'GET', { downloadid: id })).json).toEqual(json);
    expect((await rows(instance, id, '(0,2)')).bytes).toEqual(
      encode([
        [1, 'one', 2],
        [2, null, 3],
      ]),
    );
    expect((await rows(instance, id, '(1,1)', { columns: '_c2,label' })).bytes).toEqual(encode([[3, null]]));
    expect((await rows(instance, id, '(2,0)')).bytes).toEqual(encode([]));
    expect((await rows(instance, id, '(1,5)')).bytes).toEqual(encode([[2, null, 3]]));
    expect(refusal(await rows(instance, id, '(3,1)'))).toEqual([400, 'InvalidRowRange']);
  });

  it('is what it was when the query ran', async () => {
    const instance = await run(emulator, 'SELECT * FROM t;');
    await upload(emulator, { table: 't' }, encode([[3, 'three']]));
    expect((await create(instance)).json.RecordCount).toBe(2);
  });

  it('may be of no row', async () => {
    const instance = await run(emulator, 'SELECT * FROM t WHERE id > 5;');
    const { json } = await create(instance);
    expect(json.RecordCount).toBe(0);
    expect((await rows(instance, String(json.DownloadID), '(0,0)')).bytes).toEqual(encode([]));
  });

  it('is 10,000 rows at most when that limit is asked for', async () => {
    const many = Array.from({ length: 10_001 }, (_, index) => [index, null]);
    await upload(emulator, { table: 't' }, encode(many));
    const instance = await run(emulator, 'SELECT * FROM t;');
    const limited = (await create(instance, { instance_tunnel_limit_enabled: '' })).json;
    expect(limited.RecordCount).toBe(10_000);
    const beyond = await rows(instance, String(limited.DownloadID), '(9998,10)');
    expect(beyond.bytes).toEqual((await rows(instance, String(limited.DownloadID), '(9998,2)')).bytes);
    expect((await create(instance)).json.RecordCount).toBe(10_003);
  });

  it.each(['CREATE TABLE other (id BIGINT);', 'DROP TABLE t;', 'SET a=b;'])(
    'of %s is refused so that PyODPS asks for ?result',
    async (statement) => {
      const instance = await run(emulator, statement);
      expect(refusal(await create(instance))).toEqual([400, 'InstanceTypeNotSupported']);
    },
  );

  it('of a statement that failed is refused with its error', async () => {
    const instance = await run(emulator, 'SELECT * FROM none;');
    const answer = await create(instance);
    expect(refusal(answer)).toEqual([400, 'TaskFailed']);
    expect(answer.json.Message).toContain('ODPS-0130131');
  });

  it('of a statement that runs is refused until it has ended', async () => {
    await upload(
      emulator,
      { table: 't' },
      encode(Array.from({ length: 3000 }, (_, index) => [index, `text ${index}`])),
    );
    const slow = 'SELECT COUNT(*) FROM t a JOIN t b ON a.id <> b.id JOIN t c ON b.name <> c.name || a.name;';
    const instance = await submit(emulator, slow);
    expect(refusal(await create(instance))).toEqual([400, 'InstanceNotTerminate']);
    const body = '<Instance><Status>Terminated</Status></Instance>';
    await call(emulator.endpoint, `/projects/demo/instances/${instance}`, { method: 'PUT', body });
    expect(refusal(await create(instance))).toEqual([400, 'TaskFailed']);
  });

  it('is only that of its own instance', async () => {
    const [one, other] = [await run(emulator, 'SELECT 1;'), await run(emulator, 'SELECT 2;')];
    const id = String((await create(one)).json.DownloadID);
    expect(refusal(await rows(other, id, '(0,1)'))).toEqual([400, 'InvalidResourceSpec']);
    expect(refusal(await rows(one, 'none', '(0,1)'))).toEqual([404, 'NoSuchDownload']);
    expect(refusal(await create('none'))).toEqual([404, 'NoSuchObject']);
    expect(refusal(await rows('none', id, '(0,1)'))).toEqual([404, 'NoSuchObject']);
  });
});
