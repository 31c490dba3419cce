import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { footerBytes } from '../../src/encode/block.ts';
import { RecordWriter } from '../../src/encode/record-writer.ts';
import { parseColumnType } from '../../src/mapping/parse-type.ts';
import { type ColumnType, isNested, SCALARS, type ScalarName } from '../../src/mapping/types.ts';
import { anyRow, readStream, writeField, writeRow } from './stream.ts';

interface Vector {
  readonly name: string;
  readonly schema: readonly { readonly type: string }[];
  readonly rows: readonly (readonly VectorValue[])[];
  readonly records: readonly { readonly crc32c: number }[];
  readonly checksumOfChecksums: number;
  readonly hex: string;
}
type VectorValue =
  | null
  | boolean
  | number
  | string
  | { hex: string }
  | { seconds: string; nanos: number }
  | { months: number }
  | readonly VectorValue[];

const { vectors } = JSON.parse(readFileSync(new URL('../vectors/records.json', import.meta.url), 'utf8')) as {
  vectors: readonly Vector[];
};

/** The stream so far with its footer. */
function stream(writer: RecordWriter): string {
  const footer = footerBytes(writer.rows, writer.crcOfCrcs);
  return Buffer.concat([writer.view(), footer]).toString('hex');
}

describe('record format', () => {
  it('has vectors for every type', () => {
    const text = vectors.flatMap(({ schema }) => schema.map(({ type }) => type)).join();
    for (const name of [...SCALARS, 'ARRAY', 'MAP', 'STRUCT'])
      expect(text).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it.each(vectors)('is the bytes of the official clients: $name', (vector) => {
    const writer = new RecordWriter();
    for (const row of vector.rows) {
      writer.begin();
      for (const [index, value] of row.entries()) {
        if (value !== null)
          writeValue(writer, index + 1, parseColumnType(vector.schema[index]!.type)!, value);
      }
      writer.end();
    }
    expect(stream(writer)).toBe(vector.hex);
    expect(writer.rows).toBe(vector.rows.length);
    expect(writer.crcOfCrcs).toBe(vector.checksumOfChecksums);
  });

  it('is read back as written, whatever the rows', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 8 }), (rows) => {
        const writer = new RecordWriter();
        for (const row of rows) writeRow(writer, row);
        expect(readStream(Buffer.from(stream(writer), 'hex'))).toEqual(rows);
      }),
    );
  });

  it('writes an integer and the same bigint alike', () => {
    const powers = Array.from({ length: 53 }, (_, bit) => 2 ** bit);
    const edges = [0, ...powers.flatMap((power) => [power - 1, power, power + 1]), Number.MAX_SAFE_INTEGER];
    for (const edge of edges.filter(Number.isSafeInteger).flatMap((value) => [value, -value])) {
      const [plain, big] = [new RecordWriter(), new RecordWriter()];
      plain.begin();
      plain.integer(3, edge);
      plain.end();
      big.begin();
      big.bigInteger(3, BigInt(edge));
      big.end();
      expect(stream(plain), String(edge)).toBe(stream(big));
    }
  });

  it('writes one NaN, whichever bits the number has', () => {
    const odd = new DataView(new ArrayBuffer(8));
    odd.setBigUint64(0, 0xfff8_0000_dead_beefn);
    const writer = new RecordWriter();
    writer.begin();
    writer.float(1, odd.getFloat64(0));
    writer.double(2, odd.getFloat64(0));
    expect(Buffer.from(writer.view()).toString('hex')).toBe('0d0000c07f11000000000000f87f');
  });

  it('takes the highest column numbers', () => {
    const writer = new RecordWriter();
    writeRow(writer, [{ column: 1200 * 6, kind: 'boolean', value: 1n }]);
    expect(readStream(Buffer.from(stream(writer), 'hex'))).toEqual([
      [{ column: 7200, kind: 'boolean', value: 1n }],
    ]);
  });
});

