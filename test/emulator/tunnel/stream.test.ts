import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, clientClock, createUpload, encode, type Sent, sql, start } from '../harness.ts';

let emulator: Emulator;
let time: number;
beforeEach(async () => {
  time = Date.now();
  clientClock.now = () => time;
  const tables = [
    'CREATE TABLE t (id BIGINT, name STRING)',
    'CREATE TABLE p (id BIGINT, name STRING) PARTITIONED BY (dt STRING)',
    "CREATE TABLE k (id BIGINT NOT NULL, name STRING, PRIMARY KEY (id)) TBLPROPERTIES ('transactional'='true')",
  ];
  emulator = await start({ now: () => time, tables });
});
afterEach(() => emulator.stop());

const streams = (table: string, sent: Sent) =>
  call(emulator.url, `/projects/demo/tables/${table}/streams`, sent);
const create = (table: string, query: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  streams(table, { method: 'POST', query, headers });
const newStream = async (table: string, query: Record<string, string> = {}) =>
  String((await create(table, query)).json.session_name);
const flush = (
  table: string,
  id: string,
  body: Uint8Array,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
) =>
  streams(table, {
    ...{ method: 'PUT', body, query: { uploadid: id, slotid: '0', ...query } },
    headers: { 'Content-Type': 'application/octet-stream', ...headers },
  });
const said = ({ status, json }: { status: number; json: Record<string, unknown> }) => [status, json.Code];
const rowsOf = async (table: string, columns = 'id, name') =>
  (await sql(emulator, `SELECT ${columns} FROM ${table} ORDER BY id;`)).text.split('\n').slice(1, -1);

describe('a stream session', () => {
  it('refuses NULL in a NOT NULL column', async () => {
    await sql(emulator, 'CREATE TABLE strict (id BIGINT NOT NULL, name STRING);');
    const id = await newStream('strict');
    const rows = [
      [1, null],
      [null, 'x'],
    ];
    const answer = await flush('strict', id, encode(rows));
    expect(said(answer)).toEqual([400, 'MalformedDataStream']);
    expect(answer.json.Message).toBe('row 1: column id is NULL, which it must not be');
    expect(await rowsOf('strict')).toEqual([]);
  });

  it('answers schema, version, slots at the address of the listener and the quota', async () => {
    const address = new URL(emulator.url).host;
    const two = await create('t', { quotaName: 'mine' }, { 'odps-tunnel-slot-num': '2', Host: 'elsewhere' });
    expect(two.json).toMatchObject({
      ...{ status: 'normal', schema_version: 1, quota_name: 'mine' },
      slots: [
        [0, address],
        [1, address],
      ],
      schema: { columns: [{ name: 'id', type: 'bigint' }, { name: 'name' }], partitionKeys: [] },
    });
    const three = await create('t', {}, { 'odps-slot-num': '3' });
    expect(three.json.slots).toHaveLength(3);
    const many = await create('t', {}, { 'odps-tunnel-slot-num': 'many' });
    expect(said(many)).toEqual([400, 'InvalidArgument']);
  });

  it('commits every flush on its own, at once visible, and numbers them', async () => {
    const id = await newStream('t');
    const first = await flush('t', id, encode([[1, 'a']]), { record_count: '1' });
    expect(first.status).toBe(200);
    expect(first.headers).toMatchObject({
      'odps-tunnel-routed-server': new URL(emulator.url).host,
      ...{ 'odps-tunnel-slot-num': '1', 'odps-tunnel-batch-id': '1' },
    });
    expect(await rowsOf('t')).toEqual(['1,"a"']);
    const deflated = deflateSync(encode([[2, null]]));
    const second = await flush('t', id, deflated, {}, { 'Content-Encoding': 'deflate' });
    expect(second.headers['odps-tunnel-batch-id']).toBe('2');
    expect((await flush('t', id, encode([]))).status).toBe(200);
    expect(await rowsOf('t')).toEqual(['1,"a"', '2,\\N']);
    const { json } = await streams('t', { query: { uploadid: id, read_only: 'true' } });
    expect(json).toMatchObject({ session_name: id, last_batch_id: 3, last_batch_commit_time: time });
    expect(emulator.stats().streams).toEqual({ created: 1, flushes: 3, rows: 2 });
  });

  it('keeps nothing of a pack that is damaged, counted wrongly or for an unknown slot', async () => {
    const id = await newStream('t');
    const good = encode([[1, 'a']]);
    const cut = await flush('t', id, good.subarray(0, good.length - 2));
    expect(said(cut)).toEqual([400, 'MalformedDataStream']);
    const two = await flush('t', id, good, { record_count: '2' });
    expect(said(two)).toEqual([400, 'MalformedDataStream']);
    for (const slotid of ['1', '-1', 'x'])
      expect(said(await flush('t', id, good, { slotid }))).toEqual([400, 'InvalidArgument']);
    expect(await rowsOf('t')).toEqual([]);
  });

  it('takes no NULL where the column is NOT NULL, and any damage without harm', async () => {
    await sql(emulator, 'CREATE TABLE n (id BIGINT NOT NULL, name STRING);');
    const id = await newStream('n');
    const none = await flush('n', id, encode([[null, 'a']]));
    expect(said(none)).toEqual([400, 'MalformedDataStream']);
    const good = encode([
      [1, 'a'],
      [2, 'b'],
    ]);
    const change = fc.record({ at: fc.nat(good.length - 1), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const body = Buffer.from(good);
        for (const { at, to } of changes) body[at] = to;
        // Checksums count modulo 2^32: what stands above in their varints is no damage.
        const { status } = await flush('n', id, body);
        expect(body.equals(good) ? [200] : [200, 400]).toContain(status);
      }),
      { numRuns: 60 },
    );
    const stored = (await sql(emulator, 'SELECT DISTINCT id, name FROM n ORDER BY id;')).text;
    expect(['"id","name"\n', '"id","name"\n1,"a"\n2,"b"\n']).toContain(stored);
  });

  it('is reloaded by GET, and by POST as Go does it; POST with the routed server aborts it', async () => {
    const id = await newStream('t');
    const query = { uploadid: id };
    expect((await streams('t', { method: 'POST', query })).json.session_name).toBe(id);
    expect((await streams('t', { query })).json.session_name).toBe(id);
    const headers = { 'odps-tunnel-routed-server': '127.0.0.1:1' };
    expect((await streams('t', { method: 'POST', query, headers })).status).toBe(200);
    for (const method of ['GET', 'POST', 'PUT'])
      expect(said(await streams('t', { method, query }))).toEqual([404, 'StreamSessionNotFound']);
  });

  it('is forgotten when nobody used it for a day', async () => {
    const id = await newStream('t');
    time += 23 * 3600_000;
    expect((await flush('t', id, encode([]))).status).toBe(200);
    time += 24 * 3600_000;
    expect(said(await flush('t', id, encode([])))).toEqual([404, 'StreamSessionNotFound']);
  });

  it('is refused on keys, for overwriting and for another table or table partition', async () => {
    expect(said(await create('k'))).toEqual([400, 'MethodNotAllowed']);
    expect(said(await create('t', { overwrite: 'true' }))).toEqual([400, 'OverwriteModeNotAllowed']);
    expect(said(await create('p'))).toEqual([400, 'MissingPartitionSpec']);
    expect(said(await create('p', { partition: 'dt=1' }))).toEqual([404, 'NoSuchPartition']);
    const id = await newStream('p', { partition: 'dt=1', create_partition: '' });
    expect(said(await flush('t', id, encode([])))).toEqual([400, 'InvalidResourceSpec']);
    const other = await flush('p', id, encode([]), { partition: 'dt=2' });
    expect(said(other)).toEqual([400, 'InvalidResourceSpec']);
    await flush('p', id, encode([[1, 'a']]), { partition: "dt='1'" });
    expect(emulator.stats().tables.p).toEqual({ rows: 1, tablePartitions: { 'dt=1': 1 } });
  });

  it('makes the table partition that a dynamic flush names, and needs one', async () => {
    const id = await newStream('p', { dynamic_partition: 'true' });
    const dynamic = { dynamic_partition: 'true' };
    expect(said(await flush('p', id, encode([[1, 'a']]), dynamic))).toEqual([400, 'MissingPartitionSpec']);
    for (const partition of ['dt=1', 'dt=2', 'dt=1'])
      expect((await flush('p', id, encode([[1, 'a']]), { ...dynamic, partition })).status).toBe(200);
    expect(emulator.stats().tables.p).toEqual({ rows: 3, tablePartitions: { 'dt=1': 2, 'dt=2': 1 } });
  });

  it('ends with its table partition and its table', async () => {
    const id = await newStream('p', { partition: 'dt=1', create_partition: '' });
    await sql(emulator, "ALTER TABLE p DROP PARTITION (dt='1');");
    const gone = await flush('p', id, encode([[1, 'a']]), { partition: 'dt=1' });
    expect(said(gone)).toEqual([404, 'NoSuchPartition']);
    await sql(emulator, 'DROP TABLE p;');
    expect(said(await flush('p', id, encode([])))).toEqual([404, 'NoSuchTable']);
    expect(said(await flush('p', 'unknown', encode([])))).toEqual([404, 'NoSuchTable']);
  });
});

