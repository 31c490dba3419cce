import { type ColumnType, parseType, typeText } from '../../model/types.ts';
import { identifier, storedType } from '../../store/duckdb-sql.ts';

/** The type of an expression; VOID is that of a bare NULL. */
export type SqlType = ColumnType | { readonly name: 'VOID' };

/** An expression in DuckDB's dialect with its MaxCompute type. */
export interface Typed {
  readonly sql: string;
  readonly type: SqlType;
  /** The text of a literal: units and formats must be constants. */
  readonly constant?: string;
}

export const VOID: SqlType = { name: 'VOID' };
export const STRING: ColumnType = { name: 'STRING' };
export const BIGINT: ColumnType = { name: 'BIGINT' };
export const INT: ColumnType = { name: 'INT' };
export const DOUBLE: ColumnType = { name: 'DOUBLE' };
export const BOOLEAN: ColumnType = { name: 'BOOLEAN' };
export const DATETIME: ColumnType = { name: 'DATETIME' };

/** The type as the service's messages name it. */
export const typeName = (type: SqlType): string =>
  type.name === 'VOID' ? 'VOID' : typeText(type).toUpperCase();

const INTEGERS: readonly string[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];
const NUMBERS: readonly string[] = [...INTEGERS, 'DECIMAL', 'FLOAT', 'DOUBLE'];

export const isInteger = (type: SqlType): boolean => INTEGERS.includes(type.name);
export const isNumber = (type: SqlType): boolean => NUMBERS.includes(type.name);
export const isText = (type: SqlType): boolean => ['STRING', 'VARCHAR', 'CHAR'].includes(type.name);
export const isInstant = (type: SqlType): boolean =>
  ['DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ'].includes(type.name);
export const isTime = (type: SqlType): boolean => type.name === 'DATE' || isInstant(type);
export const isNested = (type: SqlType): boolean => ['ARRAY', 'MAP', 'STRUCT'].includes(type.name);

export const sameType = (a: SqlType, b: SqlType): boolean => typeName(a) === typeName(b);

/** How a value of the type looks inside DuckDB's queries: as it is kept, but for what is nested. */
export function duckName(type: SqlType): string {
  switch (type.name) {
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return 'HUGEINT';
    case 'ARRAY':
      return `${duckName(type.element)}[]`;
    case 'MAP':
      return `MAP(${duckName(type.key)}, ${duckName(type.value)})`;
    case 'STRUCT':
      return `STRUCT(${type.fields.map((field) => `${identifier(field.name)} ${duckName(field.type)}`).join(', ')})`;
    case 'VOID':
      return 'VARCHAR';
    default:
      return storedType(type);
  }
}

const DIGITS: Record<string, number> = { TINYINT: 3, SMALLINT: 5, INT: 10, BIGINT: 19 };

/** A number type as a decimal: BIGINT is DECIMAL(19,0). */
export function asDecimal(type: SqlType): { readonly precision: number; readonly scale: number } {
  if (type.name === 'DECIMAL') return type;
  return { precision: DIGITS[type.name] ?? 38, scale: DIGITS[type.name] ? 0 : 18 };
}

/** DECIMAL(p,s) within the limits of 38 digits, 18 of them behind the point. */
export function decimalType(precision: number, scale: number): ColumnType {
  const kept = Math.min(scale, 18);
  return {
    name: 'DECIMAL',
    precision: Math.min(38, Math.max(precision - scale + kept, kept, 1)),
    scale: kept,
  };
}

/** The type that both numbers fit into. */
function commonNumber(a: SqlType, b: SqlType): SqlType {
  if (isInteger(a) && isInteger(b)) return INTEGERS.indexOf(a.name) > INTEGERS.indexOf(b.name) ? a : b;
  if (a.name === 'DOUBLE' || b.name === 'DOUBLE') return DOUBLE;
  if (a.name === 'FLOAT' || b.name === 'FLOAT') return a.name === b.name ? a : DOUBLE;
  const [left, right] = [asDecimal(a), asDecimal(b)];
  const scale = Math.max(left.scale, right.scale);
  return decimalType(Math.max(left.precision - left.scale, right.precision - right.scale) + scale, scale);
}

const TIMES: readonly string[] = ['DATE', 'DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ'];

/** The type of `CASE`, `UNION` and comparisons over both; undefined when there is none. */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.name === 'VOID' || sameType(a, b)) return b;
  if (b.name === 'VOID') return a;
  if (isNumber(a) && isNumber(b)) return commonNumber(a, b);
  if (isTime(a) && isTime(b)) return TIMES.indexOf(a.name) > TIMES.indexOf(b.name) ? a : b;
  if (isText(a) || isText(b)) {
    const other = isText(a) ? b : a;
    return isNested(other) || other.name === 'BOOLEAN' || other.name === 'BINARY' ? undefined : STRING;
  }
  return commonNested(a, b);
}

function commonNested(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.name === 'ARRAY' && b.name === 'ARRAY') {
    const element = commonType(a.element, b.element);
    return element && element.name !== 'VOID' ? { name: 'ARRAY', element } : undefined;
  }
  if (a.name === 'MAP' && b.name === 'MAP') {
    const [key, value] = [commonType(a.key, b.key), commonType(a.value, b.value)];
    const known = key && value && key.name !== 'VOID' && value.name !== 'VOID';
    return known ? { name: 'MAP', key, value } : undefined;
  }
  if (a.name !== 'STRUCT' || b.name !== 'STRUCT' || a.fields.length !== b.fields.length) return undefined;
  const types = a.fields.map((field, index) => commonType(field.type, b.fields[index]!.type));
  if (types.some((type) => !type || type.name === 'VOID')) return undefined;
  const fields = a.fields.map(({ name }, index) => ({ name, type: types[index] as ColumnType }));
  return { name: 'STRUCT', fields };
}

/** The common type of all, VOID for none; undefined when two do not fit. */
export function commonOf(types: readonly SqlType[]): SqlType | undefined {
  let common: SqlType | undefined = VOID;
  for (const type of types) common = common && commonType(common, type);
  return common;
}

/** A column that is NULL everywhere is a STRING: results have no VOID columns. */
export const columnType = (type: SqlType): ColumnType => (type.name === 'VOID' ? STRING : type);

export const namedType = (text: string): ColumnType => parseType(text);
