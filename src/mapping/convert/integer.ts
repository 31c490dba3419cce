import {
  type Cell,
  DAY,
  type Dirty,
  INSTANT,
  INTEGER,
  LOCAL,
  NUMBER,
  STRING,
  TIME,
} from '../../decode/cell/cell.ts';
import { epochUnit } from '../time/epoch.ts';
import type { ScalarType } from '../types.ts';
import {
  type ColumnWriter,
  type Converter,
  notExact,
  outOfRange,
  type Rounding,
  wrongType,
} from './converter.ts';
import {
  digitsOf,
  newDigits,
  readSafeInteger,
  roundDigits,
  SAFE_DIGITS,
  smallInteger,
} from './decimal-digits.ts';

const LARGEST: Partial<Record<ScalarType['name'], number>> = {
  TINYINT: 127,
  SMALLINT: 32_767,
  INT: 2_147_483_647,
};
const BIGINT_MAX = 2n ** 63n - 1n;

/**
 * TINYINT SMALLINT INT BIGINT. A fraction is dirty unless `round` (HALF_UP); `1.0` and `1e3` are whole.
 * BIGINT -2^63 does not exist on the wire (protocol 5.5): dirty, or -2^63+1 with `round`. Times become
 * epoch numbers in the unit of `timeFormat` (default ms).
 */
export function integerConverter(type: ScalarType, round: Rounding, timeFormat: string | null): Converter {
  const max = LARGEST[type.name] ?? Number.POSITIVE_INFINITY;
  const big = type.name === 'BIGINT';
  const perSecond = epochUnit(timeFormat ?? 'epoch_ms');

  const safe = (value: number, cell: Cell, out: ColumnWriter, column: number): Dirty | null => {
    if (value > max || value < -max - 1) return outOfRange(cell, type.name);
    out.integer(column, value);
    return null;
  };
  const wide = (value: bigint, cell: Cell, out: ColumnWriter, column: number): Dirty | null => {
    if (BigInt.asIntN(54, value) === value) return safe(Number(value), cell, out, column);
    const kept = round === true && value === -BIGINT_MAX - 1n ? -BIGINT_MAX : value;
    if (!big || kept > BIGINT_MAX || kept < -BIGINT_MAX) return outOfRange(cell, type.name);
    out.bigInteger(column, kept);
    return null;
  };
  const exact = (cell: Cell, out: ColumnWriter, column: number): Dirty | null => {
    if (!digitsOf(cell, digits)) return wrongType(cell, type.name);
    if (digits.length > digits.point && !round) return notExact(cell, type.name);
    roundDigits(digits, digits.point, round === 'cut');
    if (digits.point <= SAFE_DIGITS) return safe(smallInteger(digits), cell, out, column);
    return digits.point > 19 ? outOfRange(cell, type.name) : wide(bigInteger(), cell, out, column);
  };
  const time = (cell: Cell, out: ColumnWriter, column: number): Dirty | null => {
    const perUnit = 1e9 / (perSecond ?? 1000);
    if (cell.nanos % perUnit !== 0 && !round) return notExact(cell, type.name);
    const units = BigInt((round === 'cut' ? Math.floor : Math.round)(cell.nanos / perUnit));
    return wide(BigInt(cell.num) * BigInt(perSecond ?? 1000) + units, cell, out, column);
  };

  return (cell, out, column) => {
    switch (cell.kind) {
      case INTEGER:
        return cell.safe ? safe(cell.num, cell, out, column) : wide(cell.big, cell, out, column);
      case NUMBER:
      case STRING: {
        const value = readSafeInteger(cell.bytes, cell.start, cell.end);
        return Number.isNaN(value) ? exact(cell, out, column) : safe(value, cell, out, column);
      }
      case INSTANT:
      case LOCAL:
      case TIME:
        return time(cell, out, column);
      case DAY:
        return wrongType(cell, type.name);
      default:
        return exact(cell, out, column);
    }
  };
}

const digits = newDigits();

/** Of at most 19 whole digits: two numbers are cheaper than a parsed text. */
function bigInteger(): bigint {
  const low = digits.point - 9;
  let high = 0;
  let rest = 0;
  for (let i = 0; i < low; i++) high = high * 10 + digitAt(i);
  for (let i = low; i < digits.point; i++) rest = rest * 10 + digitAt(i);
  const value = BigInt(high) * 1_000_000_000n + BigInt(rest);
  return digits.negative ? -value : value;
}

function digitAt(i: number): number {
  return i < digits.length ? digits.digits[i]! : 0;
}
