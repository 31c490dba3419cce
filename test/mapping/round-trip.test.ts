import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import { parseType } from '../../src/emulator/model/types.ts';
import { readRows } from '../../src/emulator/record/cells.ts';
import { footerBytes } from '../../src/encode/block.ts';
import { RecordWriter } from '../../src/encode/record-writer.ts';
import { createRowMapper } from '../../src/mapping/row.ts';
import { chunkOf, planOf, type SchemaText } from './support.ts';

/** The JSON text of a field, and what the emulator's own reader must find in the column. */
type Pair = readonly [json: string, stored: unknown];

const nullable = (pairs: fc.Arbitrary<Pair>): fc.Arbitrary<Pair> =>
  fc.oneof({ weight: 9, arbitrary: pairs }, { weight: 1, arbitrary: fc.constant<Pair>(['null', null]) });
const whole = (bits: number, stored: (n: bigint) => unknown = Number) =>
  fc
    .bigInt({ min: -(2n ** BigInt(bits)) + 1n, max: 2n ** BigInt(bits) - 1n })
    .chain((n) =>
      fc.constantFrom<Pair>([String(n), stored(n)], [`"${n}"`, stored(n)], [`${n}.0`, stored(n)]),
    );
const text = (maxLength: number) =>
  fc.string({ unit: 'grapheme', maxLength }).filter((s) => [...s].length <= maxLength);
const iso = (seconds: number, fraction: string) =>
  new Date(seconds * 1000).toISOString().replace('.000Z', `${fraction}Z`);
const jsonNumber = (n: number): Pair => [Object.is(n, -0) ? '-0' : String(n), n];
const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
const nanoTime = fc
  .tuple(seconds, fc.integer({ min: 0, max: 999_999_999 }))
  .map(
    ([s, n]): Pair => [
      `"${iso(s, `.${String(n).padStart(9, '0')}`)}"`,
      BigInt(s) * 1_000_000_000n + BigInt(n),
    ],
  );

const columns: Record<string, readonly [type: string, pairs: fc.Arbitrary<Pair>]> = {
  a_tinyint: ['TINYINT', whole(7)],
  a_smallint: ['SMALLINT', whole(15)],
  a_int: ['INT', whole(31)],
  a_bigint: ['BIGINT', whole(63, (n) => n)],
  a_float: ['FLOAT', fc.float({ noNaN: true, noDefaultInfinity: true }).map(jsonNumber)],
  a_double: ['DOUBLE', fc.double({ noNaN: true, noDefaultInfinity: true }).map(jsonNumber)],
  a_decimal: [
    'DECIMAL(38,18)',
    fc
      .tuple(fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n }), fc.integer({ min: 1, max: 9 }))
      .map(([n, f]): Pair => [`${n}.00000000000000000${f}`, `${n}.00000000000000000${f}`]),
  ],
  a_string: ['STRING', text(60).map((s): Pair => [JSON.stringify(s), s])],
  a_varchar: ['VARCHAR(20)', text(20).map((s): Pair => [JSON.stringify(s), s])],
  a_char: ['CHAR(5)', text(5).map((s): Pair => [JSON.stringify(s), s])],
  a_boolean: ['BOOLEAN', fc.boolean().map((b): Pair => [String(b), b])],
  a_date: [
    'DATE',
    fc
      .integer({ min: -719_162, max: 2_932_896 })
      .map((d): Pair => [`"${iso(d * 86_400, '').slice(0, 10)}"`, d]),
  ],
  a_datetime: [
    'DATETIME',
    fc
      .tuple(seconds, fc.integer({ min: 0, max: 999 }))
      .map(([s, ms]): Pair => [`${s * 1000 + ms}`, BigInt(s * 1000 + ms)]),
  ],
  a_timestamp: ['TIMESTAMP', nanoTime],
  a_timestamp_ntz: ['TIMESTAMP_NTZ', nanoTime],
  a_binary: ['BINARY', text(30).map((s): Pair => [JSON.stringify(s), new Uint8Array(Buffer.from(s))])],
  a_json: [
    'JSON',
    fc
      .json({ maxDepth: 3 })
      .filter((s) => s !== 'null')
      .map((s): Pair => [s, JSON.stringify(JSON.parse(s))]),
  ],
};

