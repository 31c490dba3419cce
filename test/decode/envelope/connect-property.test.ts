import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import { jsonTree } from '../../../src/decode/json/tree.ts';
import { type Plain, plain, run } from '../cells.ts';

/** A schema of Kafka Connect, a value in the JSON that its converter writes, and what the cells must say. */
interface Sample {
  readonly schema: Record<string, unknown>;
  readonly json: string;
  readonly expected: Plain;
}

const DATA = 'org.apache.kafka.connect.data';

const base64 = (bytes: Uint8Array): string => JSON.stringify(Buffer.from(bytes).toString('base64'));

/** Two's complement, most significant byte first, as short as it can be. */
function unscaled(value: bigint): Uint8Array {
  let bits = 8;
  while (BigInt.asIntN(bits, value) !== value) bits += 8;
  const hex = BigInt.asUintN(bits, value)
    .toString(16)
    .padStart(bits / 4, '0');
  return Buffer.from(hex, 'hex');
}

function decimal(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const sign = value < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const floorParts = (value: number, perSecond: number): [number, number] => {
  const seconds = Math.floor(value / perSecond);
  return [seconds, (value - seconds * perSecond) * (1e9 / perSecond)];
};

const of = (schema: Record<string, unknown>, json: string, expected: Plain): Sample => ({
  schema,
  json,
  expected,
});
const named = (type: string, name: string, parameters?: object) => ({ type, name, version: 1, parameters });

const scalar: fc.Arbitrary<Sample> = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((v) => of({ type: 'int64' }, `${v}`, { number: `${v}` })),
  fc.boolean().map((v) => of({ type: 'boolean' }, `${v}`, v)),
  fc.string({ maxLength: 5 }).map((v) => of({ type: 'string' }, JSON.stringify(v), { string: v })),
  fc
    .uint8Array({ maxLength: 9 })
    .map((v) => of({ type: 'bytes' }, base64(v), { bytes: Buffer.from(v).toString('hex') })),
  fc
    .double()
    .map((v) =>
      Number.isFinite(v)
        ? of({ type: 'double' }, JSON.stringify(v), { number: JSON.stringify(v) })
        : of({ type: 'float' }, `"${v}"`, { double: v }),
    ),
  fc.tuple(fc.bigInt(-(10n ** 38n), 10n ** 38n), fc.nat(20)).map(([v, scale]) =>
    of(named('bytes', `${DATA}.Decimal`, { scale: `${scale}` }), base64(unscaled(v)), {
      number: decimal(v, scale),
    }),
  ),
  fc.integer().map((v) => of(named('int32', `${DATA}.Date`), `${v}`, { day: v })),
  fc.nat(86_399_999).map((v) => of(named('int32', `${DATA}.Time`), `${v}`, { time: floorParts(v, 1e3) })),
  fc
    .integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })
    .map((v) => of(named('int64', `${DATA}.Timestamp`), `${v}`, { instant: floorParts(v, 1e3) })),
  fc
    .integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })
    .map((v) => of(named('int64', 'io.debezium.time.MicroTimestamp'), `${v}`, { local: floorParts(v, 1e6) })),
);

const listed = (parts: readonly string[]): string => `[${parts.join()}]`;
const key = (name: string): string => JSON.stringify(name);
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '王', '"', '_'), minLength: 1, maxLength: 4 });

/** Several values of one schema: those that are left over when all have the schema of the first. */
const alike = (sample: fc.Arbitrary<Sample>) =>
  fc.array(sample, { minLength: 1, maxLength: 4 }).map((samples) => {
    const [first] = samples;
    const same = samples.filter(({ schema }) => JSON.stringify(schema) === JSON.stringify(first!.schema));
    return { schema: first!.schema, values: same };
  });

const { any } = fc.letrec<{ any: Sample }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    tie('any').map(({ schema }) => of({ ...schema, optional: true }, 'null', null)),
    alike(tie('any')).map(({ schema, values }) =>
      of({ type: 'array', items: schema }, listed(values.map(({ json }) => json)), {
        items: values.map(({ expected }) => expected),
      }),
    ),
    alike(tie('any')).map(({ schema, values }) =>
      of(
        { type: 'map', keys: { type: 'string' }, values: schema },
        `{${values.map(({ json }, i) => `"k${i}":${json}`).join()}}`,
        { members: values.map(({ expected }, i): [string, Plain] => [`k${i}`, expected]) },
      ),
    ),
    alike(tie('any')).map(({ schema, values }) =>
      of(
        { type: 'map', keys: named('int32', `${DATA}.Date`), values: schema },
        listed(values.map(({ json }, i) => listed([`${i}`, json]))),
        { members: values.map(({ expected }, i): [string, Plain] => [`1970-01-0${i + 1}`, expected]) },
      ),
    ),
    fc
      .uniqueArray(fc.tuple(name, tie('any')), { selector: ([field]) => field, maxLength: 4 })
      .map((fields) => structOf(fields)),
  ),
}));

function structOf(fields: readonly (readonly [string, Sample])[]): Sample {
  return of(
    { type: 'struct', fields: fields.map(([field, { schema }]) => ({ ...schema, field })) },
    `{${fields.map(([field, { json }]) => `${key(field)}:${json}`).join()}}`,
    { members: fields.map(([field, { expected }]): [string, Plain] => [field, expected]) },
  );
}

/** Containers of which the schema says nothing stay JSON text. */
function asTree(found: Plain): Plain {
  if (typeof found !== 'object' || found === null || !('json' in found)) return found;
  const bytes = new Uint8Array(Buffer.from(found.json));
  return plain(jsonTree(bytes, 0, bytes.length)!);
}

it('any payload of any schema of Kafka Connect becomes the cells that it means', () => {
  const fields = fc.uniqueArray(fc.tuple(name, any), {
    selector: ([field]) => field,
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(fields, (members) => {
      const { schema, json, expected } = structOf(members);
      const paths = [...members.map(([field]) => [field]), []];
      const spec: DecoderSpec = { format: 'json', envelope: 'connect', paths };
      const value = `{"schema":${JSON.stringify(schema)},"payload":${json}}`;
      const bytes = new Uint8Array(Buffer.from(`${value}\0`));
      const decoded = run(createDecoder(spec), paths, bytes, 0, bytes.length - 1);
      expect(decoded).toMatchObject({ cells: expect.anything() });
      const found = (decoded as { cells: Plain[] }).cells.map(asTree);
      expect(found).toEqual([...members.map(([, sample]) => sample.expected), expected]);
    }),
    { numRuns: 500 },
  );
});
