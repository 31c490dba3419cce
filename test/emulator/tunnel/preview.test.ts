import { inflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createArrowReader } from '../../../src/emulator/arrow/arrow-reader.ts';
import { framed } from '../../../src/emulator/arrow/frame-writer.ts';
import type { Core } from '../../../src/emulator/core.ts';
import { newTable } from '../../../src/emulator/model/catalog.ts';
import { parseType } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import type { Emulator } from '../../../src/emulator/server.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import { previewRows } from '../../../src/emulator/tunnel/preview.ts';
import { call, encode, start, type TestValue, upload } from '../harness.ts';
import { column, select } from '../store/support.ts';
import { createDownload, downloadData, open, refusal, resultCall, run } from './download-calls.ts';

const AT = { seconds: -1n, nanos: 5n };
const ROWS: TestValue[][] = [
  [1, 'one', AT],
  [2, null, null],
  [3, 'three', AT],
];
const TYPES = ['bigint', 'string', 'timestamp'];

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({
    tables: [
      'CREATE TABLE t (id BIGINT, name STRING, seen TIMESTAMP)',
      'CREATE TABLE p (id BIGINT) PARTITIONED BY (dt STRING, hr STRING)',
      "ALTER TABLE p ADD PARTITION (dt='a',hr='1') PARTITION (dt='a',hr='2') PARTITION (dt='b',hr='1')",
      'CREATE VIEW v AS SELECT id, name FROM t WHERE id > 1',
    ],
  });
  await upload(emulator, { table: 't' }, encode(ROWS));
  await upload(emulator, { table: 'p', tablePartition: 'dt=a,hr=1' }, encode([[1]]));
  await upload(emulator, { table: 'p', tablePartition: 'dt=a,hr=2' }, encode([[2]]));
  await upload(emulator, { table: 'p', tablePartition: 'dt=b,hr=1' }, encode([[3]]));
});
afterEach(() => emulator.stop());

const columnsOf = (types: readonly string[]) =>
  types.map((type, index) => ({ name: `c${index}`, type: parseType(type) }));

/** Rows of a framed stream of batches. */
function frameRows(types: readonly string[], frames: Buffer): Cell[][] {
  const rows: Cell[][] = [];
  const reader = createArrowReader(columnsOf(types), (row) => rows.push([...row]));
  reader.push(frames);
  reader.end();
  return rows;
}

/** Rows of an IPC stream: its batches stand between the schema and the end marker. */
async function streamRows(types: readonly string[], stream: Buffer): Promise<Cell[][]> {
  expect(stream.readUInt32LE(0)).toBe(0xffffffff);
  expect(stream.subarray(-8).toString('hex')).toBe('ffffffff00000000');
  const batches = (async function* () {
    yield stream.subarray(8 + stream.readInt32LE(4), -8);
  })();
  const frames: Buffer[] = [];
  for await (const piece of framed(batches)) frames.push(piece);
  return frameRows(types, Buffer.concat(frames));
}

const preview = (path: string, query: Record<string, string> = {}) =>
  call(emulator.tunnelEndpoint, `/projects/demo/${path}/preview`, { query });
const rowsOf = async (path: string, types: readonly string[], query: Record<string, string> = {}) =>
  streamRows(types, (await preview(path, query)).bytes);

