import type { ColumnType } from '../../model/types.ts';
import { identifier, literal } from '../../store/duckdb-sql.ts';
import {
  columnType,
  duckName,
  isInteger,
  isNested,
  isNumber,
  isText,
  isTime,
  type SqlType,
  STRING,
  sameType,
  type Typed,
} from './types.ts';

/** Whether the service converts without being told: arguments, comparisons, branches. */
export function converts(from: SqlType, to: SqlType): boolean {
  if (from.name === 'VOID' || sameType(from, to)) return true;
  if (isText(to)) return !isNested(from) && from.name !== 'BINARY' && from.name !== 'BOOLEAN';
  if (isNumber(to)) return isNumber(from) || isText(from);
  if (isTime(to)) return isTime(from) || isText(from);
  if (to.name === 'ARRAY') return from.name === 'ARRAY' && converts(from.element, to.element);
  if (to.name === 'MAP') {
    return from.name === 'MAP' && converts(from.key, to.key) && converts(from.value, to.value);
  }
  return false;
}

/** The value as the type, for one that `converts`. */
export function convert(value: Typed, to: SqlType): string {
  if (to.name === 'VOID' || sameType(value.type, to)) return value.sql;
  if (value.type.name === 'VOID') return `CAST(NULL AS ${duckName(to)})`;
  // Lists of thousands of numbers are planned in a third of the time without a second cast.
  if (isInteger(value.type) && isNumber(to) && value.constant)
    return `CAST(${value.constant} AS ${duckName(to)})`;
  return castTo(value, to) ?? value.sql;
}

/** `CAST(value AS to)` with MaxCompute's results; undefined when it is not allowed. */
export function castTo(value: Typed, to: ColumnType): string | undefined {
  const { type: from, sql } = value;
  if (sameType(from, to)) return sql;
  if (from.name === 'VOID') return `CAST(NULL AS ${duckName(to)})`;
  if (from.name === 'JSON') return castJson(sql, to);
  if (isNested(to) || isNested(from)) return castNested(value, to);
  if (isText(to)) return castToText(value, to);
  if (isInteger(to)) return castToInteger(value, to);
  if (isNumber(to)) return castToNumber(value, to);
  if (isTime(to)) return castToTime(value, to);
  switch (to.name) {
    case 'BOOLEAN':
      return isText(from) ? `(${sql} <> '')` : isNumber(from) ? `(${sql} <> 0)` : undefined;
    case 'BINARY':
      return isText(from) ? `encode(${sql})` : undefined;
    case 'JSON':
      return isText(from) || isTime(from)
        ? `CAST(to_json(${textOf(from, sql)}) AS VARCHAR)`
        : `CAST(${sql} AS VARCHAR)`;
    default:
      return undefined;
  }
}

function castToText({ type: from, sql }: Typed, to: ColumnType): string | undefined {
  const text = textOf(from, sql);
  if (text === undefined || to.name === 'STRING') return text;
  return 'length' in to ? `substring(${text}, 1, ${to.length})` : text;
}

