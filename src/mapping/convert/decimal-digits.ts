import { BOOLEAN, type Cell, DOUBLE, INTEGER, NUMBER, STRING } from '../../decode/cell/cell.ts';
import { textNumber } from '../../decode/cell/shortest-float.ts';
import { putAscii } from './bytes.ts';

/** A decimal number: ±0.d1d2d3... x 10^point, without leading or trailing zeros; zero has length 0. */
export interface DecimalDigits {
  negative: boolean;
  digits: Uint8Array;
  length: number;
  point: number;
}

export function newDigits(): DecimalDigits {
  return { negative: false, digits: new Uint8Array(64), length: 0, point: 0 };
}

const ZERO = 48;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const SMALL_E = 101;
/** Exponents saturate here: far above any column, far below the loss of integers. */
const EXPONENT_MAX = 1e9;

/** That many digits are always a safe integer. */
export const SAFE_DIGITS = 15;

/** Plain text `-?[0-9]{1,15}` as a number; NaN: something else (not necessarily wrong). */
export function readSafeInteger(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (first >= end || end - first > SAFE_DIGITS) return Number.NaN;
  let value = 0;
  for (let i = first; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/**
 * Reads decimal text (`-12.50`, `1e3`, also `+1`, `007`, `.5`, `5.`) exactly, of any length; false when it is none.
 */
export function scanDecimal(bytes: Uint8Array, start: number, end: number, out: DecimalDigits): boolean {
  if (out.digits.length < end - start) out.digits = new Uint8Array(end - start);
  const sign = start < end ? bytes[start] : 0;
  out.negative = sign === MINUS;
  out.length = 0;
  out.point = 0;
  const integerAt = sign === MINUS || sign === PLUS ? start + 1 : start;
  let at = scanDigits(bytes, integerAt, end, out, 1);
  let count = at - integerAt;
  if (at < end && bytes[at] === DOT) {
    const fractionAt = at + 1;
    at = scanDigits(bytes, fractionAt, end, out, 0);
    count += at - fractionAt;
  }
  if (count === 0) return false;
  if (at < end) {
    if ((bytes[at]! | 32) !== SMALL_E) return false;
    const exponent = scanExponent(bytes, at + 1, end);
    if (Number.isNaN(exponent)) return false;
    out.point += exponent;
  }
  normalize(out);
  return true;
}

/** Appends digits; each moves the point by `step` (1 before the decimal point), a leading zero by step - 1. */
function scanDigits(bytes: Uint8Array, start: number, end: number, out: DecimalDigits, step: number): number {
  let at = start;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    if (out.length === 0 && digit === 0) {
      out.point += step - 1;
    } else {
      out.digits[out.length++] = digit;
      out.point += step;
    }
  }
  return at;
}

/** NaN: no exponent. */
function scanExponent(bytes: Uint8Array, start: number, end: number): number {
  const sign = start < end ? bytes[start] : 0;
  let at = sign === MINUS || sign === PLUS ? start + 1 : start;
  if (at >= end) return Number.NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = Math.min(value * 10 + digit, EXPONENT_MAX);
  }
  return sign === MINUS ? -value : value;
}

function normalize(out: DecimalDigits): void {
  while (out.length > 0 && out.digits[out.length - 1] === 0) out.length--;
  if (out.length > 0) return;
  out.negative = false;
  out.point = 0;
}

/** Rounds HALF_UP (ties away from zero) to `kept` digits, or cuts (towards zero); `kept` may be negative. */
export function roundDigits(out: DecimalDigits, kept: number, cut = false): void {
  if (kept >= out.length) return;
  const up = !cut && kept >= 0 && out.digits[kept]! >= 5;
  out.length = Math.max(kept, 0);
  if (up) increment(out);
  normalize(out);
}

function increment(out: DecimalDigits): void {
  let i = out.length - 1;
  while (i >= 0 && out.digits[i] === 9) out.digits[i--] = 0;
  if (i >= 0) {
    out.digits[i]!++;
    return;
  }
  // 999 -> 1000: one digit, the point moves.
  out.digits[0] = 1;
  out.length = 1;
  out.point++;
}

const rendered = new Uint8Array(64);

/** The digits of a cell that is a number, numeric text or a boolean (0 or 1); false when it is none. */
export function digitsOf(cell: Cell, out: DecimalDigits): boolean {
  switch (cell.kind) {
    case NUMBER:
    case STRING:
      return scanDecimal(cell.bytes, cell.start, cell.end, out);
    case BOOLEAN:
    case INTEGER:
    case DOUBLE:
      return scanDecimal(rendered, 0, putAscii(digitText(cell), rendered), out);
    default:
      return false;
  }
}

/** A whole double is taken exactly, any other as its shortest text; NaN and Infinity are no decimals. */
function digitText(cell: Cell): string {
  const exact = cell.kind === DOUBLE && Number.isInteger(cell.num) && Math.abs(cell.num) < 1e40;
  return exact ? String(BigInt(cell.num)) : numberText(cell);
}

/** Shortest text of a BOOLEAN (0, 1), INTEGER or DOUBLE cell. */
export function numberText(cell: Cell): string {
  if (cell.kind === INTEGER && !cell.safe) return String(cell.big);
  return String(cell.kind === DOUBLE ? textNumber(cell) : cell.num);
}

/** The whole number that the digits are (they have no fraction), when point <= 15: a safe integer. */
export function smallInteger(digits: DecimalDigits): number {
  let value = 0;
  for (let i = 0; i < digits.point; i++) value = value * 10 + (i < digits.length ? digits.digits[i]! : 0);
  return digits.negative ? -value : value;
}
