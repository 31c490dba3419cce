import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import { parseType } from '../../src/emulator/model/types.ts';
import { readRows } from '../../src/emulator/record/cells.ts';
import { footerBytes } from '../../src/encode/block.ts';
import { RecordWriter } from '../../src/encode/record-writer.ts';
import { createRowMapper } from '../../src/mapping/row.ts';
import { encode, framed, protobufSchema } from '../decode/protobuf/samples.ts';
import { chunkOf, planOf, recorder, type SchemaText } from './support.ts';

const ID = 7;
const TOPIC_PARTITIONS = [{ topic: 't', partition: 0 }];

/** What protobufjs encodes, and what the emulator's own reader must find in the column. */
type Pair = readonly [value: unknown, stored: unknown];

interface Column {
  readonly type: string;
  readonly field: string;
  readonly pairs: fc.Arbitrary<Pair>;
  readonly absent: unknown;
}

const halves = (value: bigint) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
});
const whole = (bits: number) =>
  fc.integer({ min: -(2 ** bits) + 1, max: 2 ** bits - 1 }).map((n): Pair => [n, n]);
const big = (min: bigint) => fc.bigInt({ min, max: 2n ** 63n - 1n }).map((n): Pair => [halves(n), n]);
const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const iso = (day: number) => new Date(day * 86_400_000);

function twosComplement(value: bigint): Buffer {
  const hex = BigInt.asUintN(136, value).toString(16).padStart(34, '0');
  return Buffer.from(hex, 'hex');
}

const COLUMNS: Record<string, Column> = {
  a_tinyint: { type: 'TINYINT', field: 'sint32', pairs: whole(7), absent: 0 },
  a_smallint: { type: 'SMALLINT', field: 'int32', pairs: whole(15), absent: 0 },
  an_int: { type: 'INT', field: 'sfixed32', pairs: whole(31), absent: 0 },
  a_bigint: { type: 'BIGINT', field: 'int64', pairs: big(-(2n ** 63n) + 1n), absent: 0n },
  an_id: { type: 'BIGINT', field: 'uint64', pairs: big(0n), absent: 0n },
  a_maybe: {
    type: 'BIGINT',
    field: 'google.protobuf.Int64Value',
    pairs: big(-5n).map(([v, s]): Pair => [{ value: v }, s]),
    absent: null,
  },
  a_float: {
    type: 'FLOAT',
    field: 'float',
    pairs: fc.float({ noNaN: true }).map((n): Pair => [n, n]),
    absent: 0,
  },
  a_double: {
    type: 'DOUBLE',
    field: 'double',
    pairs: fc.double({ noNaN: true }).map((n): Pair => [n, n]),
    absent: 0,
  },
  a_boolean: { type: 'BOOLEAN', field: 'bool', pairs: fc.boolean().map((b): Pair => [b, b]), absent: false },
  a_string: { type: 'STRING', field: 'string', pairs: text.map((s): Pair => [s, s]), absent: '' },
  an_enum: {
    type: 'STRING',
    field: 'Kind',
    pairs: fc.constantFrom<Pair>([0, 'NONE'], [2, 'TWO'], [9, '9']),
    absent: 'NONE',
  },
  a_binary: {
    ...{ type: 'BINARY', field: 'bytes', absent: new Uint8Array(0) },
    pairs: fc.uint8Array({ maxLength: 30 }).map((b): Pair => [b, b]),
  },
  a_decimal: {
    ...{ type: 'DECIMAL(38,18)', field: 'confluent.type.Decimal', absent: null },
    pairs: fc
      .tuple(fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n }), fc.integer({ min: 1, max: 9 }))
      .map(([n, f]): Pair => {
        const unscaled = n * 10n ** 18n + (n < 0n ? -BigInt(f) : BigInt(f));
        return [{ value: twosComplement(unscaled), precision: 38, scale: 18 }, `${n}.00000000000000000${f}`];
      }),
  },
  a_date: {
    ...{ type: 'DATE', field: 'google.type.Date', absent: null },
    pairs: fc.integer({ min: -719_162, max: 2_932_896 }).map((day): Pair => {
      const at = iso(day);
      return [{ year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() }, day];
    }),
  },
  a_timestamp: {
    ...{ type: 'TIMESTAMP', field: 'google.protobuf.Timestamp', absent: null },
    pairs: fc
      .tuple(seconds, fc.integer({ min: 0, max: 999_999_999 }))
      .map(
        ([s, n]): Pair => [{ seconds: halves(BigInt(s)), nanos: n }, BigInt(s) * 1_000_000_000n + BigInt(n)],
      ),
  },
};