describe('the record writer', () => {
  it('keeps no trace of a row rolled back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRow, anyRow), { maxLength: 6 }), (pairs) => {
        const [clean, mixed] = [new RecordWriter(), new RecordWriter()];
        for (const [kept, dropped] of pairs) {
          mixed.begin();
          for (const field of dropped) writeField(mixed, field);
          mixed.rollback();
          writeRow(mixed, kept);
          writeRow(clean, kept);
        }
        expect(stream(mixed)).toBe(stream(clean));
        expect(mixed.rawBytes).toBe(clean.rawBytes);
      }),
    );
  });

  it('keeps no trace of a container taken back', () => {
    const [clean, mixed] = [new RecordWriter(), new RecordWriter()];
    for (const writer of [clean, mixed]) {
      writer.begin();
      writer.integer(1, 5);
      if (writer === mixed) {
        writer.open(2);
        writer.count(200_000);
        for (let i = 0; i < 200_000; i++) writer.flag(1);
        writer.integer(0, 7);
        writer.undo();
      }
      writer.double(3, 1.5);
      writer.end();
    }
    expect(stream(mixed)).toBe(stream(clean));
  });

  it('starts anew after a reset', () => {
    const [fresh, used] = [new RecordWriter(), new RecordWriter()];
    writeRow(used, [{ column: 1, kind: 'integer', value: 5n }]);
    used.begin();
    used.integer(1, 6);
    used.reset();
    for (const writer of [fresh, used]) writeRow(writer, [{ column: 3, kind: 'double', value: 2.5 }]);
    expect(stream(used)).toBe(stream(fresh));
  });

  it('grows for rows larger than its buffer and counts the bytes of the open row', () => {
    const writer = new RecordWriter();
    const value = new Uint8Array(3_000_000).map((_, index) => index * 31);
    writeRow(writer, [{ column: 4, kind: 'bytes', value: 'aa' }]);
    const before = writer.rawBytes;
    writer.begin();
    writer.bytes(4, value, 0, value.length);
    expect(writer.rowBytes).toBe(1 + 4 + value.length);
    writer.end();
    expect(writer.rawBytes).toBe(before + 1 + 4 + value.length + 4 + 5);
    expect(readStream(Buffer.from(stream(writer), 'hex'))[1]).toEqual([
      { column: 4, kind: 'bytes', value: Buffer.from(value).toString('hex') },
    ]);
  });
});

function writeValue(
  writer: RecordWriter,
  column: number,
  type: ColumnType,
  value: NonNullable<VectorValue>,
): void {
  if (!isNested(type)) {
    write[type.name](writer, column, value);
    return;
  }
  writer.open(column);
  const items = value as readonly VectorValue[];
  if (type.name === 'STRUCT')
    for (const [i, field] of type.fields.entries()) writeItem(writer, field.type, items[i]!);
  else if (type.name === 'ARRAY') writeItems(writer, type.element, items);
  else {
    const entries = items as readonly (readonly VectorValue[])[];
    writeItems(
      writer,
      type.key,
      entries.map(([key]) => key!),
    );
    writeItems(
      writer,
      type.value,
      entries.map(([, entry]) => entry!),
    );
  }
}

function writeItems(writer: RecordWriter, type: ColumnType, items: readonly VectorValue[]): void {
  writer.count(items.length);
  for (const item of items) writeItem(writer, type, item);
}

function writeItem(writer: RecordWriter, type: ColumnType, item: VectorValue): void {
  writer.flag(item === null ? 1 : 0);
  if (item !== null) writeValue(writer, 0, type, item);
}

type Write = (writer: RecordWriter, column: number, value: NonNullable<VectorValue>) => void;

const integer: Write = (writer, column, value) => writer.integer(column, Number(value));
const bytes = (writer: RecordWriter, column: number, source: Uint8Array) =>
  writer.bytes(column, source, 0, source.length);
const text: Write = (writer, column, value) => bytes(writer, column, Buffer.from(value as string));
const timestamp: Write = (writer, column, value) => {
  const { seconds, nanos } = value as { seconds: string; nanos: number };
  writer.timestamp(column, Number(seconds), nanos);
};

/** How a vector's value of each type is written. */
const write: Readonly<Record<ScalarName, Write>> = {
  BOOLEAN: (writer, column, value) => writer.boolean(column, Number(value)),
  TINYINT: integer,
  SMALLINT: integer,
  INT: integer,
  BIGINT: (writer, column, value) => writer.bigInteger(column, BigInt(value as string)),
  FLOAT: (writer, column, value) => writer.float(column, Number(value)),
  DOUBLE: (writer, column, value) => writer.double(column, Number(value)),
  DATE: (writer, column, value) => writer.integer(column, Date.parse(`${value}T00:00:00Z`) / 86_400_000),
  DATETIME: (writer, column, value) => writer.integer(column, Date.parse(value as string)),
  TIMESTAMP: timestamp,
  TIMESTAMP_NTZ: timestamp,
  INTERVAL_DAY_TIME: timestamp,
  INTERVAL_YEAR_MONTH: (writer, column, value) =>
    writer.integer(column, (value as { months: number }).months),
  BINARY: (writer, column, value) =>
    bytes(writer, column, Buffer.from((value as { hex: string }).hex, 'hex')),
  STRING: text,
  VARCHAR: text,
  CHAR: text,
  DECIMAL: text,
  JSON: text,
};
