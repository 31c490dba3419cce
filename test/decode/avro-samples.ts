import avro from 'avsc';
import fc from 'fast-check';
import type { Step } from '../../src/decode/path.ts';
import type { SchemaText } from '../../src/decode/schema.ts';
import type { Plain } from './cells.ts';

/** One value in three forms: for avsc to encode, as the cell it must become, as JSON text. */
export interface Sample {
  readonly value: unknown;
  readonly cell: Plain;
  readonly json: string;
  readonly inner?: ReadonlyMap<Step, Sample>;
}

export interface Typed {
  readonly schema: unknown;
  readonly sample: fc.Arbitrary<Sample>;
}

export const avroSchema = (text: string): SchemaText => ({ type: 'AVRO', text, references: [] });

/** avsc's own long type refuses what a number cannot hold. */
const longType = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

export function encode(schema: unknown, value: unknown): Buffer {
  const typeHook = (part: unknown) =>
    part === 'long' || (part as { type?: unknown }).type === 'long' ? longType : undefined;
  return avro.Type.forSchema(schema as avro.Schema, { typeHook, wrapUnions: true, registry: {} }).toBuffer(
    value,
  );
}

/** In the Confluent wire format. */
export function framed(id: number, body: Uint8Array): Uint8Array {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return new Uint8Array(Buffer.concat([header, body]));
}

function scalar<T>(
  schema: unknown,
  values: fc.Arbitrary<T>,
  cell: (value: T) => Plain,
  json: (value: T) => string,
): Typed {
  return { schema, sample: values.map((value) => ({ value, cell: cell(value), json: json(value) })) };
}

const int = fc.oneof(fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 0, -1, 63, 64, -64, -65));
const edges = [7, 13, 27, 28, 31, 32, 52, 53, 54, 55, 56, 63].flatMap((bits) => [
  2n ** BigInt(bits),
  -(2n ** BigInt(bits)),
]);
const long = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.tuple(fc.constantFrom(...edges), fc.bigInt(-2n, 2n)).map(([edge, by]) => BigInt.asIntN(64, edge + by)),
  fc.bigInt(-1000n, 1000n),
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).filter((t) => Buffer.from(t).toString() === t),
);
const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value));

const hex = (value: Buffer): Plain => ({ bytes: value.toString('hex') });
const base64 = (value: Buffer) => `"${value.toString('base64')}"`;

/** Seconds (floor) and nanoseconds of a count of units. */
function seconds(value: bigint, perSecond: bigint): [number, number] {
  const fraction = ((value % perSecond) + perSecond) % perSecond;
  return [Number((value - fraction) / perSecond), Number((fraction * 1_000_000_000n) / perSecond)];
}

/** The unscaled number with the point moved `scale` digits to the left. */
function decimal(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return (unscaled < 0n ? '-' : '') + digits.slice(0, point) + (scale > 0 ? `.${digits.slice(point)}` : '');
}

function twosComplement(unscaled: bigint, size: number): Buffer {
  return Buffer.from(
    BigInt.asUintN(size * 8, unscaled)
      .toString(16)
      .padStart(size * 2, '0'),
    'hex',
  );
}

function timestamps(): Typed[] {
  const units = { millis: 1_000n, micros: 1_000_000n, nanos: 1_000_000_000n };
  return Object.entries(units).flatMap(([unit, perSecond]) => [
    scalar(
      { type: 'long', logicalType: `timestamp-${unit}` },
      long,
      (v) => ({ instant: seconds(v, perSecond) }),
      String,
    ),
    scalar(
      { type: 'long', logicalType: `local-timestamp-${unit}` },
      long,
      (v) => ({ local: seconds(v, perSecond) }),
      String,
    ),
  ]);
}

function decimals(size: number, scale: number): Typed[] {
  const bound = 2n ** BigInt(size * 8 - 1);
  const annotation = { logicalType: 'decimal', precision: 60, scale };
  return [{ type: 'bytes' }, { type: 'fixed', name: uniqueName('D'), size }].map((base) => {
    const numbers = fc.bigInt(-bound, bound - 1n);
    const typed = scalar(
      { ...base, ...annotation },
      numbers,
      (v) => ({ number: decimal(v, scale) }),
      (v) => decimal(v, scale),
    );
    return {
      ...typed,
      sample: typed.sample.map((s) => ({ ...s, value: twosComplement(s.value as bigint, size) })),
    };
  });
}

let names = 0;
function uniqueName(letter: string): string {
  return `${letter}${names++}`;
}

/** Short both as 32 and as 64 bits. */
const eighths = fc.integer({ min: -80_000, max: 80_000 }).map((n) => n / 8);

const doubleJson = (v: number) => (Number.isFinite(v) ? (Object.is(v, -0) ? '-0' : String(v)) : `"${v}"`);

