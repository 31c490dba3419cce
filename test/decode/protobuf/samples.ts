import fc from 'fast-check';
import protobuf from 'protobufjs';
import type { Step } from '../../../src/decode/path/path.ts';
import type { SchemaText } from '../../../src/decode/schema/schema.ts';
import { framed as withSchemaId } from '../../support/framed.ts';
import type { Plain } from '../cells.ts';

/** One value in two forms: for protobufjs to encode, and as the cell it must become. */
export interface Sample {
  readonly value: unknown;
  readonly cell: Plain;
  readonly inner?: ReadonlyMap<Step, Sample>;
}

/** A type of a field: its name, the declarations that it needs, its values, and the one that stands for absence. */
export interface Typed {
  readonly type: string;
  readonly declared: string;
  readonly sample: fc.Arbitrary<Sample>;
  readonly zero: Sample | null;
}

export const protobufSchema = (text: string, references: SchemaText['references'] = []): SchemaText => ({
  ...{ type: 'PROTOBUF', text, references },
});

const WELL_KNOWN = ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers'].map(
  (name) => `google/protobuf/${name}.proto`,
);
const IMPORTS = WELL_KNOWN.map((name) => `import "${name}";`).join('\n');

/** A schema with these declarations, and all well-known types. */
export const schemaText = (declared: string, syntax = 'proto3') =>
  `syntax = "${syntax}";\npackage test;\n${IMPORTS}\n${declared}`;

/** Encodes with protobufjs; longs as `{low, high}`. */
export function encode(text: string, type: string, value: unknown): Uint8Array {
  const { root } = protobuf.parse(text, new protobuf.Root(), { keepCase: true });
  for (const name of WELL_KNOWN) root.addJSON(protobuf.common.get(name)!.nested!);
  return new Uint8Array(
    root
      .resolveAll()
      .lookupType(type)
      .encode(value as object)
      .finish(),
  );
}

/** In the Confluent wire format; `indexes`: bytes of the list of message indexes. */
export const framed = (id: number, body: Uint8Array, indexes: readonly number[] = [0]): Uint8Array =>
  new Uint8Array(withSchemaId(id, Buffer.concat([Buffer.from(indexes), body])));

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).filter((t) => Buffer.from(t).toString() === t),
);
const edges = [7, 14, 21, 28, 31, 32, 35, 53, 56, 63].flatMap((bits) => [
  2n ** BigInt(bits),
  -(2n ** BigInt(bits)),
]);
const long = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.tuple(fc.constantFrom(...edges), fc.bigInt(-2n, 2n)).map(([edge, by]) => BigInt.asIntN(64, edge + by)),
  fc.bigInt(-1000n, 1000n),
);
const int = long.map((value) => Number(BigInt.asIntN(32, value)));

const halves = (value: bigint) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
});

function scalar<T>(
  type: string,
  values: fc.Arbitrary<T>,
  cell: (value: T) => Plain,
  zero: T,
  encoded: (value: T) => unknown = (value) => value,
): Typed {
  const sampled = (value: T): Sample => ({ value: encoded(value), cell: cell(value) });
  return { type, declared: '', sample: values.map(sampled), zero: sampled(zero) };
}

let names = 0;
const uniqueName = (letter: string) => `${letter}${names++}`;

function enumeration(): Typed {
  const name = uniqueName('E');
  const declared = `enum ${name} { ${name}_NEW = 0; ${name}_PAID = 5; ${name}_LOST = -3; }`;
  const cells = new Map<number, Plain>([
    [0, { string: `${name}_NEW` }],
    [5, { string: `${name}_PAID` }],
    [-3, { string: `${name}_LOST` }],
    [77, { integer: 77n }],
  ]);
  const sample = fc.constantFrom(...cells.keys()).map((value) => ({ value, cell: cells.get(value) }));
  return { type: name, declared, sample, zero: { value: 0, cell: cells.get(0) } };
}

