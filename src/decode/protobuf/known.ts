import { BYTES, Cell, DAY, INSTANT, INTEGER, NULL, NUMBER, STRING, TIME } from '../cell/cell.ts';
import { cellText } from '../encoding/utf8.ts';
import { Malformed } from './cursor.ts';

/** The value of a field by its number: its cell, what its absence means, or null where that is missing. */
export type FieldValue = (number: number) => Cell | null;

/** What a message of a well-known type means; null: no more than its fields say. */
export type Meaning = (value: FieldValue) => Cell | null;

const WRAPPED = ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'];
const WRAPPERS: ReadonlySet<string> = new Set(WRAPPED.map((name) => `google.protobuf.${name}Value`));

/** A scalar that may be null. */
export function isWrapper(name: string): boolean {
  return WRAPPERS.has(name);
}

export const TIMESTAMP = 'google.protobuf.Timestamp';

/** Their fields are no fields to a path: it leads on as in the JSON that they stand for. */
const JSON_LIKE: ReadonlySet<string> = new Set(
  ['Struct', 'Value', 'ListValue'].map((name) => `google.protobuf.${name}`),
);

export function isJsonLike(name: string): boolean {
  return JSON_LIKE.has(name);
}

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  [TIMESTAMP, timestamp],
  ['google.protobuf.Duration', duration],
  ['google.protobuf.FieldMask', fieldMask],
  ['google.protobuf.Struct', (value) => value(1)],
  ['google.protobuf.ListValue', (value) => value(1)],
  ['google.protobuf.Value', anyValue],
  ['google.type.Date', date],
  ['google.type.TimeOfDay', timeOfDay],
  ['confluent.type.Decimal', decimal],
]);

export function meaningOf(name: string): Meaning | null {
  return MEANINGS.get(name) ?? (isWrapper(name) ? (value) => value(1) : null);
}

function integer(cell: Cell | null): number {
  if (cell?.kind !== INTEGER) return 0;
  return cell.safe ? cell.num : Number(cell.big);
}

function timestamp(value: FieldValue): Cell {
  const cell = new Cell();
  setInstant(cell, integer(value(1)), integer(value(2)));
  return cell;
}

const SECONDS_MIN = -62_135_596_800;
const SECONDS_MAX = 253_402_300_799;
const SECOND_NANOS = 1_000_000_000;

/** Years 0001 to 9999, as the type allows. */
export function setInstant(cell: Cell, seconds: number, nanos: number): void {
  if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX && nanos >= 0 && nanos < SECOND_NANOS))
    throw outOfRange('Timestamp', `${seconds} s ${nanos} ns`);
  cell.kind = INSTANT;
  cell.num = seconds;
  cell.nanos = nanos;
}

function outOfRange(type: string, value: string): Malformed {
  return new Malformed(`${value} is outside the range of a ${type}`, 'out_of_range');
}

/** About 10,000 years. */
const DURATION_SECONDS_MAX = 315_576_000_000;

/** ISO 8601, in seconds: `PT1.5S`, `PT-0.000000001S`. */
function duration(value: FieldValue): Cell {
  const [seconds, nanos] = [integer(value(1)), integer(value(2))];
  const size = Math.abs(seconds);
  if (size > DURATION_SECONDS_MAX || Math.abs(nanos) >= SECOND_NANOS || seconds * nanos < 0)
    throw outOfRange('Duration', `${seconds} s ${nanos} ns`);
  const fraction = String(Math.abs(nanos)).padStart(9, '0').replace(/0+$/, '');
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  return textCell(STRING, `PT${sign}${size}${fraction === '' ? '' : `.${fraction}`}S`);
}

/** The paths as they were written, with commas between. */
function fieldMask(value: FieldValue): Cell {
  const tree = value(1)?.tree;
  const paths = tree && 'items' in tree ? tree.items.map(cellText) : [];
  return textCell(STRING, paths.join(','));
}

/** Null, a number, a text, a boolean, an object or a list; none of them: null. */
function anyValue(value: FieldValue): Cell {
  const found = [2, 3, 4, 5, 6].map(value).find((cell) => cell !== null);
  return found ?? Object.assign(new Cell(), { kind: NULL });
}

/** A year, month and day; without one of them (a birthday, an expiry month) it stays the message that it is. */
function date(value: FieldValue): Cell | null {
  const [year, month, day] = [integer(value(1)), integer(value(2)), integer(value(3))];
  if (year === 0 || month === 0 || day === 0) return null;
  const found = new Date(0);
  found.setUTCFullYear(year, month - 1, day);
  if (year < 1 || year > 9999 || found.getUTCMonth() !== month - 1 || found.getUTCDate() !== day)
    throw outOfRange('Date', `${year}-${month}-${day}`);
  return Object.assign(new Cell(), { kind: DAY, num: Math.round(found.getTime() / 86_400_000) });
}

function timeOfDay(value: FieldValue): Cell {
  const [hours, minutes, seconds, nanos] = [1, 2, 3, 4].map((number) => integer(value(number))) as Four;
  const fits = (part: number, below: number) => part >= 0 && part < below;
  if (!fits(hours, 24) || !fits(minutes, 60) || !fits(seconds, 60) || !fits(nanos, SECOND_NANOS))
    throw outOfRange('TimeOfDay', `${hours}:${minutes}:${seconds} ${nanos} ns`);
  return Object.assign(new Cell(), { kind: TIME, num: (hours * 60 + minutes) * 60 + seconds, nanos });
}

type Four = [number, number, number, number];

/** A decimal of more bytes (308 digits) or places is no column's. */
const DECIMAL_BYTES_MAX = 128;
const DECIMAL_SCALE_MAX = 1000;

/** A two's complement number, most significant byte first (no bytes: 0), with `scale` digits behind the point. */
function decimal(value: FieldValue): Cell | null {
  const unscaled = value(1);
  if (unscaled?.kind !== BYTES) return null;
  const scale = integer(value(3));
  const size = unscaled.end - unscaled.start;
  if (size > DECIMAL_BYTES_MAX || Math.abs(scale) > DECIMAL_SCALE_MAX)
    throw outOfRange('Decimal', `a number of ${size} bytes and scale ${scale}`);
  const { bytes, start } = unscaled;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + start, size).toString('hex');
  return textCell(NUMBER, plainDecimal(BigInt.asIntN(8 * size, BigInt(`0x0${hex}`)), scale));
}

function plainDecimal(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  if (scale <= 0) return unscaled === 0n ? '0' : sign + digits + '0'.repeat(-scale);
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function textCell(kind: number, text: string): Cell {
  const cell = new Cell();
  const bytes = new Uint8Array(Buffer.from(text, 'utf8'));
  cell.setBytes(kind, bytes, 0, bytes.length);
  return cell;
}