describe('the schema of a stream', () => {
  const strict = { check_latest_schema: 'true' };

  it('that is older fills new columns with NULL, unless the latest is insisted on', async () => {
    const id = await newStream('t', { schema_version: '1', check_latest_schema: 'false' });
    await sql(emulator, 'ALTER TABLE t ADD COLUMNS (more BIGINT);');
    expect((await flush('t', id, encode([[1, 'a']]))).status).toBe(200);
    expect(await rowsOf('t', 'id, name, more')).toEqual(['1,"a",\\N']);
    const modified = await flush('t', id, encode([[2, 'b']]), strict);
    expect(said(modified)).toEqual([412, 'SchemaModified']);
    expect(modified.headers['odps-tunnel-latest-schema-version']).toBe('2');
    const old = await newStream('t', { schema_version: '1' });
    expect((await flush('t', old, encode([[3, 'c']]))).status).toBe(200);
    const latest = await create('t');
    expect(latest.json.schema_version).toBe(2);
    const id2 = String(latest.json.session_name);
    expect((await flush('t', id2, encode([[4, 'd', 5]]), strict)).status).toBe(200);
    expect(await rowsOf('t', 'id, more')).toEqual(['1,\\N', '3,\\N', '4,5']);
  });

  it('that lost a column since is modified', async () => {
    const id = await newStream('t');
    await sql(emulator, 'ALTER TABLE t DROP COLUMN name;');
    expect(said(await flush('t', id, encode([[1, 'a']])))).toEqual([412, 'SchemaModified']);
  });

  it('has to be known: the version is what the table says of itself', async () => {
    expect(said(await create('t', { schema_version: '2' }))).toEqual([404, 'NoSuchSchema']);
    await sql(emulator, 'ALTER TABLE t ADD COLUMNS (more BIGINT);');
    const outdated = await create('t', { schema_version: '1', ...strict });
    expect(said(outdated)).toEqual([404, 'NoSuchSchema']);
    const { body } = await call(emulator.endpoint, '/projects/demo/tables/t', { query: { extended: '' } });
    const version = /schema_version\\":\\"(\d+)/.exec(body)?.[1];
    expect((await create('t', { schema_version: String(version), ...strict })).status).toBe(200);
  });
});

