import { isGeneratedUnit } from '../../../model/catalog.ts';
import { literal } from '../../../store/duckdb-sql.ts';
import { castTo, convert, converts, fromLocal, local, movedTime } from '../casts.ts';
import { semantic } from '../context.ts';
import { truncTime } from '../trunc-time.ts';
import {
  BIGINT,
  columnType,
  DATETIME,
  INT,
  isText,
  isTime,
  type SqlType,
  STRING,
  type Typed,
} from '../types.ts';
import type { FunctionCall } from './calls.ts';
import { javaPattern } from './formats.ts';
import type { Special } from './special.ts';

/** Units of DATEADD, DATEDIFF, DATEPART and DATETRUNC in all their spellings. */
const UNITS: Record<string, string> = {
  yyyy: 'year',
  year: 'year',
  yy: 'year',
  q: 'quarter',
  quarter: 'quarter',
  mm: 'month',
  month: 'month',
  mon: 'month',
  week: 'week',
  dd: 'day',
  day: 'day',
  hh: 'hour',
  hour: 'hour',
  mi: 'minute',
  minute: 'minute',
  ss: 'second',
  second: 'second',
  ff3: 'millisecond',
  ff6: 'microsecond',
};

function unitOf(given: FunctionCall, value: Typed | undefined, index: number): string {
  if (value?.constant === undefined) throw given.wrong(index, value?.type ?? BIGINT, 'a constant STRING');
  const unit =
    UNITS[value.constant.toLowerCase().replace(/^(year|month|day|hour|minute|second|week|quarter)s$/, '$1')];
  if (!unit)
    throw semantic(given.context, given.call.args[index]!.at, `'${value.constant}' is no unit of time`);
  return unit;
}

/** The argument as a time; a text is a DATETIME. */
function timeOf(given: FunctionCall, args: readonly Typed[], index: number): { wall: string; type: SqlType } {
  const value = args[index]!;
  if (value.type.name === 'VOID') return { wall: 'CAST(NULL AS TIMESTAMP)', type: DATETIME };
  if (isTime(value.type)) return { wall: local(value.type, value.sql), type: value.type };
  if (!isText(value.type)) throw given.wrong(index, value.type, 'DATETIME');
  return { wall: local(value.type, value.sql), type: DATETIME };
}

/** A DATE that moves by hours becomes a DATETIME. */
const movedType = (type: SqlType, unit: string): SqlType =>
  type.name === 'DATE' && /hour|minute|second/.test(unit) ? DATETIME : type;

const dateadd: Special = (given) => {
  given.count(3, 3);
  const args = given.args();
  const { wall, type } = timeOf(given, args, 0);
  const unit = unitOf(given, args[2], 2);
  if (castTo(args[1]!, BIGINT) === undefined) throw given.wrong(1, args[1]!.type, 'BIGINT');
  const delta = convert(args[1]!, BIGINT);
  const step =
    unit === 'quarter'
      ? `to_months(CAST(3 * ${delta} AS INTEGER))`
      : `to_${unit}s(${needsInt(unit) ? `CAST(${delta} AS INTEGER)` : delta})`;
  const moved = `(${wall} + ${step})`;
  const result = movedType(type, unit);
  return { sql: movedTime(moved, { ...args[0]!, type }, result), type: result };
};

const needsInt = (unit: string): boolean => ['year', 'month', 'week', 'day'].includes(unit);

const datediff: Special = (given) => {
  given.count(2, 3);
  const args = given.args();
  const [a, b] = [timeOf(given, args, 0), timeOf(given, args, 1)];
  const unit = args[2] ? unitOf(given, args[2], 2) : 'day';
  return { sql: `CAST(date_diff('${unit}', ${b.wall}, ${a.wall}) AS BIGINT)`, type: BIGINT };
};

const PARTS: Record<string, (wall: string) => string> = {
  second: (wall) => `CAST(floor(second(${wall})) AS BIGINT)`,
  millisecond: (wall) => `CAST(millisecond(${wall}) % 1000 AS BIGINT)`,
  microsecond: (wall) => `CAST(microsecond(${wall}) % 1000000 AS BIGINT)`,
};

const datepart: Special = (given) => {
  given.count(2, 2);
  const args = given.args();
  const { wall } = timeOf(given, args, 0);
  const unit = unitOf(given, args[1], 1);
  return { sql: PARTS[unit]?.(wall) ?? `CAST(${unit}(${wall}) AS BIGINT)`, type: BIGINT };
};

/** A constant format is DuckDB's work, any other one is read for each row. */
function formatted(given: FunctionCall, wall: string, format: Typed, index: number): Typed {
  if (!isText(format.type) && format.type.name !== 'VOID') throw given.wrong(index, format.type, 'STRING');
  const pattern = format.constant === undefined ? undefined : javaPattern(format.constant);
  const sql =
    pattern === undefined
      ? `mc_java_format(epoch_us(${wall}), ${convert(format, STRING)})`
      : `strftime(${wall}, ${literal(pattern)})`;
  return { sql, type: STRING };
}

export const TIME_UNITS: Record<string, Special> = {
  date_format: (given) => {
    given.count(2, 2);
    const args = given.args();
    return formatted(given, timeOf(given, args, 0).wall, args[1]!, 1);
  },
  from_unixtime: (given) => {
    given.count(1, 2);
    const [seconds, format] = given.args() as [Typed, Typed | undefined];
    if (!converts(seconds.type, BIGINT)) throw given.wrong(0, seconds.type, 'BIGINT');
    // Beyond the year 9999 there are no times.
    const time = `to_timestamp(mc_epoch_seconds(${convert(seconds, BIGINT)}))`;
    return format ? formatted(given, `CAST(${time} AS TIMESTAMP)`, format, 1) : { sql: time, type: DATETIME };
  },
  dateadd,
  datediff,
  datepart,
  datetrunc: (given) => {
    given.count(2, 2);
    const args = given.args();
    const { wall, type } = timeOf(given, args, 0);
    const unit = unitOf(given, args[1], 1);
    return { sql: fromLocal(`date_trunc('${unit}', ${wall})`, type), type };
  },
  trunc_time: (given) => {
    given.count(2, 2);
    const [time, unit] = given.args() as [Typed, Typed];
    const word = unit.constant?.toLowerCase() ?? '';
    if (!isGeneratedUnit(word)) throw given.wrong(1, unit.type, "'year', 'month', 'day' or 'hour'");
    const type = isTime(time.type) ? columnType(time.type) : DATETIME;
    const cast = castTo(time, type);
    if (cast === undefined) throw given.wrong(0, time.type, 'DATETIME');
    return { sql: truncTime(cast, type, word), type: STRING };
  },
  extract: (given) => {
    const args = given.args();
    const [unit, time] = args as [Typed, Typed];
    const { wall } = timeOf(given, [unit, time], 1);
    const part = unitOf(given, unit, 0);
    return { sql: `CAST(${PARTS[part]?.(wall) ?? `${part}(${wall})`} AS INTEGER)`, type: INT };
  },
};
