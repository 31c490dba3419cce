import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrowFrames } from '../../../src/emulator/arrow/arrow-writer.ts';
import { encoderOf } from '../../../src/emulator/compress/codecs.ts';
import { parseType } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { createRecordWriter } from '../../../src/emulator/record/record-writer.ts';
import type { Emulator } from '../../../src/emulator/server.ts';
import { commitUpload, createUpload, putBlock, sql, start, uploadStatus } from '../harness.ts';

const COLUMNS = ['id bigint', 'name string', 'at timestamp', 'tags array<string>'].map((text) => {
  const [name = '', type = ''] = text.split(' ');
  return { name, type: parseType(type) };
});
const ENCODINGS = ['deflate', 'zstd', 'x-lz4-frame', 'x-odps-lz4-frame', 'x-snappy-framed'];

let emulator: Emulator;

beforeAll(async () => {
  const columns = 'id BIGINT NOT NULL, name STRING, at TIMESTAMP, tags ARRAY<STRING>';
  emulator = await start({
    tables: ['mixed', 'strict', 'broken'].map((name) => `CREATE TABLE ${name} (${columns})`),
  });
});
afterAll(() => emulator.stop());

const rowOf = (id: number): Cell[] => [
  BigInt(id),
  `row ${id}`,
  BigInt(id) * 1_000_000_000n - 1n,
  id % 2 ? ['a', null] : null,
];

async function* once<T>(item: T): AsyncIterable<T> {
  yield item;
}

async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const list: Buffer[] = [];
  for await (const piece of pieces) list.push(piece);
  return Buffer.concat(list);
}

function records(rows: readonly Cell[][]): Buffer {
  const writer = createRecordWriter(COLUMNS.map(({ type }) => type));
  for (const row of rows) writer.add(row);
  return writer.end();
}

const arrow = (rows: readonly Cell[][], timestamp: 'nanoseconds' | 'struct' = 'nanoseconds') =>
  all(arrowFrames(COLUMNS, once(rows), { timestamp }));
const packed = (encoding: string, body: Buffer) => all(encoderOf(encoding).encode(once(body)));
const newUpload = async (table: string) => String((await createUpload(emulator, { table })).json.UploadID);

describe('blocks', () => {
  it('of records and of Arrow, in every compression, mix in one session', async () => {
    const target = { table: 'mixed' };
    const id = await newUpload('mixed');
    let block = 0;
    const put = async (body: Buffer, encoding: string | undefined, query: Record<string, string>) => {
      const headers = encoding ? { 'Content-Encoding': encoding } : {};
      const answer = await putBlock(emulator, target, id, block++, body, headers, query);
      expect([encoding, answer.status, answer.body]).toEqual([encoding, 200, '']);
    };
    for (const encoding of ENCODINGS) {
      await put(await packed(encoding, records([rowOf(block)])), encoding, {});
      await put(await packed(encoding, await arrow([rowOf(block)])), encoding, { arrow: '' });
    }
    await put(await arrow([rowOf(block)], 'struct'), undefined, { arrow: '' });
    await put(records([rowOf(block)]), 'identity', {});
    await put(Buffer.of(), undefined, { arrow: '' });
    const { json } = await uploadStatus(emulator, target, id);
    const counts = (json.UploadedBlockList as { RecordCount: number }[]).map(
      ({ RecordCount }) => RecordCount,
    );
    expect(counts).toEqual([...Array(12).fill(1), 0]);
    await commitUpload(emulator, target, id);
    const { text } = await sql(emulator, 'SELECT id, name FROM mixed ORDER BY id;');
    expect(text).toBe(
      `"id","name"\n${Array.from({ length: 12 }, (_, row) => `${row},"row ${row}"\n`).join('')}`,
    );
  });

  it('with a NULL in a NOT NULL column are refused in both formats and leave nothing behind', async () => {
    const id = await newUpload('strict');
    const rows = [rowOf(1), [null, 'x', null, null]];
    for (const [body, query] of [
      [records(rows), {}],
      [await arrow(rows), { arrow: '' }],
    ] as const) {
      const { status, json } = await putBlock(emulator, { table: 'strict' }, id, 0, body, {}, query);
      expect([status, json.Code]).toEqual([400, 'MalformedDataStream']);
      expect(json.Message).toBe('row 1: column id is NULL, which it must not be');
    }
    expect((await uploadStatus(emulator, { table: 'strict' }, id)).json.UploadedBlockList).toEqual([]);
  });

  it('that are damaged, cut off, too long or unknown are refused with 400, never with 5xx', async () => {
    const id = await newUpload('broken');
    const send = async (body: Buffer, encoding?: string, query: Record<string, string> = {}) => {
      const headers = encoding ? { 'Content-Encoding': encoding } : {};
      const { status, json } = await putBlock(emulator, { table: 'broken' }, id, 0, body, headers, query);
      expect([status, json.Code]).toEqual([400, 'MalformedDataStream']);
      return String(json.Message);
    };
    for (const encoding of ENCODINGS) {
      const body = await packed(encoding, records([rowOf(1)]));
      await send(body.subarray(0, -3), encoding);
      await send(Buffer.concat([body, Buffer.from('more')]), encoding);
      await send(Buffer.from('no such stream'), encoding);
      expect(await send(await packed(encoding, Buffer.of()), encoding)).toMatch(/without a footer/);
    }
    expect(await send(records([]), 'gzip')).toMatch(/Content-Encoding gzip is unknown/);
    expect(await send(Buffer.of())).toMatch(/without a footer/);
    expect(await send(records([rowOf(1)]), undefined, { arrow: '' })).toMatch(/Arrow/);
    expect(await send(await arrow([rowOf(1)]))).toMatch(/row 0/);
    expect((await uploadStatus(emulator, { table: 'broken' }, id)).json.UploadedBlockList).toEqual([]);
  });
});