/** A value as the service writes it. */
export function textOf(from: SqlType, sql: string): string | undefined {
  switch (from.name) {
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
    case 'JSON':
      return sql;
    case 'DOUBLE':
      return `mc_double_text(${sql})`;
    case 'FLOAT':
      return `mc_float_text(CAST(${sql} AS DOUBLE))`;
    case 'DECIMAL':
      return from.scale ? `rtrim(rtrim(CAST(${sql} AS VARCHAR), '0'), '.')` : `CAST(${sql} AS VARCHAR)`;
    case 'DATETIME':
      return `strftime(${local(from, sql)}, '%Y-%m-%d %H:%M:%S')`;
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return `mc_timestamp_text(${local(from, sql)}, ${sql})`;
    case 'BINARY':
      return `decode(${sql})`;
    case 'ARRAY':
    case 'MAP':
    case 'STRUCT':
      return undefined;
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

function castToInteger({ type: from, sql }: Typed, to: ColumnType): string | undefined {
  const name = duckName(to);
  if (isText(from)) return name === 'BIGINT' ? `mc_bigint(${sql})` : `TRY_CAST(mc_bigint(${sql}) AS ${name})`;
  if (isInteger(from)) return isWider(to, from) ? `CAST(${sql} AS ${name})` : `TRY_CAST(${sql} AS ${name})`;
  if (from.name === 'BOOLEAN') return `CAST(${sql} AS ${name})`;
  return isNumber(from) ? `TRY_CAST(trunc(${sql}) AS ${name})` : undefined;
}

const ORDER = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];
const isWider = (a: SqlType, b: SqlType): boolean => ORDER.indexOf(a.name) > ORDER.indexOf(b.name);

function castToNumber({ type: from, sql }: Typed, to: ColumnType): string | undefined {
  const name = duckName(to);
  if (from.name === 'BOOLEAN') return `CAST(CAST(${sql} AS INTEGER) AS ${name})`;
  if (isNumber(from)) {
    return to.name === 'DECIMAL' ? `TRY_CAST(${sql} AS ${name})` : `CAST(${sql} AS ${name})`;
  }
  if (!isText(from)) return undefined;
  if (to.name === 'DECIMAL') return `TRY_CAST(mc_number(${sql}) AS ${name})`;
  return to.name === 'DOUBLE' ? `mc_double(${sql})` : `CAST(mc_double(${sql}) AS ${name})`;
}

/** The wall-clock time of the session's zone, a DuckDB TIMESTAMP. */
export function local(from: SqlType, sql: string): string {
  if (isText(from)) return `mc_local(${sql})`;
  if (from.name === 'TIMESTAMP') return `CAST(make_timestamptz(mc_microseconds(${sql})) AS TIMESTAMP)`;
  if (from.name === 'TIMESTAMP_NTZ') return `make_timestamp(mc_microseconds(${sql}))`;
  return `CAST(${sql} AS TIMESTAMP)`;
}

/** A wall-clock time as one of the time types; TIMESTAMP is nanoseconds since 1970 in UTC, TIMESTAMP_NTZ on the wall. */
export function fromLocal(sql: string, to: SqlType): string {
  if (to.name === 'TIMESTAMP') return `mc_nanoseconds(CAST(${sql} AS TIMESTAMPTZ))`;
  if (to.name === 'TIMESTAMP_NTZ') return `mc_nanoseconds(CAST(${sql} AS TIMESTAMP))`;
  return `CAST(${sql} AS ${duckName(to)})`;
}

export function wallNanoseconds({ type, sql }: Typed): string {
  const whole = `mc_nanoseconds(${local(type, sql)})`;
  return isFine(type) ? `(${whole} + mc_below_microsecond(${sql}))` : whole;
}

const isFine = ({ name }: SqlType): boolean => name === 'TIMESTAMP' || name === 'TIMESTAMP_NTZ';

/** A time that was moved as a wall clock; the nanoseconds below a microsecond stay what they were. */
export function movedTime(moved: string, from: Typed, to: SqlType): string {
  const whole = fromLocal(`mc_in_years(${moved})`, to);
  return isFine(from.type) && isFine(to) ? `(${whole} + mc_below_microsecond(${from.sql}))` : whole;
}

function castToTime({ type: from, sql }: Typed, to: ColumnType): string | undefined {
  // PyODPS's own tests count seconds so.
  if (isInteger(from) && to.name === 'TIMESTAMP') return `mc_from_seconds(${sql})`;
  if (!isText(from) && !isTime(from)) return undefined;
  if (isText(from) && isFine(to)) return `(${fromLocal(local(from, sql), to)} + mc_wall_below(${sql}))`;
  // Instants need no zone between them.
  if (from.name === 'DATETIME' && to.name === 'TIMESTAMP') return `mc_nanoseconds(${sql})`;
  if (from.name === 'TIMESTAMP' && to.name === 'DATETIME') return `make_timestamptz(mc_microseconds(${sql}))`;
  return movedTime(local(from, sql), { sql, type: from }, to);
}

function castJson(sql: string, to: ColumnType): string | undefined {
  if (isNested(to) || to.name === 'BINARY') return undefined;
  const text: Typed = { sql: `mc_json_text(${sql})`, type: STRING };
  if (to.name === 'BOOLEAN') return `TRY_CAST(${text.sql} AS BOOLEAN)`;
  return isText(to) ? castToText(text, to) : castTo(text, to);
}

/** Element by element, key by key, field by field. */
function castNested({ type: from, sql }: Typed, to: ColumnType): string | undefined {
  if (from.name === 'ARRAY' && to.name === 'ARRAY') {
    const element = castTo({ sql: '"each value"', type: from.element }, to.element);
    return element && `list_transform(${sql}, lambda "each value": ${element})`;
  }
  if (from.name === 'MAP' && to.name === 'MAP') {
    const key = castTo({ sql: '"each value".key', type: from.key }, to.key);
    const value = castTo({ sql: '"each value".value', type: from.value }, to.value);
    if (!key || !value) return undefined;
    return `map_from_entries(list_transform(map_entries(${sql}), lambda "each value": {'key': ${key}, 'value': ${value}}))`;
  }
  if (from.name !== 'STRUCT' || to.name !== 'STRUCT' || from.fields.length !== to.fields.length)
    return undefined;
  const fields = from.fields.map((field, index) => {
    const given = { sql: `struct_extract(${sql}, ${literal(field.name)})`, type: field.type };
    return { name: to.fields[index]!.name, sql: castTo(given, to.fields[index]!.type) };
  });
  if (fields.some((field) => field.sql === undefined)) return undefined;
  const packed = fields.map((field) => `${identifier(field.name)} := ${field.sql}`).join(', ');
  return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${packed}) END`;
}

/** The value as a column of a result, NULL columns as STRING. */
export const asColumn = (value: Typed): string =>
  value.type.name === 'VOID' ? `CAST(NULL AS ${duckName(columnType(value.type))})` : value.sql;
