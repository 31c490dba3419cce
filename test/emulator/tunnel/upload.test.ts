import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import {
  clientClock,
  commitUpload,
  createUpload,
  encode,
  putBlock,
  sql,
  start,
  upload,
  uploadStatus,
} from '../harness.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/records.json', import.meta.url), 'utf8'),
).vectors;
const plain = { table: 't' };
const parted = { table: 'p', tablePartition: 'dt=20260101,hr=07' };
const EMPTY = Buffer.from('f0ffff7f00f8ffff7f00', 'hex');

let emulator: Emulator;
let time = Date.now();

beforeEach(async () => {
  time = Date.now();
  clientClock.now = () => time;
  emulator = await start({
    now: () => time,
    tables: [
      'CREATE TABLE t (id BIGINT, name STRING)',
      'CREATE TABLE p (id BIGINT, name STRING) PARTITIONED BY (dt STRING, hr STRING)',
    ],
  });
});
afterEach(() => emulator.stop());

const rowsOf = async (table: string) =>
  (await sql(emulator, `SELECT id, name FROM ${table} ORDER BY id;`)).text;
const newUpload = async (target: { table: string; tablePartition?: string }) =>
  String((await createUpload(emulator, target, { create_partition: 'true' })).json.UploadID);

describe('upload session', () => {
  it('answers schema, status and an empty block list', async () => {
    const { status, json } = await createUpload(emulator, parted, { create_partition: 'true' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      Status: 'normal',
      MaxFieldSize: 8388608,
      UploadedBlockList: [],
      Schema: {
        columns: [
          { name: 'id', type: 'bigint', nullable: true },
          { name: 'name', type: 'string' },
        ],
        partitionKeys: [{ name: 'dt', type: 'string' }, { name: 'hr' }],
      },
    });
  });

  it('keeps an interval whose seconds and nanoseconds both have a sign, as Java may write them', async () => {
    await sql(emulator, 'CREATE TABLE i (span INTERVAL_DAY_TIME);');
    await upload(emulator, { table: 'i' }, encode([[{ seconds: -1n, nanos: -500_000_000n }]]));
    await upload(emulator, { table: 'i' }, encode([[{ seconds: -2n, nanos: 500_000_000n }]]));
    expect((await sql(emulator, 'SELECT COUNT(*), COUNT(DISTINCT span) FROM i;')).text).toContain('\n2,1\n');
  });

  it('shows rows after the commit, not before, and once however often it is committed', async () => {
    const id = await newUpload(plain);
    expect(
      (
        await putBlock(
          emulator,
          plain,
          id,
          0,
          encode([
            [1, 'a'],
            [2, null],
          ]),
        )
      ).status,
    ).toBe(200);
    expect(
      (
        await putBlock(emulator, plain, id, 19999, deflateSync(encode([[3, 'c']])), {
          'Content-Encoding': 'deflate',
        })
      ).status,
    ).toBe(200);
    expect(await rowsOf('t')).toBe('"id","name"\n');
    const { json } = await uploadStatus(emulator, plain, id);
    expect(json.UploadedBlockList).toMatchObject([
      { BlockID: 0, RecordCount: 2 },
      { BlockID: 19999, RecordCount: 1 },
    ]);
    expect((await commitUpload(emulator, plain, id)).json.Status).toBe('closed');
    expect((await commitUpload(emulator, plain, id)).json.Status).toBe('closed');
    expect((await uploadStatus(emulator, plain, id)).json).toMatchObject({
      Status: 'closed',
      UploadedBlockList: json.UploadedBlockList,
    });
    expect(await rowsOf('t')).toBe('"id","name"\n1,"a"\n2,\\N\n3,"c"\n');
  });

  it('replaces a block of the same id, keeps the highest block_version', async () => {
    const id = await newUpload(plain);
    await putBlock(emulator, plain, id, 1, encode([[1, 'first']]));
    await putBlock(emulator, plain, id, 1, encode([[1, 'second']]));
    await putBlock(emulator, plain, id, 2, encode([[2, 'new']]), {}, { block_version: '2' });
    await putBlock(emulator, plain, id, 2, encode([[2, 'straggler']]), {}, { block_version: '1' });
    await putBlock(emulator, plain, id, 3, encode([[3, 'stray']]));
    await putBlock(emulator, plain, id, 3, EMPTY);
    await commitUpload(emulator, plain, id);
    expect(await rowsOf('t')).toBe('"id","name"\n1,"second"\n2,"new"\n');
  });

  it('commits a session without blocks; overwrite replaces the rows of its table partition', async () => {
    await commitUpload(emulator, plain, await newUpload(plain));
    const other = { table: 'p', tablePartition: 'dt=20260101,hr=08' };
    for (const target of [parted, other]) await createUpload(emulator, target, { create_partition: 'true' });
    await upload(emulator, parted, encode([[1, 'old']]));
    await upload(emulator, other, encode([[2, 'kept']]));
    const id = String((await createUpload(emulator, parted, { overwrite: 'true' })).json.UploadID);
    await putBlock(emulator, parted, id, 0, encode([[3, 'new']]));
    await commitUpload(emulator, parted, id);
    expect(await rowsOf('p')).toBe('"id","name"\n2,"kept"\n3,"new"\n');
    expect(emulator.stats().tables.p).toEqual({
      rows: 2,
      tablePartitions: { 'dt=20260101,hr=07': 1, 'dt=20260101,hr=08': 1 },
    });
  });

  it('applies the table partition rules', async () => {
    const code = async (target: { table: string; tablePartition?: string }) => {
      const { status, json } = await createUpload(emulator, target);
      return [status, json.Code];
    };
    expect(await code({ table: 'p' })).toEqual([400, 'MissingPartitionSpec']);
    expect(await code({ table: 'p', tablePartition: 'dt=1' })).toEqual([400, 'InvalidPartitionSpec']);
    expect(await code({ table: 'p', tablePartition: 'dt=1,xx=2' })).toEqual([400, 'InvalidPartitionSpec']);
    expect(await code({ table: 't', tablePartition: 'dt=1' })).toEqual([400, 'InvalidPartitionSpec']);
    expect(await code(parted)).toEqual([404, 'NoSuchPartition']);
    expect(await code({ table: 'none' })).toEqual([404, 'NoSuchTable']);
    expect(await code({ table: 'p', tablePartition: "hr='07',dt='20260101'" })).toEqual([
      404,
      'NoSuchPartition',
    ]);
  });

  it('binds a session to its table and table partition', async () => {
    const id = await newUpload(parted);
    const other = { table: 'p', tablePartition: 'dt=20260101,hr=08' };
    for (const target of [other, plain, { table: 'p' }]) {
      const { status, json } = await uploadStatus(emulator, target, id);
      expect([status, json.Code]).toEqual([400, 'InvalidResourceSpec']);
    }
    expect((await putBlock(emulator, other, id, 0, EMPTY)).json.Code).toBe('InvalidResourceSpec');
    expect((await uploadStatus(emulator, plain, 'unknown')).json.Code).toBe('NoSuchUpload');
  });

  it('refuses blocks after the commit, and block ids outside 0..19999', async () => {
    const id = await newUpload(plain);
    for (const block of [-1, 20000, 'x']) {
      expect((await putBlock(emulator, plain, id, block, EMPTY)).json.Code).toBe('InvalidBlockID');
    }
    await commitUpload(emulator, plain, id);
    const { status, json } = await putBlock(emulator, plain, id, 0, EMPTY);
    expect([status, json.Code]).toEqual([400, 'StatusConflict']);
  });

  it('expires after 24 h and forgets later', async () => {
    const id = await newUpload(plain);
    await putBlock(emulator, plain, id, 0, encode([[1, 'lost']]));
    time += 24 * 3600_000;
    const status = await uploadStatus(emulator, plain, id);
    expect(status.json.Status).toBe('expired');
    expect((await commitUpload(emulator, plain, id)).json.Code).toBe('StatusConflict');
    time += 24 * 3600_000;
    await createUpload(emulator, plain);
    expect((await uploadStatus(emulator, plain, id)).json.Code).toBe('NoSuchUpload');
  });

  it('refuses damaged blocks as MalformedDataStream and keeps what was there', async () => {
    const id = await newUpload(plain);
    const good = encode([[1, 'good']]);
    await putBlock(emulator, plain, id, 0, good);
    const changed = Buffer.from(good);
    changed[4] = changed[4]! ^ 1;
    const zipped = deflateSync(good);
    const broken: [Buffer, Record<string, string>][] = [
      [changed, {}],
      [good.subarray(0, good.length - 3), {}],
      [Buffer.concat([good, Buffer.of(1)]), {}],
      [Buffer.from('f0ffff7f02f8ffff7f00', 'hex'), {}],
      [zipped.subarray(0, zipped.length - 6), { 'Content-Encoding': 'deflate' }],
      [good, { 'Content-Encoding': 'deflate' }],
      [good, { 'Content-Encoding': 'gzip' }],
      [encode([['text', 1]]), {}],
      [encode([[1, 'a', 'third column']]), {}],
    ];
    for (const [body, headers] of broken) {
      const { status, json } = await putBlock(emulator, plain, id, 0, body, headers);
      expect([status, json.Code]).toEqual([400, 'MalformedDataStream']);
    }
    await commitUpload(emulator, plain, id);
    expect(await rowsOf('t')).toBe('"id","name"\n1,"good"\n');
  });

  it('takes the official vectors of every type and keeps them', async () => {
    for (const { name, schema, rows, hex } of vectors) {
      const columns = schema.map(
        (column: { name: string; type: string }) => `\`${column.name}\` ${column.type}`,
      );
      const create = await sql(emulator, `CREATE TABLE v_${name} (${columns.join(', ')});`);
      expect([name, create.status, create.text]).toEqual([name, 'Success', '']);
      await upload(emulator, { table: `v_${name}` }, Buffer.from(hex, 'hex'));
      expect((await sql(emulator, `SELECT COUNT(*) FROM v_${name};`)).text).toBe(`"_c0"\n${rows.length}\n`);
      expect((await sql(emulator, `SELECT * FROM v_${name};`)).status).toBe('Success');
    }
  });

  it('commits nothing of a session whose table partition was dropped', async () => {
    const id = await newUpload(parted);
    await putBlock(emulator, parted, id, 0, encode([[1, 'x']]));
    await sql(emulator, "ALTER TABLE p DROP PARTITION (dt='20260101',hr='07');");
    expect((await commitUpload(emulator, parted, id)).json.Code).toBe('NoSuchPartition');
    expect(emulator.stats().tables.p).toEqual({ rows: 0, tablePartitions: {} });
  });

  it('takes DECIMAL with an exponent, as PyODPS writes numbers near zero', async () => {
    await emulator.sql('CREATE TABLE d (a DECIMAL(38,18), b DECIMAL(6,3))');
    const rows = ['1E-18', '0E-18', '-1.5e+3', '12'].map((a, at) => [
      a,
      ['1E-3', '1.5e+2', '-5E-4', '0E3'][at]!,
    ]);
    await upload(emulator, { table: 'd' }, encode(rows));
    expect((await sql(emulator, 'SELECT * FROM d ORDER BY a;')).text).toBe(
      '"a","b"\n-1500,-0.001\n0,150\n0.000000000000000001,0.001\n12,0\n',
    );
  });
});
