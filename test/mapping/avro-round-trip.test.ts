import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import { parseType } from '../../src/emulator/model/types.ts';
import { readRows } from '../../src/emulator/record/cells.ts';
import { footerBytes } from '../../src/encode/block.ts';
import { RecordWriter } from '../../src/encode/record-writer.ts';
import { createRowMapper } from '../../src/mapping/row.ts';
import { avroSchema, encode } from '../decode/avro/samples.ts';
import { framed } from '../support/framed.ts';
import { chunkOf, planOf } from './support.ts';

const ID = 7;

/** A value for avsc to encode, and what the emulator's own reader must find in the column. */
type Pair = readonly [value: unknown, stored: unknown];

/** An Avro type and the column type that takes it. */
interface Shape {
  readonly schema: unknown;
  readonly type: string;
  readonly pairs: fc.Arbitrary<Pair>;
}

let names = 0;
const name = (): string => `T${names++}`;

const shape = <T>(
  schema: unknown,
  type: string,
  values: fc.Arbitrary<T>,
  stored: (value: T) => unknown,
): Shape => ({
  schema,
  type,
  pairs: values.map((value) => [value, stored(value)]),
});

const same = (value: unknown) => value;
const long = (min: bigint, max: bigint) => fc.bigInt({ min, max });
const BIGINT = long(-(2n ** 63n) + 1n, 2n ** 63n - 1n);
const int = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 30 }).map((value) => Buffer.from(value));
const annotated = (type: string, logicalType: string, more: object = {}) => ({ type, logicalType, ...more });
/** Of years 1 to 9999, as a count of units. */
const moment = (perSecond: bigint) => long(-62_135_596_800n * perSecond, 253_402_300_800n * perSecond - 1n);
/** What a long of nanoseconds reaches. */
const nanos = long(-(2n ** 63n), 2n ** 63n - 1n);

/** Two's complement in as few bytes as it needs. */
function unscaled(value: bigint): Buffer {
  let size = 1;
  while (BigInt.asIntN(8 * size, value) !== value) size += 1;
  return Buffer.from(
    BigInt.asUintN(8 * size, value)
      .toString(16)
      .padStart(2 * size, '0'),
    'hex',
  );
}

/** `scale` digits behind the point, of which the last is not zero. */
function decimal(schema: object, scale: number): Shape {
  const values = fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }).map((n) => n * 10n + (n < 0n ? -7n : 7n));
  const digits = (n: bigint): string => {
    const all = (n < 0n ? -n : n).toString().padStart(scale + 1, '0');
    return `${n < 0n ? '-' : ''}${all.slice(0, -scale)}.${all.slice(-scale)}`;
  };
  return { schema, type: 'DECIMAL(38,18)', pairs: values.map((n): Pair => [unscaled(n), digits(n)]) };
}

const connect = {
  'connect.name': 'org.apache.kafka.connect.data.Decimal',
  'connect.parameters': { scale: '4' },
};

/** ISO 8601, with the digits of a second that are not zero. */
const timeOf = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .slice(11, -1)
    .replace(/\.?0+$/, '');

