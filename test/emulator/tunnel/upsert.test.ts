import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { bucketOf, keyHash } from '../../../src/emulator/tunnel/bucket-hash.ts';
import { call, clientClock, encode, type Sent, sql, start, type TestValue } from '../harness.ts';

const vector = JSON.parse(
  readFileSync(new URL('../../vectors/records.json', import.meta.url), 'utf8'),
).vectors.find(({ name }: { name: string }) => name === 'upsert_records');

const KEYED = 'id BIGINT NOT NULL, name STRING, more BIGINT, PRIMARY KEY (id)';
const TABLES = [
  `CREATE TABLE k (${KEYED}) TBLPROPERTIES ('transactional'='true')`,
  `CREATE TABLE one (${KEYED}) TBLPROPERTIES ('transactional'='true', 'write.bucket.num'='1',
    'acid.partial.fields.update.enable'='true')`,
  `CREATE TABLE p (${KEYED}) PARTITIONED BY (dt STRING)
    TBLPROPERTIES ('transactional'='true', 'write.bucket.num'='1')`,
  'CREATE TABLE t (id BIGINT)',
];

let emulator: Emulator;
let time: number;
beforeEach(async () => {
  time = Date.now();
  clientClock.now = () => time;
  emulator = await start({ now: () => time, tables: TABLES });
});
afterEach(() => emulator.stop());

const upserts = (table: string, sent: Sent) =>
  call(emulator.url, `/projects/demo/tables/${table}/upserts`, sent);
const create = (table: string, query: Record<string, string> = {}) =>
  upserts(table, { method: 'POST', query: { slotnum: '1', ...query } });
const newUpsert = async (table: string, query: Record<string, string> = {}) =>
  String((await create(table, query)).json.id);
const flush = (
  table: string,
  id: string,
  bucket: number,
  body: Uint8Array,
  query: Record<string, string> = {},
) =>
  upserts(table, {
    ...{ method: 'PUT', body, query: { upsertid: id, bucketid: String(bucket), slotid: '0', ...query } },
    headers: { 'odps-tunnel-routed-server': '127.0.0.1:1' },
  });
const status = (table: string, id: string) => upserts(table, { query: { upsertid: id } });
const commit = (table: string, id: string) => upserts(table, { method: 'POST', query: { upsertid: id } });
const abort = (table: string, id: string) => upserts(table, { method: 'DELETE', query: { upsertid: id } });
const said = (answer: { status: number; json: Record<string, unknown> }) => [
  answer.status,
  answer.json.Code ?? answer.json.status,
];
const rowsOf = async (table: string) =>
  (await sql(emulator, `SELECT id, name, more FROM ${table} ORDER BY id;`)).text.split('\n').slice(1, -1);

type Operation = [values: TestValue[], operation?: number, assigned?: number[]];
/** A pack of operations: 85 upserts, 68 deletes (protocol 9.2). */
const pack = (...operations: Operation[]) =>
  encode(
    operations.map(([values, operation = 85, assigned = []]) => [
      ...values,
      null,
      null,
      operation,
      null,
      assigned,
    ]),
  );
const bucketOfId = (id: number, hasher: 'default' | 'legacy' = 'default') =>
  bucketOf([keyHash({ name: 'BIGINT' }, hasher)!(BigInt(id))], 16)!;