/** Every scalar and logical type. */
export function scalars(): Typed[] {
  const symbols = ['NEW', 'PAID', 'DONE'];
  return [
    scalar(
      'null',
      fc.constant(null),
      () => null,
      () => 'null',
    ),
    scalar('boolean', fc.boolean(), (v) => v, String),
    scalar('int', int, (v) => ({ integer: BigInt(v) }), String),
    scalar('long', long, (v) => ({ integer: v }), String),
    scalar('float', eighths, (v) => ({ double: v }), doubleJson),
    scalar('double', fc.double(), (v) => ({ double: v }), doubleJson),
    scalar('string', text, (v) => ({ string: v }), JSON.stringify),
    scalar('bytes', bytes, hex, base64),
    scalar(
      { type: 'fixed', name: uniqueName('F'), size: 3 },
      bytes.map((b) => Buffer.concat([b, Buffer.alloc(3)], 3)),
      hex,
      base64,
    ),
    scalar({ type: 'fixed', name: uniqueName('F'), size: 0 }, fc.constant(Buffer.alloc(0)), hex, base64),
    scalar(
      { type: 'enum', name: uniqueName('E'), symbols },
      fc.constantFrom(...symbols),
      (v) => ({ string: v }),
      JSON.stringify,
    ),
    scalar({ type: 'int', logicalType: 'date' }, int, (day) => ({ day }), String),
    scalar({ type: 'int', logicalType: 'time-millis' }, int, (v) => ({ integer: BigInt(v) }), String),
    scalar({ type: 'long', logicalType: 'time-micros' }, long, (v) => ({ integer: v }), String),
    scalar({ type: 'string', logicalType: 'uuid' }, fc.uuid(), (v) => ({ string: v }), JSON.stringify),
    ...timestamps(),
    ...decimals(5, 2),
    ...decimals(16, 18),
    ...decimals(20, 0),
  ];
}

/** Types up to `depth` containers deep. */
export function typed(depth: number): fc.Arbitrary<Typed> {
  const leaf = fc.nat().map((n) => {
    const all = scalars();
    return all[n % all.length]!;
  });
  if (depth === 0) return leaf;
  const below = typed(depth - 1);
  return fc.oneof(
    leaf,
    below.map(arrayOf),
    below.map(mapOf),
    below.map(optional),
    fc.array(below, { maxLength: 4 }).map(recordOf),
  );
}

function arrayOf(item: Typed): Typed {
  return {
    schema: { type: 'array', items: item.schema },
    sample: fc.array(item.sample, { maxLength: 3 }).map((items) => ({
      value: items.map((item) => item.value),
      cell: { json: `[${items.map((item) => item.json).join(',')}]` },
      json: `[${items.map((item) => item.json).join(',')}]`,
      inner: new Map(items.entries()),
    })),
  };
}

export function recordOf(types: readonly Typed[]): Typed {
  const fields = types.map(({ schema }, i) => ({ name: `f${i}`, type: schema }));
  return {
    schema: { type: 'record', name: uniqueName('R'), fields },
    sample: fc
      .tuple(...types.map((type) => type.sample))
      .map((samples) => membersOf(samples.map((s, i) => [`f${i}`, s]))),
  };
}

function mapOf(value: Typed): Typed {
  const key = fc.oneof(
    fc.constantFrom('f0', 'f1'),
    text.filter((t) => t !== '__proto__'),
  );
  return {
    schema: { type: 'map', values: value.schema },
    sample: fc
      .uniqueArray(fc.tuple(key, value.sample), { maxLength: 3, selector: ([k]) => k })
      // As a JS object orders them, for avsc.
      .map((entries) => membersOf(Object.entries(Object.fromEntries(entries)))),
  };
}

function membersOf(members: readonly (readonly [string, Sample])[]): Sample {
  const json = `{${members.map(([name, member]) => `${JSON.stringify(name)}:${member.json}`).join(',')}}`;
  return {
    value: Object.fromEntries(members.map(([name, member]) => [name, member.value])),
    cell: { json },
    json,
    inner: new Map(members),
  };
}

/** A union with null; what is a union or null itself stays as it is. */
function optional(type: Typed): Typed {
  if (Array.isArray(type.schema) || type.schema === 'null') return type;
  const name = branchName(type.schema);
  const none: Sample = { value: null, cell: null, json: 'null' };
  return {
    schema: ['null', type.schema],
    sample: fc.option(
      type.sample.map((s) => ({ ...s, value: { [name]: s.value } })),
      { nil: none },
    ),
  };
}

function branchName(schema: unknown): string {
  if (typeof schema === 'string') return schema;
  const { name, type } = schema as { name?: string; type: string };
  return name ?? type;
}

/** The cell at a path; undefined where the value has nothing. */
export function cellAt(sample: Sample, path: readonly Step[]): Plain {
  let at: Sample | undefined = sample;
  for (const step of path) at = at?.inner?.get(step);
  return at?.cell;
}