/** Every scalar, and an enum. */
export function scalars(): Typed[] {
  const whole = (value: number | bigint): Plain => ({ integer: BigInt(value) });
  const unsigned = (value: bigint): Plain => ({ integer: BigInt.asUintN(64, value) });
  const hex = (value: Buffer): Plain => ({ bytes: value.toString('hex') });
  const uint = int.map((value) => value >>> 0);
  const double = (value: number): Plain => ({ double: value });
  const float = fc.float().map(Math.fround);
  return [
    ...['int32', 'sint32', 'sfixed32'].map((type) => scalar(type, int, whole, 0)),
    ...['uint32', 'fixed32'].map((type) => scalar(type, uint, whole, 0)),
    ...['int64', 'sint64', 'sfixed64'].map((type) => scalar(type, long, whole, 0n, halves)),
    ...['uint64', 'fixed64'].map((type) => scalar(type, long, unsigned, 0n, halves)),
    scalar('double', fc.double(), double, 0),
    scalar('float', float, double, 0),
    scalar('bool', fc.boolean(), (value) => value, false),
    scalar('string', text, (value) => ({ string: value }), ''),
    scalar(
      'bytes',
      fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value)),
      hex,
      Buffer.alloc(0),
    ),
    enumeration(),
  ];
}

/** Well-known types as single fields. */
export function wellKnown(): Typed[] {
  const known = (name: string, sample: fc.Arbitrary<Sample>): Typed => ({
    ...{ type: `google.protobuf.${name}`, declared: '', sample, zero: null },
  });
  const nanos = fc.integer({ min: 0, max: 999_999_999 });
  const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
  const wrapped = scalars()
    .filter(({ type }) => type === 'int64' || type === 'string' || type === 'bool' || type === 'double')
    .map(({ type, sample }) =>
      known(
        `${type === 'bool' ? 'Bool' : type[0]!.toUpperCase() + type.slice(1)}Value`,
        sample.map(({ value, cell }) => ({
          value: { value },
          cell,
          inner: new Map([['value', { value, cell }]]),
        })),
      ),
    )
    .map((typed) => ({ ...typed, zero: { value: null, cell: null } }));
  return [
    known(
      'Timestamp',
      fc.tuple(seconds, nanos).map(([s, n]) => ({
        value: { seconds: halves(BigInt(s)), nanos: n },
        cell: { instant: [s, n] },
        inner: new Map([
          ['seconds', { value: s, cell: { integer: BigInt(s) } }],
          ['nanos', { value: n, cell: { integer: BigInt(n) } }],
        ]),
      })),
    ),
    known(
      'Duration',
      fc.tuple(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 7 })).map(([s, eighths]) => ({
        value: { seconds: halves(BigInt(s)), nanos: eighths * 125_000_000 },
        cell: { string: `PT${s + eighths / 8}S` },
        inner: new Map([
          ['seconds', { value: s, cell: { integer: BigInt(s) } }],
          ['nanos', { value: eighths, cell: { integer: BigInt(eighths * 125_000_000) } }],
        ]),
      })),
    ),
    known('Empty', fc.constant({ value: {}, cell: { members: [] } })),
    known(
      'Struct',
      json(2)
        .filter(isObject)
        .map((value) => jsonSample(value)),
    ),
    known(
      'Value',
      json(2).map((value) => ({ ...jsonSample(value), value: jsonValue(value) })),
    ),
    ...wrapped,
  ];
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const isObject = (value: Json) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Numbers that have one text, and names that protobufjs and this file treat as any other. */
const json = (depth: number): fc.Arbitrary<Json> =>
  depth === 0
    ? fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string())
    : fc.oneof(
        fc.array(json(depth - 1), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'f_0', 'f0', 'constructor'), json(depth - 1), { maxKeys: 3 }),
        json(0),
      );

/** Of a Struct, as protobufjs takes it. */
function jsonSample(value: Json): Sample {
  if (value === null) return { value: {}, cell: null };
  if (typeof value === 'boolean') return { value, cell: value };
  if (typeof value === 'number') return { value, cell: { double: value } };
  if (typeof value === 'string') return { value, cell: { string: value } };
  if (Array.isArray(value)) {
    const items = value.map(jsonSample);
    return {
      ...{ value: { values: value.map(jsonValue) }, cell: { items: items.map(({ cell }) => cell) } },
      inner: new Map(items.entries()),
    };
  }
  const members = Object.entries(value).map(([name, one]) => [name, jsonSample(one)] as const);
  return {
    value: { fields: Object.fromEntries(Object.entries(value).map(([name, one]) => [name, jsonValue(one)])) },
    cell: { members: members.map(([name, { cell }]) => [name, cell]) },
    inner: new Map(members),
  };
}

function jsonValue(value: Json): object {
  if (value === null) return { null_value: 0, nullValue: 0 };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  return Array.isArray(value)
    ? { listValue: jsonSample(value).value }
    : { structValue: jsonSample(value).value };
}

