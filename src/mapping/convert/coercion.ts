import {
  BOOLEAN,
  BYTES,
  type Cell,
  DAY,
  type Dirty,
  DOUBLE,
  INSTANT,
  INTEGER,
  JSON_TEXT,
  LOCAL,
  NUMBER,
  STRING,
  TIME,
  TREE,
} from '../../decode/cell/cell.ts';
import type { ColumnType } from '../types.ts';
import { type ScalarName, typeText } from '../types.ts';
import { type Converter, dirty, notExact, type Rounding, show } from './converter.ts';
import { isExact } from './float.ts';

type Family = 'boolean' | 'number' | 'text' | 'bytes' | 'time' | 'json' | 'interval' | 'nested';

const NUMBERS = [INTEGER, DOUBLE, NUMBER];
const TIMES = [INSTANT, LOCAL, DAY];
const CONTAINERS = [JSON_TEXT, TREE];

/** Which kinds `coercion: strict` lets into the types of a family. */
const STRICT: Record<Family, readonly number[]> = {
  boolean: [BOOLEAN],
  number: NUMBERS,
  text: [STRING],
  bytes: [BYTES],
  time: TIMES,
  json: [BOOLEAN, ...NUMBERS, STRING, ...CONTAINERS],
  // No format has a kind of its own for durations.
  interval: [STRING],
  nested: CONTAINERS,
};
/** With a time format the operator says that texts and numbers are times. */
const WRITTEN_TIMES = [STRING, ...NUMBERS];

const FAMILIES: Record<ColumnType['name'], Family> = {
  TINYINT: 'number',
  SMALLINT: 'number',
  INT: 'number',
  BIGINT: 'number',
  FLOAT: 'number',
  DOUBLE: 'number',
  DECIMAL: 'number',
  STRING: 'text',
  VARCHAR: 'text',
  CHAR: 'text',
  BOOLEAN: 'boolean',
  DATE: 'time',
  DATETIME: 'time',
  TIMESTAMP: 'time',
  TIMESTAMP_NTZ: 'time',
  BINARY: 'bytes',
  JSON: 'json',
  INTERVAL_DAY_TIME: 'interval',
  INTERVAL_YEAR_MONTH: 'interval',
  ARRAY: 'nested',
  MAP: 'nested',
  STRUCT: 'nested',
};

const NAMES: Readonly<Record<number, string>> = {
  [BOOLEAN]: 'a boolean',
  [INTEGER]: 'a number',
  [DOUBLE]: 'a number',
  [NUMBER]: 'a number',
  [STRING]: 'a text',
  [BYTES]: '',
  [JSON_TEXT]: 'an object or array',
  [TREE]: 'an object or array',
  [INSTANT]: 'a time',
  [LOCAL]: 'a time',
  [DAY]: 'a date',
  [TIME]: '',
};

/**
 * `coercion: strict` around a converter: the kind of the source must be of the family of the column type.
 * Between number types what fits exactly passes, unless `round` asks for more.
 */
export function strictConverter(
  convert: Converter,
  { type, timeFormat, round }: { type: ColumnType; timeFormat: string | null; round: Rounding },
): Converter {
  const family = FAMILIES[type.name];
  const text = typeText(type);
  const written = family === 'time' && timeFormat !== null ? WRITTEN_TIMES : [];
  const allowed = new Set([...STRICT[family], ...written]);
  const floating: ScalarName | null = type.name === 'FLOAT' || type.name === 'DOUBLE' ? type.name : null;
  return (cell, out, column) => {
    if (!allowed.has(cell.kind)) return refused(cell, text);
    if (floating && !round && !isExact(cell, floating)) return notExact(cell, floating);
    return convert(cell, out, column);
  };
}

/** What strict says to a cell of another kind. */
export function refused(cell: Cell, type: string): Dirty {
  const name = NAMES[cell.kind] ? `${NAMES[cell.kind]}: ` : '';
  return dirty('wrong_type', `${name}${show(cell)} is not converted to ${type}: coercion is strict`);
}
