import fc from 'fast-check';
import type { Step } from '../../../src/decode/path/path.ts';
import type { SchemaText } from '../../../src/decode/schema/schema.ts';
import { avroType } from '../../support/avro.ts';
import type { Plain } from '../cells.ts';

/** One value in two forms: for avsc to encode, and as the cell that it must become. */
export interface Sample {
  readonly value: unknown;
  readonly cell: Plain;
  readonly inner?: ReadonlyMap<Step, Sample>;
}

export interface Typed {
  readonly schema: unknown;
  readonly sample: fc.Arbitrary<Sample>;
}

export const avroSchema = (text: string): SchemaText => ({ type: 'AVRO', text, references: [] });

export const encode = (schema: unknown, value: unknown): Buffer => avroType(schema).toBuffer(value);

function scalar<T>(schema: unknown, values: fc.Arbitrary<T>, cell: (value: T) => Plain): Typed {
  return { schema, sample: values.map((value) => ({ value, cell: cell(value) })) };
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

const UNITS = { millis: 1_000n, micros: 1_000_000n, nanos: 1_000_000_000n };

function timestamps(): Typed[] {
  return Object.entries(UNITS).flatMap(([unit, perSecond]) => [
    scalar({ type: 'long', logicalType: `timestamp-${unit}` }, long, (v) => ({
      instant: seconds(v, perSecond),
    })),
    scalar({ type: 'long', logicalType: `local-timestamp-${unit}` }, long, (v) => ({
      local: seconds(v, perSecond),
    })),
  ]);
}

function times(): Typed[] {
  const upTo = (perSecond: bigint) => fc.bigInt(0n, 86_400n * perSecond - 1n);
  return [
    scalar({ type: 'int', logicalType: 'time-millis' }, upTo(1_000n).map(Number), (v) => ({
      time: seconds(BigInt(v), 1_000n),
    })),
    ...[UNITS.micros, UNITS.nanos].map((perSecond) =>
      scalar(
        { type: 'long', logicalType: perSecond === UNITS.micros ? 'time-micros' : 'time-nanos' },
        upTo(perSecond),
        (v) => ({ time: seconds(v, perSecond) }),
      ),
    ),
  ];
}

const uint32 = fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1), fc.nat());

function duration(): Typed {
  const type = { type: 'fixed', name: uniqueName('P'), size: 12, logicalType: 'duration' };
  const parts = fc.tuple(uint32, uint32, uint32);
  const typed = scalar(type, parts, ([months, days, ms]) => {
    const date = `${months ? `${months}M` : ''}${days ? `${days}D` : ''}`;
    const time = `T${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}`.replace(/\.?0*$/, '');
    return { string: `P${date}${ms > 0 || date === '' ? `${time === 'T' ? 'T0' : time}S` : ''}` };
  });
  return { ...typed, sample: typed.sample.map((s) => ({ ...s, value: durationBytes(s.value as number[]) })) };
}

function durationBytes(parts: readonly number[]): Buffer {
  const value = Buffer.alloc(12);
  for (const [i, part] of parts.entries()) value.writeUInt32LE(part, 4 * i);
  return value;
}

function decimals(size: number, scale: number): Typed[] {
  const bound = 2n ** BigInt(size * 8 - 1);
  const annotation = { logicalType: 'decimal', precision: 60, scale };
  return [{ type: 'bytes' }, { type: 'fixed', name: uniqueName('D'), size }].map((base) => {
    const numbers = fc.bigInt(-bound, bound - 1n);
    const typed = scalar({ ...base, ...annotation }, numbers, (v) => ({ number: decimal(v, scale) }));
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

/** Every scalar and logical type. */
export function scalars(): Typed[] {
  const symbols = ['NEW', 'PAID', 'DONE'];
  return [
    scalar('null', fc.constant(null), () => null),
    scalar('boolean', fc.boolean(), (v) => v),
    scalar('int', int, (v) => ({ integer: BigInt(v) })),
    scalar('long', long, (v) => ({ integer: v })),
    scalar('float', eighths, (v) => ({ double: v })),
    scalar('double', fc.double(), (v) => ({ double: v })),
    scalar('string', text, (v) => ({ string: v })),
    scalar('bytes', bytes, hex),
    scalar(
      { type: 'fixed', name: uniqueName('F'), size: 3 },
      bytes.map((b) => Buffer.concat([b, Buffer.alloc(3)], 3)),
      hex,
    ),
    scalar({ type: 'fixed', name: uniqueName('F'), size: 0 }, fc.constant(Buffer.alloc(0)), hex),
    scalar({ type: 'enum', name: uniqueName('E'), symbols }, fc.constantFrom(...symbols), (v) => ({
      string: v,
    })),
    scalar({ type: 'int', logicalType: 'date' }, int, (day) => ({ day })),
    scalar({ type: 'string', logicalType: 'uuid' }, fc.uuid(), (v) => ({ string: v })),
    duration(),
    ...times(),
    ...timestamps(),
    ...decimals(5, 2),
    ...decimals(6, 0),
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
      cell: { items: items.map((item) => item.cell) },
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
  return {
    value: Object.fromEntries(members.map(([name, member]) => [name, member.value])),
    cell: { members: members.map(([name, member]) => [name, member.cell]) },
    inner: new Map(members),
  };
}

/** A union with null; what is a union or null itself stays as it is. */
function optional(type: Typed): Typed {
  if (Array.isArray(type.schema) || type.schema === 'null') return type;
  const name = branchName(type.schema);
  const none: Sample = { value: null, cell: null };
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