/** Types up to `depth` messages deep. */
export function typed(depth: number): fc.Arbitrary<Typed> {
  const leaf = fc.nat().map((n) => {
    const all = [...scalars(), ...wellKnown()];
    return all[n % all.length]!;
  });
  if (depth === 0) return leaf;
  return fc.oneof(leaf, message(depth - 1));
}

/** A member of a message: how it is declared, and its sample or absence. */
interface FieldOf {
  readonly declared: string;
  readonly line: (name: string, number: number) => string;
  /** null: the record does not have it, and it is missing. */
  readonly sample: fc.Arbitrary<Sample | null>;
}

function field(depth: number): fc.Arbitrary<FieldOf> {
  const of = typed(depth);
  return fc.oneof(
    { weight: 4, arbitrary: of.map(single) },
    { weight: 2, arbitrary: of.filter(({ zero }) => zero !== null && zero.cell !== null).map(optional) },
    {
      weight: 2,
      arbitrary: fc.tuple(of, fc.constantFrom('', ' [packed = false]', ' [packed = true]')).map(repeated),
    },
    { weight: 1, arbitrary: of.map(mapOf) },
  );
}

const single = ({ type, declared, sample, zero }: Typed): FieldOf => ({
  declared,
  line: (name, number) => `${type} ${name} = ${number};`,
  sample: fc.option(sample, { nil: zero === null ? null : { ...zero, value: undefined } }),
});

const optional = ({ type, declared, sample }: Typed): FieldOf => ({
  declared,
  line: (name, number) => `optional ${type} ${name} = ${number};`,
  sample: fc.option(sample),
});

/** Whether a list is packed is said to the writer only: the reader takes both. */
const repeated = ([{ type, declared, sample }, packed]: [Typed, string]): FieldOf => ({
  declared,
  line: (name, number) => `repeated ${type} ${name} = ${number}${isPackable(type) ? packed : ''};`,
  sample: fc.array(sample, { maxLength: 3 }).map((items) => ({
    value: items.map(({ value }) => value),
    cell: { items: items.map(({ cell }) => cell) },
    inner: new Map(items.entries()),
  })),
});

const isPackable = (type: string) => !type.includes('.') && !/^(?:string|bytes|M\d+)$/.test(type);

const mapOf = ({ type, declared, sample }: Typed): FieldOf => ({
  declared,
  line: (name, number) => `map<string, ${type}> ${name} = ${number};`,
  sample: fc
    .uniqueArray(fc.tuple(fc.constantFrom('f_0', 'f0', 'x.y', '', 'constructor'), sample), {
      ...{ maxLength: 3, selector: ([key]) => key },
    })
    .map((entries) => ({
      value: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
      cell: { members: entries.map(([key, { cell }]) => [key, cell]) },
      inner: new Map(entries),
    })),
});

/** A message with fields `f_0`, `f_1`, ..., whose JSON names are `f0`, `f1`, .... */
export function message(depth: number): fc.Arbitrary<Typed> {
  return fc.array(field(depth), { maxLength: 4 }).map((fields) => {
    const name = uniqueName('M');
    const lines = fields.map(({ line }, i) => line(`f_${i}`, i * 7 + 1 + (i > 2 ? 400 : 0)));
    const declared = `${fields.map((one) => one.declared).join('\n')}\nmessage ${name} { ${lines.join(' ')} }`;
    const sample = fc.tuple(...fields.map((one) => one.sample)).map(messageSample);
    return { type: name, declared, sample, zero: null };
  });
}

function messageSample(samples: readonly (Sample | null)[]): Sample {
  const present = samples.flatMap((sample, i) => (sample === null ? [] : [[i, sample] as const]));
  return {
    value: Object.fromEntries(
      present.flatMap(([i, { value }]) => (value === undefined ? [] : [[`f_${i}`, value]])),
    ),
    cell: { members: present.map(([i, { cell }]) => [`f_${i}`, cell]) },
    inner: new Map(
      present.flatMap(([i, sample]) => [
        [`f_${i}`, sample],
        [`f${i}`, sample],
      ]),
    ),
  };
}

/** The cell at a path; undefined where the value has nothing. */
export function cellAt(sample: Sample, path: readonly Step[]): Plain {
  let at: Sample | undefined = sample;
  for (const step of path) at = at?.inner?.get(step);
  return at?.cell;
}
