import { Cell, STRING } from '../../decode/cell.ts';
import type { PlanColumn } from '../plan.ts';
import { booleanConverter } from './boolean.ts';
import type { Converter } from './converter.ts';
import { decimalConverter } from './decimal.ts';
import { doubleConverter, floatConverter } from './float.ts';
import { integerConverter } from './integer.ts';
import { jsonConverter } from './json.ts';
import { temporalConverter } from './temporal.ts';
import { binaryConverter, textConverter } from './text.ts';

type Options = Pick<PlanColumn, 'type' | 'time' | 'round' | 'trim'>;

/** The converter of a column: one per type, chosen once. */
export function createConverter(column: Options, maxFieldBytes: number): Converter {
  const convert = converterOf(column, maxFieldBytes);
  return column.trim ? trimmed(convert) : convert;
}

function converterOf({ type, time, round }: Options, maxFieldBytes: number): Converter {
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
      return textConverter(type, maxFieldBytes);
    case 'BOOLEAN':
      return booleanConverter;
    case 'DATE':
    case 'DATETIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return temporalConverter(type, time, round);
    case 'BINARY':
      return binaryConverter(maxFieldBytes);
    case 'JSON':
      return jsonConverter(maxFieldBytes);
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
