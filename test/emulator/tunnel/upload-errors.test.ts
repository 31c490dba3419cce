import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import {
  call,
  clientClock,
  commitUpload,
  createUpload,
  encode,
  putBlock,
  sql,
  start,
  type Target,
  upload,
  uploadStatus,
} from '../harness.ts';

const plain: Target = { table: 't' };
const parted: Target = { table: 'p', tablePartition: 'dt=1' };
const EMPTY = encode([]);

let emulator: Emulator;
let time: number;
beforeEach(async () => {
  time = Date.now();
  clientClock.now = () => time;
  const tables = [
    'CREATE TABLE t (id BIGINT, name STRING)',
    'CREATE TABLE p (id BIGINT, name STRING) PARTITIONED BY (dt BIGINT)',
    'ALTER TABLE p ADD PARTITION (dt=1)',
    'CREATE VIEW v AS SELECT * FROM t',
    "CREATE EXTERNAL TABLE x (id BIGINT) STORED AS TEXTFILE LOCATION 'oss://b/x'",
  ];
  emulator = await start({ now: () => time, tables });
});
afterEach(() => emulator.stop());

const newUpload = async (target: Target, query: Record<string, string> = {}) =>
  String((await createUpload(emulator, target, query)).json.UploadID);
const said = ({ status, json }: { status: number; json: Record<string, unknown> }) => [status, json.Code];
const count = async (table: string) => emulator.stats().tables[table]?.rows;

describe('an upload session is refused', () => {
  it('on views and external tables', async () => {
    for (const table of ['v', 'x']) {
      expect(said(await createUpload(emulator, { table }))).toEqual([400, 'MethodNotAllowed']);
    }
  });

  it('for table partitions that are missing, incomplete, unknown, forbidden or of another type', async () => {
    expect(said(await createUpload(emulator, { table: 'p' }))).toEqual([400, 'MissingPartitionSpec']);
    for (const tablePartition of ['xx=1', 'dt=1,hr=2', 'dt', 'dt=', 'dt=one', 'dt=1,dt=1']) {
      const answer = await createUpload(
        emulator,
        { table: 'p', tablePartition },
        { create_partition: 'true' },
      );
      expect([tablePartition, ...said(answer)]).toEqual([tablePartition, 400, 'InvalidPartitionSpec']);
    }
    const forbidden = await createUpload(emulator, { table: 't', tablePartition: 'dt=1' });
    expect(said(forbidden)).toEqual([400, 'InvalidPartitionSpec']);
    const missing = await createUpload(emulator, { table: 'p', tablePartition: 'dt=2' });
    expect(said(missing)).toEqual([404, 'NoSuchPartition']);
    await sql(emulator, 'CREATE TABLE s (id BIGINT) PARTITIONED BY (dt STRING);');
    for (const value of ['x'.repeat(256), 'a\tb']) {
      const target = { table: 's', tablePartition: `dt=${value}` };
      const answer = await createUpload(emulator, target, { create_partition: 'true' });
      expect(said(answer)).toEqual([400, 'InvalidPartitionSpec']);
    }
    // 01 and 1 are one value of a BIGINT.
    expect((await createUpload(emulator, { table: 'p', tablePartition: 'dt=01' })).status).toBe(200);
  });

  it('with calls that do not exist', async () => {
    const at = '/projects/demo/tables/t';
    const id = await newUpload(plain);
    const wrong = await call(emulator.url, at, { method: 'DELETE', query: { uploadid: id } });
    expect(said(wrong)).toEqual([405, 'MethodNotAllowed']);
    const put = await call(emulator.url, at, { method: 'PUT', query: { uploads: '' } });
    expect(said(put)).toEqual([405, 'MethodNotAllowed']);
    const other = await call(emulator.url, '/projects/other/tables/t', {
      method: 'POST',
      query: { uploads: '' },
    });
    expect(said(other)).toEqual([404, 'NoSuchProject']);
  });
});