/** protobufjs has neither Google's common types nor Confluent's: the same fields under other names. */
const LOCAL: Record<string, string> = {
  'google.type.Date': 'Date',
  'confluent.type.Decimal': 'Decimal',
};
const schemaOf = (typeOf: (field: string) => string, more: string): string =>
  `syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; ${more}
  message Row { ${Object.entries(COLUMNS)
    .map(([name, { field }], i) => `${typeOf(field)} ${name} = ${i + 1};`)
    .join(' ')} }
  enum Kind { NONE = 0; TWO = 2; }`;
const WRITTEN = schemaOf(
  (field) => LOCAL[field] ?? field,
  `message Date { int32 year = 1; int32 month = 2; int32 day = 3; }
   message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`,
);
const READ = schemaOf(
  (field) => field,
  'import "google/type/date.proto"; import "confluent/type/decimal.proto";',
);

describe('every type of a field', () => {
  it('arrives as the value that was sent: Protobuf, mapper, record writer, the emulator’s own reader', () => {
    const names = Object.keys(COLUMNS);
    const types: SchemaText = Object.fromEntries(names.map((name) => [name, COLUMNS[name]!.type]));
    const plan = planOf({ columns: types, value: 'protobuf' });
    const decoder = createDecoder(plan.decoders.value!);
    decoder.schemas!.add(ID, protobufSchema(READ));
    const mapper = createRowMapper(plan, { value: decoder, key: null });
    const emulatorTypes = names.map((name) => parseType(COLUMNS[name]!.type));
    const row = fc.tuple(
      ...names.map((name) =>
        fc.option(COLUMNS[name]!.pairs, { nil: [undefined, COLUMNS[name]!.absent] as Pair }),
      ),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        const writer = new RecordWriter();
        const values = rows.map((pairs) => {
          const given = names.map((name, i) => [name, pairs[i]![0]] as const);
          const value = Object.fromEntries(given.filter(([, one]) => one !== undefined));
          return { value: framed(ID, encode(WRITTEN, 'shop.Row', value)) };
        });
        mapper.beginChunk(chunkOf(values), TOPIC_PARTITIONS, 0);
        for (const i of rows.keys()) {
          writer.begin();
          expect(mapper.open(i) ?? mapper.write(writer)).toBeNull();
          writer.end();
        }
        const stream = Buffer.concat([writer.view(), footerBytes(rows.length, writer.crcOfCrcs)]);
        expect(readRows(emulatorTypes, stream)).toEqual(
          rows.map((pairs) => pairs.map(([, stored]) => stored)),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('is out of range for BIGINT above 2^63, and a number for DECIMAL and STRING', () => {
    const columns = { a: 'DECIMAL(38,0)', b: 'STRING', c: 'BIGINT' };
    const plan = (of: SchemaText) =>
      planOf({
        columns: of,
        value: 'protobuf',
        table: { columns: Object.fromEntries(Object.keys(of).map((name) => [name, { from: 'u' }])) },
      });
    const value = framed(ID, Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1));
    const written = (of: SchemaText) => {
      const compiled = plan(of);
      const decoder = createDecoder(compiled.decoders.value!);
      decoder.schemas!.add(ID, protobufSchema('syntax = "proto3"; message M { uint64 u = 1; }'));
      const mapper = createRowMapper(compiled, { value: decoder, key: null });
      mapper.beginChunk(chunkOf([{ value }]), TOPIC_PARTITIONS, 0);
      const out = recorder();
      return mapper.open(0) ?? mapper.write(out) ?? [...out.row.values()];
    };
    expect(written({ a: columns.a, b: columns.b })).toEqual(['18446744073709551615', '18446744073709551615']);
    expect(written({ c: columns.c })).toMatchObject({ code: 'out_of_range', column: 'c' });
  });

  it('is the whole message for __value__ in a column that is not BINARY', () => {
    const sources = (type: string) =>
      planOf({ columns: { a: type }, value: 'protobuf', table: { columns: { a: { from: '__value__' } } } })
        .slots;
    expect(sources('JSON')).toEqual([{ from: 'value', index: 0 }]);
    expect(sources('BINARY')).toEqual([{ from: 'metadata', name: 'value' }]);
  });
});