describe('an upsert session', () => {
  it('answers schema, keys, hasher and buckets over its slots', async () => {
    const worker_addr = new URL(emulator.url).host;
    const { json } = await create('k', { slotnum: '3', quotaName: 'mine' });
    expect(json).toMatchObject({
      ...{ hash_key: ['id'], hasher: 'default', status: 'normal', quota_name: 'mine' },
      enable_partial_update: false,
      schema: { columns: [{ name: 'id', nullable: false, column_id: '0' }, {}, {}], partitionKeys: [] },
      slots: [
        { slot_id: '0', buckets: [0, 3, 6, 9, 12, 15], worker_addr },
        { slot_id: '1', buckets: [1, 4, 7, 10, 13], worker_addr },
        { slot_id: '2', buckets: [2, 5, 8, 11, 14], worker_addr },
      ],
    });
    const one = (await create('one')).json;
    expect(one).toMatchObject({ slots: [{ buckets: [0] }], enable_partial_update: true });
  });

  it('shows all packs at the commit, the last operation of a key, and once however often it is committed', async () => {
    const first = await newUpsert('one');
    await flush('one', first, 0, pack([[1, 'a', 1]], [[2, 'b', 2]], [[3, 'c', 3]]));
    expect(await rowsOf('one')).toEqual([]);
    expect(said(await commit('one', first))).toEqual([200, 'committed']);
    expect(await rowsOf('one')).toEqual(['1,"a",1', '2,"b",2', '3,"c",3']);
    const second = await newUpsert('one');
    const flushed = await flush(
      'one',
      second,
      0,
      pack([[1, null, null], 68], [[2, 'new', null]], [[4, 'x', 1], 68]),
    );
    expect(flushed.headers).toMatchObject({
      'odps-tunnel-routed-server': new URL(emulator.url).host,
      'odps-tunnel-slot-num': '1',
    });
    await flush('one', second, 0, pack([[5, 'e', 5]], [[5, null, null], 68], [[5, 'again', 6]]));
    const answers = await Promise.all([1, 2, 3].map(() => commit('one', second)));
    for (const answer of [...answers, await commit('one', second), await status('one', second)])
      expect(said(answer)).toEqual([200, 'committed']);
    expect(await rowsOf('one')).toEqual(['2,"new",\\N', '3,"c",3', '5,"again",6']);
    expect(emulator.stats()).toMatchObject({
      tables: { one: { rows: 3 } },
      upserts: { created: 2, committed: 2, packs: 3 },
    });
  });

  it('takes the official vector', async () => {
    await sql(
      emulator,
      "CREATE TABLE v (id BIGINT NOT NULL, name STRING, PRIMARY KEY (id)) TBLPROPERTIES ('transactional'='true','write.bucket.num'='1','acid.partial.fields.update.enable'='true');",
    );
    const id = await newUpsert('v');
    expect((await flush('v', id, 0, Buffer.from(vector.hex, 'hex'), { record_count: '3' })).status).toBe(200);
    await commit('v', id);
    const { text } = await sql(emulator, 'SELECT * FROM v ORDER BY id;');
    expect(text).toBe('"id","name"\n1,"alice"\n3,"carol"\n');
  });

  it('updates only the assigned columns where the table allows that', async () => {
    const id = await newUpsert('one');
    await flush('one', id, 0, pack([[1, 'a', 1]], [[1, null, 7], 85, [2]], [[2, null, 8], 85, [0, 2]]));
    await commit('one', id);
    expect(await rowsOf('one')).toEqual(['1,"a",7', '2,\\N,8']);
    const unknown = await flush('one', await newUpsert('one'), 0, pack([[1, 'a', 1], 85, [3]]));
    expect(said(unknown)).toEqual([400, 'MalformedDataStream']);
    const whole = await flush('k', await newUpsert('k'), bucketOfId(1), pack([[1, 'a', 1], 85, [2]]));
    expect(said(whole)).toEqual([400, 'InvalidArgument']);
  });

  it('takes rows only in their bucket, by the hasher that it named', async () => {
    const id = await newUpsert('k');
    // hash.json: BIGINT 1 is in bucket 3 of 16.
    expect((await flush('k', id, 3, pack([[1, 'a', 1]]))).status).toBe(200);
    const wrong = await flush('k', id, 4, pack([[1, 'b', 1]]));
    expect(said(wrong)).toEqual([400, 'MalformedDataStream']);
    expect(wrong.json.Message).toContain('bucket 3');
    await commit('k', id);
    expect(await rowsOf('k')).toEqual(['1,"a",1']);
    await emulator.stop();
    emulator = await start({ hasher: 'legacy', tables: TABLES });
    const created = await create('k');
    expect(created.json.hasher).toBe('legacy');
    const legacy = String(created.json.id);
    expect(said(await flush('k', legacy, 3, pack([[1, 'b', 1]])))).toEqual([400, 'MalformedDataStream']);
    expect((await flush('k', legacy, bucketOfId(1, 'legacy'), pack([[1, 'b', 1]]))).status).toBe(200);
  });

  it('keeps nothing of a pack that is wrong', async () => {
    const id = await newUpsert('one');
    const good = pack([[1, 'a', 1]]);
    const wrong: [Uint8Array, Record<string, string>, string][] = [
      [pack([[1, 'a', 1]], [[null, 'b', 1]]), {}, 'MalformedDataStream'],
      [pack([[1, 'a', 1], 84]), {}, 'MalformedDataStream'],
      [encode([[1, 'a', 1]]), {}, 'MalformedDataStream'],
      [good.subarray(0, good.length - 1), {}, 'MalformedDataStream'],
      [good, { record_count: '2' }, 'MalformedDataStream'],
      [good, { bucketid: '1' }, 'InvalidArgument'],
      [good, { bucketid: '' }, 'InvalidArgument'],
      [good, { slotid: '1' }, 'InvalidArgument'],
    ];
    for (const [body, query, code] of wrong)
      expect(said(await flush('one', id, 0, body, query))).toEqual([400, code]);
    await commit('one', id);
    expect(await rowsOf('one')).toEqual([]);
  });

  it('takes no NULL for a column that is NOT NULL, unless it is not assigned', async () => {
    await sql(
      emulator,
      `CREATE TABLE n (id BIGINT NOT NULL, name STRING NOT NULL, more BIGINT, PRIMARY KEY (id)) TBLPROPERTIES
      ('transactional'='true', 'write.bucket.num'='1', 'acid.partial.fields.update.enable'='true');`,
    );
    const id = await newUpsert('n');
    const row: Operation = [[1, 'a', 1]];
    expect((await flush('n', id, 0, pack(row, [[1, null, 2], 85, [2]]))).status).toBe(200);
    expect((await flush('n', id, 0, pack([[2, null, null], 68]))).status).toBe(200);
    for (const wrong of [pack([[1, null, 1]]), pack([[1, null, 1], 85, [1, 2]])])
      expect(said(await flush('n', id, 0, wrong))).toEqual([400, 'MalformedDataStream']);
    await commit('n', id);
    expect(await rowsOf('n')).toEqual(['1,"a",2']);
  });

  it('writes one table partition, which has to be there', async () => {
    const missing = { partition: 'dt=1', create_partition: 'true' };
    expect(said(await create('p', missing))).toEqual([404, 'NoSuchPartition']);
    expect(said(await create('p'))).toEqual([400, 'MissingPartitionSpec']);
    for (const dt of ['1', '2']) await sql(emulator, `ALTER TABLE p ADD PARTITION (dt='${dt}');`);
    const ids: string[] = [];
    for (const dt of ['1', '2']) {
      const id = await newUpsert('p', { partition: `dt=${dt}` });
      await flush('p', id, 0, pack([[1, dt, 1]]), { partition: `dt=${dt}` });
      ids.push(id);
    }
    const other = await flush('p', ids[0]!, 0, pack(), { partition: 'dt=2' });
    expect(said(other)).toEqual([400, 'InvalidResourceSpec']);
    for (const id of ids) await commit('p', id);
    expect(emulator.stats().tables.p).toEqual({ rows: 2, tablePartitions: { 'dt=1': 1, 'dt=2': 1 } });
    const id = await newUpsert('p', { partition: 'dt=1' });
    await sql(emulator, "ALTER TABLE p DROP PARTITION (dt='1');");
    expect(said(await commit('p', id))).toEqual([404, 'NoSuchPartition']);
  });

  it('takes no NULL for a NOT NULL column: in whole rows, in what is assigned, in what is left', async () => {
    await emulator.sql(
      "CREATE TABLE must (id BIGINT, name STRING NOT NULL, more BIGINT, PRIMARY KEY (id)) TBLPROPERTIES ('transactional'='true', 'write.bucket.num'='1', 'acid.partial.fields.update.enable'='true')",
    );
    const id = await newUpsert('must');
    for (const bad of [pack([[1, 'a', 1]], [[2, null, 1]]), pack([[1, 'a', 1]], [[2, null, 1], 85, [1]])]) {
      const refused = await flush('must', id, 0, bad);
      expect(said(refused)).toEqual([400, 'MalformedDataStream']);
      expect(refused.json.Message).toMatch(/^row 1: column name is NULL/);
    }
    await flush('must', id, 0, pack([[1, 'a', 1]], [[9, null, null], 68]));
    await flush('must', id, 0, pack([[1, null, 2], 85, [2]]));
    expect(said(await commit('must', id))).toEqual([200, 'committed']);
    expect(await rowsOf('must')).toEqual(['1,"a",2']);
    const other = await newUpsert('must');
    await flush('must', other, 0, pack([[5, null, 2], 85, [2]]));
    const refused = await commit('must', other);
    expect(said(refused)).toEqual([400, 'MalformedDataStream']);
    expect(refused.json.Message).toContain('column name is NULL');
    expect(await rowsOf('must')).toEqual(['1,"a",2']);
  });

  it('is refused without a primary key or transactions, and for bad numbers', async () => {
    for (const table of ['t']) expect(said(await create(table))).toEqual([400, 'InvalidArgument']);
    for (const query of [{ slotnum: '0' }, { lifecycle: '25' }, { lifecycle: 'x' }])
      expect(said(await create('k', query as Record<string, string>))).toEqual([400, 'InvalidArgument']);
    expect((await create('k', { slotnum: '64' })).json.slots).toHaveLength(16);
  });

  it('that is aborted, committed, expired or unknown takes no rows', async () => {
    const [aborted, committed, expired] = [
      await newUpsert('one'),
      await newUpsert('one'),
      await newUpsert('one', { lifecycle: '1' }),
    ];
    await flush('one', aborted, 0, pack([[1, 'a', 1]]));
    await flush('one', expired, 0, pack([[2, 'a', 1]]));
    for (let turn = 0; turn < 2; turn += 1) expect((await abort('one', aborted)).status).toBe(200);
    await commit('one', committed);
    expect(said(await abort('one', committed))).toEqual([400, 'StatusConflict']);
    time += 3600_000;
    for (const [id, word] of [
      [aborted, 'aborted'],
      [committed, 'committed'],
      [expired, 'expired'],
    ] as const) {
      expect(said(await status('one', id))).toEqual([200, word]);
      expect(said(await flush('one', id, 0, pack()))).toEqual([400, 'StatusConflict']);
    }
    for (const id of [aborted, expired])
      expect(said(await commit('one', id))).toEqual([400, 'StatusConflict']);
    expect(await rowsOf('one')).toEqual([]);
    time += 25 * 3600_000;
    for (const id of ['unknown', expired])
      for (const answer of [await status('one', id), await commit('one', id), await abort('one', id)])
        expect(said(answer)).toEqual([404, 'UpsertSessionNotFound']);
  });

  it('ends when the columns of its table change', async () => {
    const id = await newUpsert('one');
    await flush('one', id, 0, pack([[1, 'a', 1]]));
    await sql(emulator, 'ALTER TABLE one ADD COLUMNS (last STRING);');
    expect(said(await flush('one', id, 0, pack()))).toEqual([412, 'SchemaModified']);
    expect(said(await commit('one', id))).toEqual([412, 'SchemaModified']);
  });
});

