import { type Cell, DAY, INSTANT, LOCAL, TIME } from './cell.ts';
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
  const fraction = ((value % perSecond) + perSecond) % perSecond;
  cell.num = (value - fraction) / perSecond;
  cell.nanos = fraction * (1e9 / perSecond);
}

/** Decimals of more bytes than this (308 digits) are no column's. */
const DECIMAL_BYTES_MAX = 128;
/** More digits than this behind the point, or zeros in front of it, are written as an exponent. */
const PLAIN_SCALE_MAX = 400;

/**
 * A two's complement number, most significant byte first, with `scale` digits behind the point, as the text of a JSON
 * number. Null for bytes that are none: not one, or more than 128.
 */
export function decimalText(bytes: Uint8Array, scale: number): string | null {
  if (bytes.length === 0 || bytes.length > DECIMAL_BYTES_MAX) return null;
  const unscaled = bytes.length <= 6 ? smallInteger(bytes) : bigInteger(bytes);
  const digits = unscaled < 0 ? (-unscaled).toString() : unscaled.toString();
  const sign = unscaled < 0 ? '-' : '';
  if (scale === 0) return sign + digits;
  if (scale < 0 || scale > PLAIN_SCALE_MAX) return `${sign}${digits}e${-scale}`;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function smallInteger(bytes: Uint8Array): number {
  let value = bytes[0]! >= 0x80 ? bytes[0]! - 256 : bytes[0]!;
  for (let i = 1; i < bytes.length; i++) value = value * 256 + bytes[i]!;
  return value;
}

function bigInteger(bytes: Uint8Array): bigint {
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}
