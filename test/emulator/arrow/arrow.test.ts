import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArrowReader } from '../../../src/emulator/arrow/arrow-reader.ts';
import { arrowFrames, arrowStream, type FrameOptions } from '../../../src/emulator/arrow/arrow-writer.ts';
import { createFrameReader } from '../../../src/emulator/arrow/frame-reader.ts';
import { framed } from '../../../src/emulator/arrow/frame-writer.ts';
import { type ColumnType, parseType } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { anyRows } from '../record/cell-arbitraries.ts';

interface FrameVector {
  name: string;
  chunkSize: number;
  payloadHex?: string;
  recordBatchMessageHex?: string;
  framedHex?: string;
  payloadLength?: number;
  framedLength?: number;
  framedCrc32c?: number;
}

const vectors: FrameVector[] = JSON.parse(
  readFileSync(new URL('../../vectors/arrow_frames.json', import.meta.url), 'utf8'),
).vectors;
const columnsOf = (types: readonly ColumnType[]) => types.map((type, index) => ({ name: `c${index}`, type }));

async function* each<T>(...items: T[]): AsyncIterable<T> {
  yield* items;
}

async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const list: Buffer[] = [];
  for await (const piece of pieces) list.push(piece);
  return Buffer.concat(list);
}

function unframe(stream: Buffer, size = stream.length): Buffer {
  const parts: Buffer[] = [];
  const reader = createFrameReader((bytes) => parts.push(Buffer.from(bytes)));
  for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
  reader.end();
  return Buffer.concat(parts);
}

function read(types: readonly ColumnType[], stream: Buffer, size = Math.max(1, stream.length)): Cell[][] {
  const rows: Cell[][] = [];
  const reader = createArrowReader(columnsOf(types), (row) => rows.push([...row]));
  for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
  expect(reader.end()).toBe(rows.length);
  return rows;
}

const NANOSECONDS: FrameOptions = { timestamp: 'nanoseconds' };
const write = (types: readonly ColumnType[], rows: readonly Cell[][], options = NANOSECONDS) =>
  all(arrowFrames(columnsOf(types), each(rows.slice(0, 2), rows.slice(2)), options));

const payloadOf = ({ payloadHex, recordBatchMessageHex, payloadLength }: FrameVector): Buffer => {
  const hex = payloadHex ?? recordBatchMessageHex;
  if (hex) return Buffer.from(hex, 'hex');
  return Buffer.from(Array.from({ length: payloadLength! }, (_, index) => (index * 31 + 7) & 255));
};

describe('Arrow frames', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    'are as those of %s',
    async (_, vector) => {
      const payload = payloadOf(vector);
      const stream = vector.framedHex
        ? Buffer.from(vector.framedHex, 'hex')
        : await all(framed(each(payload.subarray(0, 70_000), payload.subarray(70_000))));
      if (vector.framedLength) expect(stream.length).toBe(vector.framedLength);
      for (const size of [1, 7, stream.length]) expect(unframe(stream, size).equals(payload)).toBe(true);
      if (vector.chunkSize === 65536) expect((await all(framed(each(payload)))).equals(stream)).toBe(true);
    },
  );

  it('of full chunks alone end in two checksums, however they are cut', async () => {
    const payload = Buffer.alloc(131072, 'abc');
    const stream = await all(framed(each(payload.subarray(0, 65536), payload.subarray(65536))));
    expect(stream.length).toBe(4 + 131072 + 3 * 4);
    for (const size of [1000, 65540, stream.length]) expect(unframe(stream, size).equals(payload)).toBe(true);
  });

  it('that are cut off or damaged are refused', () => {
    const vector = vectors.find(({ name }) => name === 'not_multiple')!;
    const stream = Buffer.from(vector.framedHex!, 'hex');
    for (let length = 1; length < stream.length; length += 1)
      expect(() => unframe(stream.subarray(0, length))).toThrow(/cut off|checksum/);
    for (let at = 0; at < stream.length; at += 1) {
      const damaged = Buffer.from(stream);
      damaged[at]! ^= 4;
      expect(() => unframe(damaged)).toThrow(/cut off|checksum/);
    }
    expect(() => unframe(Buffer.alloc(8))).toThrow(/chunk size of 0/);
  });

  it('of nothing are a size and the checksum of nothing, and no bytes are nothing', async () => {
    expect((await all(framed(each<Buffer>()))).toString('hex')).toBe('0001000000000000');
    expect(read([{ name: 'BIGINT' }], Buffer.of())).toEqual([]);
    expect(read([{ name: 'BIGINT' }], Buffer.from('0001000000000000', 'hex'))).toEqual([]);
  });
});