describe('every column type', () => {
  it('arrives as the value that was sent: JSON, mapper, record writer, the emulator’s own reader', () => {
    const names = Object.keys(columns);
    const types: SchemaText = Object.fromEntries(names.map((name) => [name, columns[name]![0]]));
    const plan = planOf({ columns: types });
    const mapper = createRowMapper(plan, { value: createDecoder(plan.decoders.value!), key: null });
    const emulatorTypes = names.map((name) => parseType(columns[name]![0]));
    const row = fc.tuple(...names.map((name) => nullable(columns[name]![1])));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        const writer = new RecordWriter();
        const values = rows.map(
          (pairs) => `{${names.map((name, i) => `"${name}":${pairs[i]![0]}`).join(',')}}`,
        );
        mapper.beginChunk(chunkOf(values.map((value) => ({ value }))), [{ topic: 't', partition: 0 }], 0);
        for (const i of rows.keys()) {
          writer.begin();
          expect(mapper.open(i) ?? mapper.write(writer)).toBeNull();
          writer.end();
        }
        const stream = Buffer.concat([writer.view(), footerBytes(rows.length, writer.crcOfCrcs)]);
        const read = readRows(emulatorTypes, stream);
        const json = names.indexOf('a_json');
        // JSON strings are re-encoded, everything else is verbatim: compare what the texts mean.
        const meaning = (cells: readonly unknown[]) =>
          cells.map((cell, i) =>
            i === json && cell !== null ? JSON.stringify(JSON.parse(cell as string)) : cell,
          );
        expect(read.map(meaning)).toEqual(rows.map((pairs) => meaning(pairs.map(([, stored]) => stored))));
      }),
      { numRuns: 300 },
    );
  });

  it('arrives inside containers too, nested in any way', () => {
    fc.assert(
      fc.property(
        anyShape.chain(({ type, pairs }) =>
          fc.tuple(fc.constant(type), fc.array(nullable(pairs), { minLength: 1, maxLength: 3 })),
        ),
        ([type, pairs]) => {
          const plan = planOf({ columns: { c: type } });
          const mapper = createRowMapper(plan, { value: createDecoder(plan.decoders.value!), key: null });
          const chunk = chunkOf(pairs.map(([json]) => ({ value: `{"c": ${json}}` })));
          const writer = new RecordWriter();
          mapper.beginChunk(chunk, [{ topic: 't', partition: 0 }], 0);
          for (const i of pairs.keys()) {
            writer.begin();
            expect(mapper.open(i) ?? mapper.write(writer)).toBeNull();
            writer.end();
          }
          const stream = Buffer.concat([writer.view(), footerBytes(pairs.length, writer.crcOfCrcs)]);
          expect(readRows([parseType(type)], stream)).toEqual(pairs.map(([, value]) => [value]));
        },
      ),
      { numRuns: 300 },
    );
  });
});

interface Shape {
  readonly type: string;
  readonly pairs: fc.Arbitrary<Pair>;
}

const jsonOf = (pairs: readonly Pair[]) => pairs.map(([json]) => json).join(' , ');
const storedOf = (pairs: readonly Pair[]) => pairs.map(([, value]) => value);

/** JSON inside is compact, not verbatim: it has tests of its own. */
const leaf = fc
  .constantFrom(...Object.values(columns).filter(([type]) => type !== 'JSON'))
  .map(([type, pairs]): Shape => ({ type, pairs }));

/** Keys as names of an object. */
const keys: readonly (readonly [type: string, keys: fc.Arbitrary<Pair>])[] = [
  ['STRING', text(8).map((s): Pair => [JSON.stringify(s), s])],
  ['BIGINT', fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }).map((n): Pair => [`"${n}"`, n])],
  [
    'DATE',
    fc
      .integer({ min: -719_162, max: 2_932_896 })
      .map((d): Pair => [`"${iso(d * 86_400, '').slice(0, 10)}"`, d]),
  ],
];

function mapOf([keyType, key]: (typeof keys)[number], { type, pairs }: Shape): Shape {
  const entries = fc.uniqueArray(fc.tuple(key, nullable(pairs)), {
    maxLength: 4,
    selector: ([[, value]]) => value,
  });
  const asObject = (list: readonly (readonly [Pair, Pair])[]) =>
    `{${list.map(([k, v]) => `${k[0]}: ${v[0]}`).join(',')}}`;
  const asPairs = (list: readonly (readonly [Pair, Pair])[]) =>
    `[${list.map((entry) => `[${jsonOf(entry)}]`).join(',')}]`;
  return {
    type: `MAP<${keyType},${type}>`,
    pairs: fc
      .tuple(entries, fc.boolean())
      .map(([list, object]): Pair => [object ? asObject(list) : asPairs(list), list.map(storedOf)]),
  };
}

function structOf(fields: readonly Shape[]): Shape {
  return {
    type: `struct<${fields.map(({ type }, i) => `f${i}:${type}`).join(', ')}>`,
    pairs: fc
      .tuple(...fields.map(({ pairs }) => nullable(pairs)))
      .map((pairs): Pair => [`{${pairs.map(([json], i) => `"F${i}": ${json}`).join(',')}}`, storedOf(pairs)]),
  };
}

const { anyShape } = fc.letrec<{ anyShape: Shape }>((tie) => ({
  anyShape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    tie('anyShape').map(({ type, pairs }): Shape => {
      const lists = fc.array(nullable(pairs), { maxLength: 4 });
      return {
        type: `ARRAY<${type}>`,
        pairs: lists.map((list): Pair => [`[${jsonOf(list)}]`, storedOf(list)]),
      };
    }),
    fc.tuple(fc.constantFrom(...keys), tie('anyShape')).map(([key, value]) => mapOf(key, value)),
    fc.array(tie('anyShape'), { minLength: 1, maxLength: 3 }).map(structOf),
  ),
}));
