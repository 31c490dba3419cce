import { type Cell, DOUBLE, INTEGER, NUMBER, STRING } from '../../decode/cell/cell.ts';
import { cellText } from '../../decode/encoding/utf8.ts';
import { type Converter, outOfRange, wrongType } from './converter.ts';
import { type DecimalDigits, digitsOf, newDigits, numberText, scanDecimal } from './decimal-digits.ts';

const ZERO = 48;
const MINUS = 45;
const DOT = 46;
const POWERS = Array.from({ length: 16 }, (_, power) => 10 ** power);

/**
 * Plain text of at most 15 digits (`-12.50`) as the nearest double: both parts are exact, so one division
 * rounds once. NaN: something else (not necessarily wrong).
 */
export function readSimpleDouble(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  if (first >= end || end - first > 16) return Number.NaN;
  let value = 0;
  let dotAt = -1;
  for (let i = first; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (digit === DOT - ZERO && dotAt < 0) dotAt = i;
    else return Number.NaN;
  }
  const count = dotAt < 0 ? end - first : end - first - 1;
  if (count === 0 || count > 15) return Number.NaN;
  const magnitude = dotAt < 0 ? value : value / POWERS[end - dotAt - 1]!;
  return first === start ? magnitude : -magnitude;
}

const digits = newDigits();

/** The nearest double of a cell; undefined: it is no number. Infinity and NaN only from Avro doubles, or by overflow. */
function doubleOf(cell: Cell): number | undefined {
  switch (cell.kind) {
    case DOUBLE:
      return cell.num;
    case INTEGER:
      return cell.safe ? cell.num : Number(cell.big);
    case NUMBER:
    case STRING: {
      const value = readSimpleDouble(cell.bytes, cell.start, cell.end);
      if (!Number.isNaN(value)) return value;
      const isNumber = cell.kind === NUMBER || scanDecimal(cell.bytes, cell.start, cell.end, digits);
      return isNumber ? Number(cellText(cell)) : undefined;
    }
    default:
      return digitsOf(cell, digits) ? Number(numberText(cell)) : undefined;
  }
}

/** A finite number that became infinite. */
function overflowed(value: number, cell: Cell): boolean {
  return (value === Infinity || value === -Infinity) && !(cell.kind === DOUBLE && value === cell.num);
}

/** DOUBLE: the nearest value; overflow is dirty. */
export const doubleConverter: Converter = (cell, out, column) => {
  const value = doubleOf(cell);
  if (value === undefined) return wrongType(cell, 'DOUBLE');
  if (overflowed(value, cell)) return outOfRange(cell, 'DOUBLE');
  out.double(column, value);
  return null;
};

/** FLOAT: the nearest value, rounded once from the source's digits; overflow is dirty. */
export const floatConverter: Converter = (cell, out, column) => {
  const double = doubleOf(cell);
  if (double === undefined) return wrongType(cell, 'FLOAT');
  const value = nearestFloat(double, cell);
  if (overflowed(value, cell)) return outOfRange(cell, 'FLOAT');
  out.float(column, value);
  return null;
};

/** Whether nothing is lost: fractions in decimal text count as the nearest value that they mean. */
export function isExact(cell: Cell, type: 'FLOAT' | 'DOUBLE'): boolean {
  const double = doubleOf(cell);
  if (double === undefined || Number.isNaN(double)) return true;
  const value = type === 'FLOAT' ? Math.fround(double) : double;
  if (cell.kind === DOUBLE) return value === double;
  const isWhole = digitsOf(cell, digits) && digits.length <= digits.point;
  // Overflow is out_of_range, which the converter says.
  return !isWhole || !Number.isFinite(value) || compareExact(digits, value) === 0;
}

const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

/**
 * Text -> double -> float rounds twice, which matters only when the double lies exactly between two
 * floats and the text does not: then the text decides.
 */
function nearestFloat(double: number, cell: Cell): number {
  const near = Math.fround(double);
  if (near === double || cell.kind === DOUBLE || !Number.isFinite(double) || !Number.isFinite(near))
    return near;
  const other = neighbour(near, double > near);
  if ((near + other) / 2 !== double || !digitsOf(cell, digits)) return near;
  const side = compareExact(digits, double);
  if (side === 0) return near;
  return side > 0 === other > near ? other : near;
}

/** The next float above or below a finite one. */
function neighbour(value: number, above: boolean): number {
  floats[0] = value === 0 ? 0 : value;
  if (value === 0) bits[0] = above ? 1 : 1 | -2147483648;
  else bits[0]! += value > 0 === above ? 1 : -1;
  return floats[0]!;
}

/** Sign of (decimal - double), by whole numbers. */
function compareExact(from: DecimalDigits, double: number): number {
  let mantissa = Math.abs(double);
  let power = 0;
  for (; !Number.isInteger(mantissa); power++) mantissa *= 2;
  const text = Array.from(from.digits.subarray(0, from.length)).join('') || '0';
  const exponent = from.point - from.length;
  const left = BigInt(text) * 2n ** BigInt(power) * 10n ** BigInt(Math.max(exponent, 0));
  const right = BigInt(mantissa) * 10n ** BigInt(Math.max(-exponent, 0));
  const side = left > right ? 1 : left < right ? -1 : 0;
  return double < 0 ? -side : side;
}
