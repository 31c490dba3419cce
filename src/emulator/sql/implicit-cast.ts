import { type ColumnType, isIntegerType, typeText } from '../model/types.ts';

const TEXTS: readonly string[] = ['STRING', 'VARCHAR', 'CHAR'];
const TIMES: readonly string[] = ['DATE', 'DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ'];
const FLOATING: readonly string[] = ['FLOAT', 'DOUBLE'];
const INTEGERS: readonly string[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];

/**
 * Whether INSERT converts a value of one type into a column of another without being told to. Integers are
 * taken for each other, because a literal has no type of its own; a value that does not fit fails later.
 */
export function castsImplicitly(from: ColumnType, to: ColumnType): boolean {
  if (typeText(from) === typeText(to)) return true;
  if (TEXTS.includes(to.name)) return isScalar(from) && from.name !== 'BINARY';
  if (TEXTS.includes(from.name)) return isScalar(to) && to.name !== 'BOOLEAN';
  if (isIntegerType(from)) return isNumeric(to);
  if (from.name === 'DECIMAL') return to.name === 'DECIMAL' || FLOATING.includes(to.name);
  if (FLOATING.includes(from.name)) return to.name === 'DECIMAL' || FLOATING.includes(to.name);
  if (TIMES.includes(from.name)) return TIMES.includes(to.name);
  return castsNested(from, to);
}

const isNumeric = (type: ColumnType): boolean =>
  isIntegerType(type) || type.name === 'DECIMAL' || FLOATING.includes(type.name);

const isScalar = ({ name }: ColumnType): boolean => name !== 'ARRAY' && name !== 'MAP' && name !== 'STRUCT';

function castsNested(from: ColumnType, to: ColumnType): boolean {
  if (from.name === 'ARRAY' && to.name === 'ARRAY') return castsImplicitly(from.element, to.element);
  if (from.name === 'MAP' && to.name === 'MAP') {
    return castsImplicitly(from.key, to.key) && castsImplicitly(from.value, to.value);
  }
  if (from.name !== 'STRUCT' || to.name !== 'STRUCT' || from.fields.length !== to.fields.length) return false;
  return from.fields.every((field, index) => castsImplicitly(field.type, to.fields[index]!.type));
}

/** Types whose text does not depend on where it is read. */
const TEXTUAL: readonly string[] = [...INTEGERS, ...FLOATING, ...TEXTS, 'DECIMAL', 'BOOLEAN', 'DATE', 'JSON'];

/** Whether ALTER TABLE ... CHANGE COLUMN may give a column this type: every value it can have must fit. */
export function canWiden(from: ColumnType, to: ColumnType): boolean {
  if (to.name === 'STRING') return TEXTUAL.includes(from.name);
  if (isIntegerType(from) && isIntegerType(to))
    return INTEGERS.indexOf(from.name) <= INTEGERS.indexOf(to.name);
  if (isIntegerType(from))
    return FLOATING.includes(to.name) || (to.name === 'DECIMAL' && to.precision - to.scale >= 19);
  if (from.name === 'FLOAT') return to.name === 'DOUBLE';
  if (from.name === 'DECIMAL' && to.name === 'DECIMAL') {
    return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
  }
  return isText(from) && isText(to) && from.length <= to.length;
}

const isText = (type: ColumnType): type is Extract<ColumnType, { length: number }> =>
  type.name === 'VARCHAR' || type.name === 'CHAR';
