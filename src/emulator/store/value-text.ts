import { malformed } from '../errors.ts';
import { plainDecimal } from '../model/decimal.ts';

/** Digits of a decimal text, with an exponent or without, at the column's scale; excess digits are rounded half up (protocol 5.5). */
export function decimalDigits(text: string, precision: number, scale: number): bigint {
  const match = /^([-+]?)(\d*)(?:\.(\d*))?$/.exec(plainDecimal(text));
  if (!match || !(match[2] || match[3])) throw malformed(`"${text.slice(0, 60)}" is no decimal`);
  const fraction = match[3] ?? '';
  const kept = BigInt(`${match[2] || '0'}${fraction.slice(0, scale).padEnd(scale, '0')}`);
  const digits = (fraction[scale] ?? '0') >= '5' ? kept + 1n : kept;
  if (digits >= 10n ** BigInt(precision))
    throw malformed(`${text} does not fit into DECIMAL(${precision},${scale})`);
  return match[1] === '-' ? -digits : digits;
}
