import { decimalNumber, plainDecimal } from '../../model/decimal.ts';
import type { ColumnType } from '../../model/types.ts';
import { valueCheck } from '../../record/value-checks.ts';
import type { Bytes } from './bytes.ts';
import {
  type Counted,
  decimalOf,
  type Encoding,
  hugeInteger,
  longInteger,
  PHYSICAL,
  valueStart,
} from './encoding.ts';

type DecimalType = Extract<ColumnType, { name: 'DECIMAL' }>;

/** Digits at the scale, in 8 bytes or in 16. */
export function decimals(type: DecimalType, values: Bytes, counted: Counted): Encoding {
  const { precision, scale } = type;
  const check = valueCheck(type);
  const isLong = precision <= 18;
  const add = (text: string) => {
    const digits = decimalNumber(text, scale);
    if (isLong) longInteger(values, digits);
    else hugeInteger(values, digits);
    counted.bytes += text.length;
  };
  return {
    physical: isLong ? PHYSICAL.int64 : PHYSICAL.fixed,
    describe: decimalOf(precision, scale),
    fromCell: (cell) => add(cell as string),
    fromRecord: (scan) => {
      const start = valueStart(scan);
      const number = isLong ? shortDecimal(scan.bytes, start, scan.at, precision, scale) : undefined;
      if (number === undefined) {
        const text = plainDecimal(Buffer.from(scan.bytes.subarray(start, scan.at)).toString('latin1'));
        check?.(text);
        return add(text);
      }
      values.int32(number | 0);
      values.int32(Math.floor(number / 4294967296));
      counted.bytes += scan.at - start;
    },
  };
}

/** Digits at the scale when a Number holds them and nothing is to be rounded; a BigInt for each costs most of it. */
function shortDecimal(
  bytes: Uint8Array,
  start: number,
  end: number,
  precision: number,
  scale: number,
): number | undefined {
  const isNegative = bytes[start] === MINUS;
  let digits = 0;
  let point = -1;
  let number = 0;
  for (let at = isNegative ? start + 1 : start; at < end; at += 1) {
    const digit = bytes[at]! - ZERO;
    if (bytes[at] === POINT && point < 0) point = digits;
    else if (digit < 0 || digit > 9) return undefined;
    else {
      number = number * 10 + digit;
      digits += 1;
    }
  }
  const missing = scale - (point < 0 ? 0 : digits - point);
  if (digits === 0 || missing < 0 || digits + missing > Math.min(15, precision)) return undefined;
  const scaled = number * 10 ** missing;
  return isNegative ? -scaled : scaled;
}

const [MINUS, POINT, ZERO] = [45, 46, 48];
