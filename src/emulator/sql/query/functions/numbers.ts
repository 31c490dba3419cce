import { convert } from '../casts.ts';
import {
  asDecimal,
  BIGINT,
  DOUBLE,
  decimalType,
  duckName,
  isInteger,
  isNumber,
  isText,
  type SqlType,
  type Typed,
} from '../types.ts';
import type { FunctionCall } from './calls.ts';
import type { Special } from './special.ts';

/** The number itself; a text as DOUBLE. */
function numberOf(given: FunctionCall, index: number, args: readonly Typed[]): Typed {
  const value = args[index]!;
  if (isNumber(value.type)) return value;
  if (isText(value.type) || value.type.name === 'VOID') return { sql: convert(value, DOUBLE), type: DOUBLE };
  throw given.wrong(index, value.type, 'BIGINT/DOUBLE/DECIMAL');
}

/** Whole numbers as BIGINT, decimals as decimals. */
const whole =
  (name: string): Special =>
  (given) => {
    given.count(1, 1);
    const value = numberOf(given, 0, given.args());
    if (isInteger(value.type)) return { sql: convert(value, BIGINT), type: BIGINT };
    if (value.type.name !== 'DECIMAL')
      return { sql: `TRY_CAST(${name}(${value.sql}) AS BIGINT)`, type: BIGINT };
    const type = decimalType(value.type.precision - value.type.scale + 1, 0);
    return { sql: `CAST(${name}(${value.sql}) AS ${duckName(type)})`, type };
  };

/** Rounds or cuts at a place that may be left of the point; decimals keep their exact digits. */
const rounding =
  (name: 'round' | 'trunc'): Special =>
  (given) => {
    given.count(1, 2);
    const args = given.args();
    const value = numberOf(given, 0, args);
    const places = args[1];
    if (places && !isInteger(places.type) && places.type.name !== 'VOID')
      throw given.wrong(1, places.type, 'BIGINT');
    const digits = places ? convert(places, BIGINT) : 'CAST(0 AS BIGINT)';
    if (value.type.name === 'DECIMAL' || isInteger(value.type)) {
      const type = roundedType(value.type, places?.constant);
      const text = `mc_${name}_decimal(CAST(${value.sql} AS VARCHAR), ${digits})`;
      return { sql: `TRY_CAST(${text} AS ${duckName(type)})`, type };
    }
    return { sql: `mc_${name}(CAST(${value.sql} AS DOUBLE), ${digits})`, type: DOUBLE };
  };

function roundedType(type: SqlType, places: string | undefined): SqlType {
  if (isInteger(type)) return BIGINT;
  const { precision, scale } = asDecimal(type);
  const kept = Math.min(scale, Math.max(0, Number(places ?? scale)));
  return decimalType(Math.min(38, precision - scale + kept + 1), kept);
}

const sameNumber =
  (template: (sql: string) => string): Special =>
  (given) => {
    given.count(1, 1);
    const value = numberOf(given, 0, given.args());
    return { sql: `CAST(${template(value.sql)} AS ${duckName(value.type)})`, type: value.type };
  };

export const NUMBERS: Record<string, Special> = {
  abs: sameNumber((sql) => `abs(${sql})`),
  ceil: whole('ceil'),
  floor: whole('floor'),
  round: rounding('round'),
  trunc: rounding('trunc'),
};