const leaves = (): Shape[] => [
  shape('boolean', 'BOOLEAN', fc.boolean(), same),
  shape('int', 'INT', int, same),
  shape('int', 'BIGINT', int, BigInt),
  shape('long', 'BIGINT', BIGINT, same),
  shape('long', 'STRING', BIGINT, String),
  shape('float', 'FLOAT', fc.float({ noNaN: true }), same),
  shape('float', 'DOUBLE', fc.float({ noNaN: true }), same),
  shape('double', 'DOUBLE', fc.double({ noNaN: true }), same),
  shape('string', 'STRING', text, same),
  shape('bytes', 'BINARY', bytes, (value) => new Uint8Array(value)),
  shape(
    { type: 'enum', name: name(), symbols: ['NEW', 'PAID'] },
    'STRING',
    fc.constantFrom('NEW', 'PAID'),
    same,
  ),
  shape(annotated('string', 'uuid'), 'STRING', fc.uuid(), same),
  {
    ...{ schema: annotated('fixed', 'uuid', { name: name(), size: 16 }), type: 'STRING' },
    pairs: fc.uuid().map((uuid): Pair => [Buffer.from(uuid.replaceAll('-', ''), 'hex'), uuid]),
  },
  decimal(annotated('bytes', 'decimal', { precision: 38, scale: 2 }), 2),
  decimal({ type: 'bytes', ...connect }, 4),
  shape(annotated('int', 'date'), 'DATE', fc.integer({ min: -719_162, max: 2_932_896 }), same),
  shape(annotated('int', 'time-millis'), 'STRING', fc.nat({ max: 86_399_999 }), timeOf),
  shape(annotated('long', 'timestamp-millis'), 'DATETIME', moment(1_000n), same),
  shape(annotated('long', 'timestamp-micros'), 'TIMESTAMP', moment(1_000_000n), (v) => v * 1_000n),
  shape(annotated('long', 'timestamp-nanos'), 'TIMESTAMP', nanos, same),
  shape(annotated('long', 'local-timestamp-millis'), 'TIMESTAMP_NTZ', moment(1_000n), (v) => v * 1_000_000n),
  shape(
    { type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp' },
    'TIMESTAMP_NTZ',
    moment(1_000_000n),
    (v) => v * 1_000n,
  ),
  shape(
    { type: 'int', 'connect.name': 'io.debezium.time.Date' },
    'DATE',
    fc.integer({ min: -1, max: 1 }),
    same,
  ),
];

const leaf = fc.nat().map((n) => {
  const all = leaves();
  return all[n % all.length]!;
});

/** A union with null. */
function nullable({ schema, type, pairs }: Shape): Shape {
  const { type: plain, name: full } = schema as { type?: string; name?: string };
  const branch = typeof schema === 'string' ? schema : (full ?? plain!);
  const wrapped = pairs.map(([value, stored]): Pair => [{ [branch]: value }, stored]);
  return {
    ...{ schema: ['null', schema], type },
    pairs: fc.oneof({ weight: 3, arbitrary: wrapped }, fc.constant<Pair>([null, null])),
  };
}

const storedOf = (pairs: readonly Pair[]) => pairs.map(([, stored]) => stored);
const valuesOf = (pairs: readonly Pair[]) => pairs.map(([value]) => value);

function arrayOf({ schema, type, pairs }: Shape): Shape {
  return {
    ...{ schema: { type: 'array', items: schema }, type: `ARRAY<${type}>` },
    pairs: fc.array(pairs, { maxLength: 4 }).map((list): Pair => [valuesOf(list), storedOf(list)]),
  };
}

function mapOf({ schema, type, pairs }: Shape): Shape {
  const entries = fc.dictionary(
    text.filter((key) => key !== '__proto__'),
    pairs,
    { maxKeys: 4 },
  );
  return {
    ...{ schema: { type: 'map', values: schema }, type: `MAP<STRING,${type}>` },
    pairs: entries.map((object): Pair => {
      const list = Object.entries(object);
      return [
        Object.fromEntries(list.map(([key, [value]]) => [key, value])),
        list.map(([key, [, stored]]) => [key, stored]),
      ];
    }),
  };
}

function structOf(fields: readonly Shape[]): Shape {
  return {
    schema: {
      ...{ type: 'record', name: name() },
      fields: fields.map(({ schema }, i) => ({ name: `f${i}`, type: schema })),
    },
    type: `STRUCT<${fields.map(({ type }, i) => `f${i}:${type}`).join(',')}>`,
    pairs: fc
      .tuple(...fields.map(({ pairs }) => pairs))
      .map((list): Pair => [Object.fromEntries(list.map(([value], i) => [`f${i}`, value])), storedOf(list)]),
  };
}

const { anyShape } = fc.letrec<{ anyShape: Shape }>((tie) => ({
  anyShape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    leaf.map(nullable),
    tie('anyShape').map(arrayOf),
    tie('anyShape').map(mapOf),
    fc.array(tie('anyShape'), { minLength: 1, maxLength: 3 }).map(structOf),
    fc.array(tie('anyShape'), { minLength: 1, maxLength: 3 }).map((fields) => nullable(structOf(fields))),
  ),
}));

/** The rows that the emulator reads, after decoder, mapper and record writer. */
function rowsOf(columns: readonly Shape[], records: readonly (readonly Pair[])[]): unknown[][] {
  const types = Object.fromEntries(columns.map(({ type }, i) => [`c${i}`, type]));
  const plan = planOf({ columns: types, value: 'avro' });
  const decoder = createDecoder(plan.decoders.value!);
  const fields = columns.map(({ schema }, i) => ({ name: `c${i}`, type: schema }));
  const unmapped = ['before', 'behind'].map((field) => ({
    name: field,
    type: { type: 'array', items: 'string' },
  }));
  const schema = { type: 'record', name: 'Row', fields: [unmapped[0], ...fields, unmapped[1]] };
  decoder.schemas!.add(ID, avroSchema(JSON.stringify(schema)));
  const values = records.map((pairs) => {
    const row = Object.fromEntries(pairs.map(([value], i) => [`c${i}`, value]));
    return framed(ID, encode(schema, { before: ['x', 'yz'], ...row, behind: [] }));
  });
  const mapper = createRowMapper(plan, { value: decoder, key: null });
  mapper.beginChunk(chunkOf(values.map((value) => ({ value }))), [{ topic: 't', partition: 0 }], 0);
  const writer = new RecordWriter();
  for (const record of values.keys()) {
    writer.begin();
    expect(mapper.open(record) ?? mapper.write(writer)).toBeNull();
    writer.end();
  }
  const stream = Buffer.concat([writer.view(), footerBytes(values.length, writer.crcOfCrcs)]);
  return readRows(
    columns.map(({ type }) => parseType(type)),
    stream,
  );
}

const rows = (columns: readonly Shape[]) =>
  fc.array(fc.tuple(...columns.map(({ pairs }) => pairs)), { minLength: 1, maxLength: 4 });

describe('Avro values arrive as they were written: decoder, mapper, record writer, the emulator’s own reader', () => {
  it('of every plain type, also when they may be null', () => {
    const columns = leaves().flatMap((one) => [one, nullable(one)]);
    // A named type has one name in a schema: the nullable ones stand in schemas of their own.
    const even = columns.filter((_, i) => i % 2 === 0);
    const odd = columns.filter((_, i) => i % 2 === 1);
    for (const some of [even, odd]) {
      fc.assert(
        fc.property(rows(some), (records) => {
          expect(rowsOf(some, records)).toEqual(records.map(storedOf));
        }),
        { numRuns: 60 },
      );
    }
  });

  it('of random schemas, nested in any way', () => {
    const cases = fc
      .array(anyShape, { minLength: 1, maxLength: 3 })
      .chain((columns) => fc.tuple(fc.constant(columns), rows(columns)));
    fc.assert(
      fc.property(cases, ([columns, records]) => {
        expect(rowsOf(columns, records)).toEqual(records.map(storedOf));
      }),
      { numRuns: 250 },
    );
  });
});
