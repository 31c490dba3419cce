import type { ScalarType } from '../types.ts';
import { typeText } from '../types.ts';
import { type Converter, notExact, outOfRange, type Rounding, wrongType } from './converter.ts';
import { type DecimalDigits, digitsOf, newDigits, roundDigits } from './decimal-digits.ts';

const ZERO = 48;
const MINUS = 45;
const DOT = 46;

const digits = newDigits();
/** Sign, 38 digits before and 18 behind the point. */
const text = new Uint8Array(64);

/**
 * DECIMAL(p,s): exact in all 38 digits. Digits beyond the scale are dirty unless `round` (HALF_UP); at most
 * p - s digits before the point (protocol 5.5). The text on the wire is canonical: plain notation,
 * no leading zeros or plus, no trailing zeros of the fraction, never -0.
 */
export function decimalConverter(type: ScalarType, round: Rounding): Converter {
  const scale = type.scale ?? 18;
  const integerDigits = (type.precision ?? 38) - scale;
  return (cell, out, column) => {
    if (!digitsOf(cell, digits)) return wrongType(cell, typeText(type));
    if (digits.length - digits.point > scale) {
      if (!round) return notExact(cell, typeText(type));
      roundDigits(digits, digits.point + scale, round === 'cut');
    }
    if (digits.point > integerDigits) return outOfRange(cell, typeText(type));
    out.bytes(column, text, 0, putPlain(digits, text));
    return null;
  };
}

/** Writes the number in plain notation; the number of bytes. */
function putPlain(from: DecimalDigits, into: Uint8Array): number {
  const { digits: source, length, point } = from;
  let at = 0;
  if (from.negative) into[at++] = MINUS;
  if (point <= 0) into[at++] = ZERO;
  for (let i = 0; i < point; i++) into[at++] = ZERO + (i < length ? source[i]! : 0);
  if (length <= point) return at;
  into[at++] = DOT;
  for (let i = point; i < 0; i++) into[at++] = ZERO;
  for (let i = Math.max(point, 0); i < length; i++) into[at++] = ZERO + source[i]!;
  return at;
}
