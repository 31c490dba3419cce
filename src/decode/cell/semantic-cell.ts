import { type Cell, DAY, INSTANT, LOCAL, NUMBER, TIME } from './cell.ts';
import type { Scratch } from './scratch.ts';
import type { Semantic } from './semantic.ts';

const KINDS = { time: TIME, instant: INSTANT, local: LOCAL } as const;
const DAY_SECONDS = 86_400;

/** What an integer means as a time. */
export type Temporal = Extract<Semantic, { kind: 'day' | 'time' | 'instant' | 'local' }>;

/** Fills the cell with the time that the integer means; false when it is no time of day, or no day that a number can count. */
export function setTemporal(cell: Cell, semantic: Temporal, value: number | bigint): boolean {
  if (semantic.kind === 'day') {
    cell.kind = DAY;
    cell.num = Number(value);
    return Number.isSafeInteger(cell.num);
  }
  cell.kind = KINDS[semantic.kind];
  setSeconds(cell, value, semantic.perSecond);
  return semantic.kind !== 'time' || (cell.num >= 0 && cell.num < DAY_SECONDS);
}

/** Seconds (floor) and nanoseconds of a count of units. */
function setSeconds(cell: Cell, value: number | bigint, perSecond: number): void {
  if (typeof value === 'bigint') {
    const units = BigInt(perSecond);
    const fraction = ((value % units) + units) % units;
    cell.num = Number((value - fraction) / units);
    cell.nanos = Number(fraction) * (1e9 / perSecond);
    return;
  }
  let seconds = Math.floor(value / perSecond);
  let fraction = value - seconds * perSecond;
  if (fraction < 0) {
    // The quotient of a large number was rounded up to the next whole one.
    seconds -= 1;
    fraction += perSecond;
  }
  cell.num = seconds;
  cell.nanos = fraction * (1e9 / perSecond);
}

/** Decimals of more bytes than this (308 digits) are no column's. */
const DECIMAL_BYTES_MAX = 128;
/** More digits than this behind the point, or zeros in front of it, are written as an exponent. */
const PLAIN_SCALE_MAX = 400;

/** Scales whose small numbers are written without a detour over text. */
const SHORT_SCALE_MAX = 20;
const SHORT_BYTES_MAX = 6;

/** A NUMBER cell of {@link decimalText}; false for bytes that are none. */
export function setDecimal(
  cell: Cell,
  bytes: Uint8Array,
  start: number,
  end: number,
  scale: number,
  scratch: Scratch,
): boolean {
  const short = end > start && end - start <= SHORT_BYTES_MAX && scale >= 0 && scale <= SHORT_SCALE_MAX;
  if (short) {
    setShortDecimal(cell, smallInteger(bytes, start, end), scale, scratch);
    return true;
  }
  const text = decimalText(bytes.subarray(start, end), scale);
  if (text === null) return false;
  setAscii(cell, NUMBER, text, scratch);
  return true;
}

export function setAscii(cell: Cell, kind: number, text: string, scratch: Scratch): void {
  const at = scratch.reserve(text.length);
  for (let i = 0; i < text.length; i++) scratch.bytes[at + i] = text.charCodeAt(i);
  cell.setBytes(kind, scratch.bytes, at, at + text.length);
}

const digits = new Uint8Array(40);
const [ZERO, MINUS, POINT] = [48, 45, 46];

/** Written from the last digit to the first. */
function setShortDecimal(cell: Cell, unscaled: number, scale: number, scratch: Scratch): void {
  let at = digits.length;
  let behind = scale;
  let rest = Math.abs(unscaled);
  do {
    const higher = Math.floor(rest / 10);
    digits[--at] = ZERO + (rest - higher * 10);
    rest = higher;
    if (--behind === 0) digits[--at] = POINT;
  } while (rest > 0 || behind >= 0);
  if (unscaled < 0) digits[--at] = MINUS;
  const length = digits.length - at;
  const to = scratch.reserve(length);
  for (let i = 0; i < length; i++) scratch.bytes[to + i] = digits[at + i]!;
  cell.setBytes(NUMBER, scratch.bytes, to, to + length);
}

/**
 * A two's complement number, most significant byte first, with `scale` digits behind the point, as the text of a JSON
 * number. Null for bytes that are none: not one, or more than 128.
 */
export function decimalText(bytes: Uint8Array, scale: number): string | null {
  if (bytes.length === 0 || bytes.length > DECIMAL_BYTES_MAX) return null;
  const unscaled = bytes.length <= SHORT_BYTES_MAX ? smallInteger(bytes, 0, bytes.length) : bigInteger(bytes);
  const text = unscaled < 0 ? (-unscaled).toString() : unscaled.toString();
  const sign = unscaled < 0 ? '-' : '';
  if (scale === 0) return sign + text;
  if (scale < 0 || scale > PLAIN_SCALE_MAX) return `${sign}${text}e${-scale}`;
  const padded = text.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function smallInteger(bytes: Uint8Array, start: number, end: number): number {
  let value = bytes[start]! >= 0x80 ? bytes[start]! - 256 : bytes[start]!;
  for (let i = start + 1; i < end; i++) value = value * 256 + bytes[i]!;
  return value;
}

function bigInteger(bytes: Uint8Array): bigint {
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}