/** Bytes of pyarrow, and an IPC stream of this writer that pyarrow read right. */
const foreign: {
  types: string[];
  rows: unknown[][];
  vectors: { name: string; base64: string }[];
  preview: { base64: string };
} = JSON.parse(readFileSync(new URL('./foreign.json', import.meta.url), 'utf8'));

/** The notation of that file: {n} a 64-bit number, {x} bytes, {f} a float that JSON lacks. */
function cellOf(value: unknown): Cell {
  if (Array.isArray(value)) return value.map(cellOf);
  if (value === null || typeof value !== 'object') return value as Cell;
  const { n, x, f } = value as { n?: string; x?: string; f?: string };
  if (n !== undefined) return BigInt(n);
  return x !== undefined ? new Uint8Array(Buffer.from(x, 'hex')) : Number(f);
}

describe('Arrow batches', () => {
  it.each(foreign.vectors)('of PyODPS are read, with $name', ({ base64 }) => {
    const stream = Buffer.from(base64, 'base64');
    const types = foreign.types.map(parseType);
    const rows = foreign.rows.map((row) => row.map(cellOf));
    for (const size of [stream.length, 1, 1004]) expect(read(types, stream, size)).toEqual(rows);
  });

  it('of a preview stay as they were when pyarrow read them', async () => {
    const types = [...foreign.types, 'string'].map(parseType);
    const rows = foreign.rows.slice(0, 3).map((row) => [...row.map(cellOf), '20260101']);
    const stream = await all(arrowStream(columnsOf(types), each(rows.slice(0, 2), [], rows.slice(2))));
    expect(stream.toString('base64')).toBe(foreign.preview.base64);
  });

  it('that hold something else are refused with what it is', async () => {
    const framedMessage = (message: Buffer) => all(framed(each(message)));
    const vector = vectors.find(({ name }) => name === 'one_record_batch') as FrameVector & {
      schemaMessageDropped: string;
      eosDropped: string;
    };
    const types = [parseType('bigint'), parseType('string')];
    const attempt = async (hex: string, columns = types) =>
      read(columns, await framedMessage(Buffer.from(hex, 'hex')));
    const batch = vector.recordBatchMessageHex!;
    await expect(attempt(vector.schemaMessageDropped + batch)).rejects.toThrow(/not a Schema/);
    await expect(attempt(batch + vector.eosDropped)).rejects.toThrow(/end-of-stream marker/);
    await expect(attempt('6f64707300000000')).rejects.toThrow(/no encapsulated message/);
    await expect(attempt(batch.slice(0, -16))).rejects.toThrow(/an Arrow message is cut off/);
    await expect(attempt(batch, [types[0]!])).rejects.toThrow(
      'a RecordBatch has 2 arrays with 5 buffers, the 1 columns of the session have 1 with 2',
    );
    await expect(attempt(batch, [parseType('bigint'), parseType('binary')])).resolves.toHaveLength(3);
    await expect(attempt(batch, [parseType('decimal(20,2)'), parseType('string')])).rejects.toThrow(
      /column c0/,
    );
  });

  it('that are damaged under right checksums give rows or a refusal, never another error', async () => {
    const types = foreign.types.map(parseType);
    const whole = unframe(Buffer.from(foreign.vectors[0]!.base64, 'base64'));
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      value: fc.constantFrom(0, 1, 2, 127, 128, 254, 255),
      width: fc.integer({ min: 1, max: 8 }),
    });
    // Most damage should meet the metadata of the first message, which says where everything is.
    const near = change.map((one) => ({ ...one, at: one.at % 1800 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(near, near, change), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const damaged = Buffer.from(whole);
          for (const { at, value, width } of changes)
            damaged.fill(value, at, Math.min(at + width, damaged.length));
          const stream = await all(framed(each(damaged)));
          try {
            read(types, stream);
          } catch (error) {
            expect(error).toMatchObject({ status: 400, code: 'MalformedDataStream' });
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('of another writer are read', () => {
    const { framedHex } = vectors.find(({ name }) => name === 'one_record_batch')!;
    const types = [parseType('bigint'), parseType('string')];
    expect(read(types, Buffer.from(framedHex!, 'hex'))).toEqual([
      [1n, 'a'],
      [null, 'hello'],
      [3n, null],
    ]);
  });

  it('are read as they were written, of any type and in every form of times', async () => {
    const forms: FrameOptions[] = [
      { timestamp: 'nanoseconds' },
      { timestamp: 'nanoseconds', interval: 'day-time' },
    ];
    await fc.assert(
      fc.asyncProperty(
        anyRows,
        fc.constantFrom(...forms),
        fc.integer({ min: 1, max: 500 }),
        async ({ types, rows }, form, size) => {
          const inside = rows.map((row) => row.map((cell, index) => within(types[index]!, cell, form)));
          expect(read(types, await write(types, inside, form), size)).toEqual(inside);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('hold times of any year as structs', async () => {
    const types = ['timestamp', 'timestamp_ntz', 'interval_day_time', 'bigint'].map(parseType);
    const early = -62_135_596_800_000_000_000n;
    const rows = [
      [early, 253_402_300_799_999_999_999n, -1n, 1n],
      [null, -500_000_000n, null, null],
    ];
    expect(read(types, await write(types, rows, { timestamp: 'struct' }))).toEqual(rows);
  });

  it('refuse a time that they cannot hold, and name its column', async () => {
    const types = [parseType('struct<t:timestamp>')];
    const late = [[[2n ** 63n]]];
    await expect(write(types, late)).rejects.toMatchObject({ status: 400, code: 'InvalidArgument' });
    await expect(write(types, late)).rejects.toThrow(
      /Column c0\.t has timestamp outside the years 1677 to 2262/,
    );
    const options: FrameOptions = { timestamp: 'struct', interval: 'day-time' };
    await expect(write([parseType('interval_day_time')], [[1n]], options)).rejects.toThrow(/millisecond/);
  });
});

/** Times that the form can hold. */
function within(type: ColumnType, cell: Cell, form: FrameOptions): Cell {
  if (cell === null) return null;
  const inside = (inner: ColumnType, value: Cell) => within(inner, value, form);
  switch (type.name) {
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return (cell as bigint) % 2n ** 62n;
    case 'INTERVAL_DAY_TIME':
      return form.interval === 'day-time' ? ((cell as bigint) / 1_000_000n) * 1_000_000n : cell;
    case 'ARRAY':
      return (cell as Cell[]).map((item) => inside(type.element, item));
    case 'MAP':
      return (cell as [Cell, Cell][])
        .map(([key, value]): Cell => [inside(type.key, key), inside(type.value, value)])
        .filter((entry, index, all) => all.findIndex((other) => same(other, entry)) === index);
    case 'STRUCT':
      return type.fields.map((field, index) => inside(field.type, (cell as Cell[])[index]!));
    default:
      return cell;
  }
}

const same = (a: Cell, b: Cell): boolean => String((a as Cell[])[0]) === String((b as Cell[])[0]);