describe('streams under control', () => {
  it('are listed, forgotten and failed like other sessions', async () => {
    const id = await newStream('t');
    await flush('t', id, encode([[1, 'a']]));
    const shown = { kind: 'stream', id, table: 't', tablePartition: '', status: 'normal', rows: 1 };
    expect(emulator.sessions()).toEqual([shown]);
    await expect(emulator.setSession(id, 'expired')).rejects.toThrow('cannot be expired');
    emulator.control('stream_flush', { action: 'status', status: 429 }, { times: 1 });
    expect(said(await flush('t', id, encode([])))).toEqual([429, 'FlowExceeded']);
    emulator.control('stream_flush', { action: 'cut', when: 'after' }, { times: 1 });
    await expect(flush('t', id, encode([[2, 'b']]))).rejects.toThrow();
    expect(await rowsOf('t')).toEqual(['1,"a"', '2,"b"']);
    emulator.control('stream_flush', { action: 'session', state: 'gone' }, { times: 1 });
    expect(said(await flush('t', id, encode([])))).toEqual([404, 'StreamSessionNotFound']);
    const other = await newStream('t');
    await emulator.setSession(other, 'gone');
    expect(emulator.sessions()).toEqual([]);
    const upload = String((await createUpload(emulator, { table: 't' })).json.UploadID);
    await newStream('t');
    emulator.control('stream_create', { action: 'session', state: 'expired' }, { times: 1 });
    const last = await newStream('t');
    // Those of its own kind only.
    expect(emulator.sessions()).toMatchObject([
      { id: upload, status: 'normal' },
      { id: last, status: 'normal' },
    ]);
  });

  it('have their rows on disk when a flush is answered', async () => {
    await emulator.stop();
    const dataDir = mkdtempSync(join(tmpdir(), 'stream-'));
    emulator = await start({ dataDir, tables: ['CREATE TABLE t (id BIGINT, name STRING)'] });
    await flush('t', await newStream('t'), encode([[1, 'a']]));
    await emulator.stop();
    emulator = await start({ dataDir });
    expect(await rowsOf('t')).toEqual(['1,"a"']);
    rmSync(dataDir, { recursive: true });
  });
});