describe('an upload session', () => {
  it('repeats the quota that it was asked for, and leaves out its blocks on request', async () => {
    const id = await newUpload(plain, { quotaName: 'mine' });
    await putBlock(emulator, plain, id, 3, encode([[1, 'a']]));
    const status = async (query: Record<string, string>) =>
      (await call(emulator.url, '/projects/demo/tables/t', { query: { uploadid: id, ...query } })).json;
    const shown = await status({ reload: 'True' });
    expect(shown).toMatchObject({ QuotaName: 'mine', MaxFieldSize: 8388608, Status: 'normal' });
    expect(shown.UploadedBlockList).toMatchObject([{ BlockID: 3, RecordCount: 1 }]);
    expect((await status({ getblockid: 'false' })).UploadedBlockList).toEqual([]);
  });

  it('of an overwrite without blocks empties its table partition, and nothing before the commit', async () => {
    await upload(emulator, parted, encode([[1, 'old']]));
    const id = await newUpload(parted, { overwrite: 'true' });
    expect((await uploadStatus(emulator, parted, id)).json.IsOverwrite).toBe(true);
    expect(await count('p')).toBe(1);
    expect((await commitUpload(emulator, parted, id)).json.Status).toBe('closed');
    expect(await count('p')).toBe(0);
  });

  it('ends when its table partition or its table is dropped, or its columns change', async () => {
    const [dropped, lost, changed] = [
      await newUpload(parted),
      await newUpload(plain),
      await newUpload(parted),
    ];
    for (const [target, id] of [
      [parted, dropped],
      [plain, lost],
      [parted, changed],
    ] as const)
      await putBlock(emulator, target, id, 0, encode([[1, 'a']]));
    await sql(emulator, 'ALTER TABLE p DROP PARTITION (dt=1);');
    expect(said(await commitUpload(emulator, parted, dropped))).toEqual([404, 'NoSuchPartition']);
    await sql(emulator, 'DROP TABLE t;');
    expect(said(await commitUpload(emulator, plain, lost))).toEqual([404, 'NoSuchTable']);
    await sql(emulator, 'CREATE TABLE t (id BIGINT, name STRING);');
    expect(said(await commitUpload(emulator, plain, lost))).toEqual([400, 'InvalidResourceSpec']);
    await sql(emulator, 'ALTER TABLE p ADD COLUMNS (more STRING);');
    const modified = await putBlock(emulator, parted, changed, 1, EMPTY);
    expect(said(modified)).toEqual([412, 'SchemaModified']);
    expect(modified.headers['odps-tunnel-latest-schema-version']).toBeDefined();
    expect([await count('t'), await count('p')]).toEqual([0, 0]);
  });

  it('refuses a value beyond MaxFieldSize and a block_version that is no number', async () => {
    const id = await newUpload(plain);
    const large = encode([[1, 'x'.repeat(9)]]);
    // The length of the text, 9, becomes 9 MiB and something.
    const body = Buffer.concat([large.subarray(0, 3), Buffer.from('ffffff04', 'hex'), large.subarray(4)]);
    expect(said(await putBlock(emulator, plain, id, 0, body))).toEqual([400, 'MalformedDataStream']);
    const version = await putBlock(emulator, plain, id, 0, EMPTY, {}, { block_version: 'new' });
    expect(said(version)).toEqual([400, 'InvalidArgument']);
    expect((await uploadStatus(emulator, plain, id)).json.UploadedBlockList).toEqual([]);
  });

  it('is committed once by many who commit at once', async () => {
    const id = await newUpload(plain);
    await putBlock(emulator, plain, id, 0, encode([[1, 'a']]));
    const answers = await Promise.all([1, 2, 3, 4].map(() => commitUpload(emulator, plain, id)));
    expect(answers.map(({ status, json }) => [status, json.Status])).toEqual(Array(4).fill([200, 'closed']));
    expect(await count('t')).toBe(1);
  });
});

describe('a commit and a statement at once', () => {
  const statements = {
    'ALTER TABLE p DROP PARTITION (dt=1);': [200, 404],
    'ALTER TABLE p ADD COLUMNS (more STRING);': [200, 412],
    'ALTER TABLE p DROP COLUMNS name;': [200, 412],
    'DROP TABLE p;': [200, 404],
    'TRUNCATE TABLE p;': [200],
  };

  it.each(Object.entries(statements))('%s: one comes before the other', async (statement, allowed) => {
    for (let turn = 0; turn < 6; turn += 1) {
      await sql(emulator, 'DROP TABLE IF EXISTS p;');
      await sql(emulator, 'CREATE TABLE p (id BIGINT, name STRING) PARTITIONED BY (dt BIGINT);');
      await sql(emulator, 'ALTER TABLE p ADD PARTITION (dt=1);');
      const id = await newUpload(parted);
      await putBlock(emulator, parted, id, 0, encode([[1, 'a']]));
      const pauses = Array.from({ length: turn }, () => uploadStatus(emulator, parted, id));
      const committed = commitUpload(emulator, parted, id);
      await Promise.all([sql(emulator, statement), ...pauses]);
      const { status } = await committed;
      expect(allowed).toContain(status);
      const rows = await sql(emulator, 'SELECT COUNT(*) FROM p WHERE dt >= 0;');
      const known = emulator.stats().tables.p;
      if (known) expect(rows.text).toBe(`"_c0"\n${known.rows}\n`);
      if (known && !Object.keys(known.tablePartitions).length) expect(known.rows).toBe(0);
    }
  });
});

describe('the body of a block', () => {
  it('has its connection cut when nothing comes for the idle time, and is forgotten', async () => {
    await emulator.stop();
    emulator = await start({ idleMs: 30, tables: ['CREATE TABLE t (id BIGINT)'] });
    clientClock.now = () => Date.now();
    const id = await newUpload(plain);
    const cut = call(emulator.url, '/projects/demo/tables/t', {
      ...{ method: 'PUT', query: { uploadid: id, blockid: '0' }, body: EMPTY.subarray(0, 4) },
      headers: { 'Content-Length': '10' },
      chunked: true,
    });
    await expect(cut).rejects.toThrow(/hang up|ECONNRESET/);
    expect((await uploadStatus(emulator, plain, id)).json.UploadedBlockList).toEqual([]);
  });
});

describe('a request line', () => {
  it('may name all columns of the widest table', async () => {
    const columns = Array.from({ length: 1200 }, (_none, at) => `a_column_of_a_wide_table_${at}`);
    await sql(emulator, `CREATE TABLE wide (${columns.map((name) => `${name} STRING`).join(', ')});`);
    const path = '/projects/demo/tables/wide';
    const begun = await call(emulator.tunnelEndpoint, path, { method: 'POST', query: { downloads: '' } });
    const query = { data: '', downloadid: String(begun.json.DownloadID), rowrange: '(0,0)' };
    const rows = { query: { ...query, columns: columns.join(',') } };
    expect((await call(emulator.tunnelEndpoint, path, rows)).status).toBe(200);
  });
});