describe('upserts under control', () => {
  it('commit later on request, and are listed', async () => {
    const id = await newUpsert('one');
    await flush('one', id, 0, pack([[1, 'a', 1]]));
    expect(emulator.sessions()).toEqual([
      { kind: 'upsert', id, table: 'one', tablePartition: '', status: 'normal', rows: 1 },
    ]);
    emulator.control('upsert_commit', { action: 'closing', ms: 20 }, { times: 1 });
    expect(said(await commit('one', id))).toEqual([200, 'committing']);
    while ((await commit('one', id)).json.status !== 'committed')
      await new Promise((next) => setTimeout(next, 5));
    expect(await rowsOf('one')).toEqual(['1,"a",1']);
  });

  it.each(['expired', 'aborted', 'critical'] as const)(
    'that are made %s are never committed',
    async (state) => {
      const id = await newUpsert('one');
      await flush('one', id, 0, pack([[1, 'a', 1]]));
      await emulator.setSession(id, 'committing');
      expect(said(await commit('one', id))).toEqual([200, 'committing']);
      await emulator.setSession(id, state);
      expect(said(await status('one', id))).toEqual([200, state]);
      expect(said(await commit('one', id))).toEqual([400, 'StatusConflict']);
      await expect(emulator.setSession(id, 'committed')).rejects.toThrow(`is ${state}`);
      await emulator.setSession(id, 'gone');
      expect(said(await status('one', id))).toEqual([404, 'UpsertSessionNotFound']);
      expect(await rowsOf('one')).toEqual([]);
    },
  );

  it('lose packs and sessions on request', async () => {
    const id = await newUpsert('one');
    await flush('one', id, 0, pack([[1, 'a', 1]]));
    await flush('one', id, 0, pack([[2, 'b', 1]]));
    emulator.control('upsert_commit', { action: 'lose_block' }, { times: 1 });
    await commit('one', id);
    expect(await rowsOf('one')).toEqual(['1,"a",1']);
    const other = await newUpsert('one');
    emulator.control('upsert_flush', { action: 'session', state: 'canceled' }, { times: 1 });
    expect(said(await flush('one', other, 0, pack()))).toEqual([400, 'StatusConflict']);
    expect(said(await status('one', other))).toEqual([200, 'aborted']);
    const open = await newUpsert('one');
    emulator.control('upsert_create', { action: 'session', state: 'expired' }, { times: 1 });
    expect(said(await create('one'))).toEqual([200, 'normal']);
    expect(said(await status('one', open))).toEqual([200, 'expired']);
  });

  it('that were committed are known after a restart, with their rows', async () => {
    await emulator.stop();
    const dataDir = mkdtempSync(join(tmpdir(), 'upsert-'));
    emulator = await start({ dataDir, tables: TABLES });
    clientClock.now = () => Date.now();
    const [id, open] = [await newUpsert('one'), await newUpsert('one')];
    for (const one of [id, open]) await flush('one', one, 0, pack([[1, 'a', 1]]));
    await commit('one', id);
    await emulator.stop();
    emulator = await start({ dataDir });
    expect(said(await status('one', id))).toEqual([200, 'committed']);
    expect(said(await commit('one', id))).toEqual([200, 'committed']);
    expect(said(await commit('one', open))).toEqual([404, 'UpsertSessionNotFound']);
    expect(await rowsOf('one')).toEqual(['1,"a",1']);
    rmSync(dataDir, { recursive: true });
  });
});