describe('a preview', () => {
  it('is an Arrow stream of the first rows, by either path', async () => {
    const wanted = [
      [1n, 'one', -999_999_995n],
      [2n, null, null],
    ];
    for (const path of ['tables/t', 'schemas/default/tables/t', 'tables/T']) {
      const answer = await preview(path, { limit: '2' });
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/octet-stream']);
      expect(await streamRows(TYPES, answer.bytes)).toEqual(wanted);
      for (const name of ['id', 'name', 'seen']) expect(answer.body).toContain(name);
    }
  });

  it.each([{}, { limit: '-1' }, { limit: '99' }])('is of all rows for %j', async (query) => {
    expect(await rowsOf('tables/t', TYPES, query)).toHaveLength(3);
  });

  it('of no row has the schema all the same', async () => {
    const { bytes, body } = await preview('tables/t', { limit: '0' });
    expect(await streamRows(TYPES, bytes)).toEqual([]);
    expect(body).toContain('seen');
  });

  it('has the table partition columns last, of one, some or all table partitions', async () => {
    const types = ['bigint', 'string', 'string'];
    const [one, two, three] = [
      [1n, 'a', '1'],
      [2n, 'a', '2'],
      [3n, 'b', '1'],
    ];
    expect(await rowsOf('tables/p', types)).toEqual([one, two, three]);
    expect(await rowsOf('tables/p', types, { partition: 'dt=a' })).toEqual([one, two]);
    expect(await rowsOf('tables/p', types, { partition: 'dt=a,hr=2' })).toEqual([two]);
    expect(await rowsOf('tables/p', types, { partition: 'hr=1', limit: '1' })).toEqual([one]);
  });

  it('has the columns that are asked for', async () => {
    const types = ['string', 'bigint'];
    expect(await rowsOf('tables/p', types, { columns: 'hr,id', limit: '1' })).toEqual([['1', 1n]]);
  });

  it('is of a view, too', async () => {
    expect(await rowsOf('tables/v', ['bigint', 'string'], { limit: '1' })).toEqual([[2n, null]]);
  });

  it('of a view keeps no rows for columns that it has not', async () => {
    const store = await createDuckDbStore(null);
    const definition = {
      ...{ columns: [column('id', 'BIGINT')], tablePartitionColumns: [], comment: '', lifecycle: -1 },
      ...{ primaryKey: [], properties: {} },
    };
    const texts = { query: 'SELECT 1 AS id', viewText: '' };
    const view = newTable({ schema: 'default', name: 'v' }, definition, 0, 'id-v', texts);
    await store.createTable(view);
    const plan = { spec: undefined, names: 'other', limit: undefined };
    await expect(previewRows({ store, timeZone: 'UTC' } as Core, view, plan)).rejects.toThrow(
      'column "other"',
    );
    // A query may or may not meet its own result among the tables; what two of them meet was left behind.
    const results = "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'result_%'";
    const [first, second] = [(await select(store, results)).flat(), (await select(store, results)).flat()];
    expect(first.filter((name) => second.includes(name))).toEqual([]);
    await store.close();
  });

  it('is plain whatever is accepted', async () => {
    const headers = { 'Accept-Encoding': 'ZSTD' };
    const answer = await call(emulator.tunnelEndpoint, '/projects/demo/tables/t/preview', { headers });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(await streamRows(TYPES, answer.bytes)).toHaveLength(3);
  });

  it.each([
    ['tables/none', {}, 404, 'NoSuchTable'],
    ['schemas/none/tables/t', {}, 404, 'NoSuchTable'],
    ['tables/t', { limit: '-2' }, 400, 'InvalidArgument'],
    ['tables/t', { columns: 'nothing' }, 400, 'InvalidColumnSpec'],
    ['tables/t', { partition: 'dt=a' }, 400, 'InvalidPartitionSpec'],
    ['tables/p', { partition: 'dt=x,hr=1' }, 404, 'NoSuchPartition'],
    ['tables/v', { partition: 'dt=a' }, 400, 'InvalidPartitionSpec'],
  ])('of %s by %j is refused with %i %s', async (path, query, status, code) => {
    expect(refusal(await preview(path, query as Record<string, string>))).toEqual([status, code]);
  });

  it('can be made to fail', async () => {
    emulator.control('preview', { action: 'status', status: 404, code: 'NoSuchTable' }, { table: 't' });
    expect(refusal(await preview('tables/t'))).toEqual([404, 'NoSuchTable']);
    expect((await preview('tables/p')).status).toBe(200);
  });
});

describe('Arrow rows of a download', () => {
  const arrow = async (id: string, range: string, query: Record<string, string> = {}, headers = {}) =>
    (await downloadData(emulator, { table: 't' }, id, range, { arrow: '', ...query }, headers)).bytes;
  const [FIRST, SECOND] = [
    [1n, 'one', -999_999_995n],
    [2n, null, null],
  ];

  it('come in frames', async () => {
    const { id } = await open(emulator, { table: 't' });
    expect(frameRows(TYPES, await arrow(id, '(0,2)'))).toEqual([FIRST, SECOND]);
  });

  it('of an empty range are a frame around nothing, in any codec', async () => {
    const { id } = await open(emulator, { table: 't' });
    expect((await arrow(id, '(1,0)')).toString('hex')).toBe('0001000000000000');
    const deflated = await arrow(id, '(1,0)', {}, { 'Accept-Encoding': 'deflate' });
    expect(inflateSync(deflated).toString('hex')).toBe('0001000000000000');
  });

  it('have columns in the order asked for, but for PyODPS in that of the table', async () => {
    const { id } = await open(emulator, { table: 't' });
    const asked = { columns: 'name,id' };
    expect(frameRows(['string', 'bigint'], await arrow(id, '(0,1)', asked))).toEqual([['one', 1n]]);
    const agent = { 'User-Agent': 'pyodps/0.13.2' };
    expect(frameRows(['bigint', 'string'], await arrow(id, '(0,1)', asked, agent))).toEqual([[1n, 'one']]);
  });

  it('of an instance hold a TIMESTAMP as seconds and nanoseconds', async () => {
    const instance = await run(emulator, 'SELECT seen FROM t WHERE id = 1;');
    const created = await resultCall(emulator, instance, 'POST', { downloads: '' });
    const query = { data: '', arrow: '', downloadid: String(created.json.DownloadID), rowrange: '(0,1)' };
    const { bytes } = await resultCall(emulator, instance, 'GET', query);
    expect(frameRows(['timestamp'], bytes)).toEqual([[-999_999_995n]]);
    const nanoseconds = Buffer.alloc(8);
    nanoseconds.writeBigInt64LE(-999_999_995n);
    expect(bytes.includes(nanoseconds)).toBe(false);
    const { id } = await open(emulator, { table: 't' });
    expect((await arrow(id, '(0,1)')).includes(nanoseconds)).toBe(true);
  });

  it('are refused for a table that they cannot hold, before anything is sent', async () => {
    await upload(emulator, { table: 't' }, encode([[9, null, { seconds: 253_402_300_799n, nanos: 0n }]]));
    const { json } = await createDownload(emulator, { table: 't' });
    const query = { arrow: '', rowrange: '(3,1)' };
    const answer = await downloadData(emulator, { table: 't' }, String(json.DownloadID), '(3,1)', query);
    expect(refusal(answer)).toEqual([400, 'InvalidArgument']);
  });
});
