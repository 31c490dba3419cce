import { Cell, STRING } from '../../decode/cell/cell.ts';
import { concealed } from '../conceal/conceal.ts';
import type { PlanColumn } from '../plan.ts';
import { isNested, type NestedType, type ScalarType } from '../types.ts';
import { booleanConverter } from './boolean.ts';
import { strictConverter } from './coercion.ts';
import type { Converter, Rounding } from './converter.ts';
import { decimalConverter } from './decimal.ts';
import { doubleConverter, floatConverter } from './float.ts';
import { integerConverter } from './integer.ts';
import { dayTimeConverter, yearMonthConverter } from './interval.ts';
import { jsonConverter } from './json.ts';
import { nestedConverter } from './nested.ts';
import { temporalConverter } from './temporal.ts';
import { binaryConverter, textConverter } from './text.ts';

interface Options extends Pick<PlanColumn, 'type' | 'time' | 'trim' | 'coercion' | 'mask' | 'hash'> {
  readonly round: Rounding;
  /** Text that is too long is cut; absent: it is dirty. */
  readonly cutText?: boolean;
  readonly name?: string;
}

/** The converter of a column: one per type, chosen once. Options hold for the leaves of a nested type too. */
export function createConverter(column: Options, maxFieldBytes: number): Converter {
  const { type, time, round, trim, coercion } = column;
  const convert = isNested(type)
    ? nested(type, column, maxFieldBytes)
    : scalarConverter(type, column, maxFieldBytes);
  const concealing = concealed(column, convert, maxFieldBytes);
  const trimming = trim ? trimmed(concealing) : concealing;
  return coercion === 'strict'
    ? strictConverter(trimming, { type, timeFormat: time.format, round })
    : trimming;
}

function nested(type: NestedType, column: Options, maxFieldBytes: number): Converter {
  const of = (options: Options) => (leaf: ScalarType) =>
    createConverter({ ...options, type: leaf }, maxFieldBytes);
  const { name = '', coercion = 'lenient' } = column;
  return nestedConverter(type, {
    name,
    coercion,
    leaf: of(column),
    key: of({ ...column, coercion: 'lenient' }),
  });
}

function scalarConverter(
  type: ScalarType,
  { time, round, cutText }: Options,
  maxFieldBytes: number,
): Converter {
  switch (type.name) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      return integerConverter(type, round, time.format);
    case 'FLOAT':
      return floatConverter;
    case 'DOUBLE':
      return doubleConverter;
    case 'DECIMAL':
      return decimalConverter(type, round);
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
      return textConverter(type, maxFieldBytes, cutText);
    case 'BOOLEAN':
      return booleanConverter;
    case 'DATE':
    case 'DATETIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return temporalConverter(type, time, round);
    case 'BINARY':
      return binaryConverter(maxFieldBytes, cutText);
    case 'JSON':
      return jsonConverter(maxFieldBytes);
    case 'INTERVAL_DAY_TIME':
      return dayTimeConverter(time.format, round);
    case 'INTERVAL_YEAR_MONTH':
      return yearMonthConverter;
  }
}

const BLANK = 32;

/** Blanks and control characters (tab, line ends) around a text do not count. */
function trimmed(convert: Converter): Converter {
  const inner = new Cell();
  return (cell, out, column) => {
    if (cell.kind !== STRING) return convert(cell, out, column);
    let { start, end } = cell;
    while (start < end && cell.bytes[start]! <= BLANK) start++;
    while (end > start && cell.bytes[end - 1]! <= BLANK) end--;
    inner.setBytes(STRING, cell.bytes, start, end);
    return convert(inner, out, column);
  };
}
