import type { ColumnDefinition } from '../model/catalog.ts';
import { type ColumnType, lowerFields, parseType } from '../model/types.ts';
import {
  type Cursor,
  inParentheses,
  isSymbol,
  passUntil,
  peekWord,
  readColumnName,
  readIdentifier,
  readText,
  startOf,
  takeSymbol,
  takeWords,
  textSince,
} from './cursor.ts';
import { readNames } from './parse-names.ts';
import type { AddedColumn } from './statements.ts';
import { parseError } from './tokens.ts';

export interface ColumnList {
  readonly columns: ColumnDefinition[];
  readonly primaryKey: string[];
}

/** `(name TYPE ..., PRIMARY KEY (name))`. */
export function readColumns(cursor: Cursor): ColumnList {
  const columns: ColumnDefinition[] = [];
  const primaryKey: string[] = [];
  inParentheses(cursor, () => {
    if (peekWord(cursor) === 'PRIMARY' && peekWord(cursor, 1) === 'KEY') {
      cursor.at += 2;
      primaryKey.push(...readNames(cursor));
      // Hints of other systems that say how far the key is to be trusted.
      while (takeWords(cursor, 'NOT', 'ENFORCED') || takeWords(cursor, 'DISABLE'));
    } else columns.push(readColumn(cursor, primaryKey));
  });
  return { columns, primaryKey };
}

/** A column to be added: `a BIGINT`, or a field inside one: `a.element.b BIGINT`. */
export function readAddedColumn(cursor: Cursor): AddedColumn {
  const within = [readColumnName(cursor)];
  while (takeSymbol(cursor, '.')) within.push(readColumnName(cursor));
  const name = within.pop()!;
  return { ...readColumnBehind(cursor, name, []), within };
}

/** One column; a PRIMARY KEY behind it is added to `primaryKey`. */
const readColumn = (cursor: Cursor, primaryKey: string[]): ColumnDefinition =>
  readColumnBehind(cursor, readColumnName(cursor), primaryKey);

function readColumnBehind(cursor: Cursor, name: string, primaryKey: string[]): ColumnDefinition {
  const column = { name, type: readType(cursor), comment: '', nullable: true };
  let defaultValue: string | undefined;
  for (;;) {
    if (takeWords(cursor, 'NOT', 'NULL')) column.nullable = false;
    else if (takeWords(cursor, 'NULL')) column.nullable = true;
    else if (takeWords(cursor, 'COMMENT')) column.comment = readText(cursor);
    else if (takeWords(cursor, 'PRIMARY', 'KEY')) primaryKey.push(name);
    else if (takeWords(cursor, 'DEFAULT')) defaultValue = readDefault(cursor);
    else return defaultValue === undefined ? column : { ...column, defaultValue };
  }
}

function readDefault(cursor: Cursor): string {
  const first = cursor.at;
  passUntil(cursor, (next) => {
    const word = peekWord(next);
    const notNull = word === 'NOT' && peekWord(next, 1) === 'NULL';
    return isSymbol(next, ',') || notNull || word === 'COMMENT' || word === 'PRIMARY';
  });
  return textSince(cursor, first);
}

/** The tokens of a type: a word, then what stands in its brackets. */
export function readType(cursor: Cursor): ColumnType {
  const start = startOf(cursor);
  readIdentifier(cursor);
  skipBrackets(cursor);
  try {
    return lowerFields(parseType(cursor.sql.slice(start, cursor.tokens[cursor.at - 1]!.end)));
  } catch (error) {
    throw parseError(cursor.sql, start, error instanceof Error ? error.message : String(error));
  }
}

function skipBrackets(cursor: Cursor): void {
  let depth = 0;
  do {
    const opens = isSymbol(cursor, '<') || isSymbol(cursor, '(');
    if (depth === 0 && !opens) return;
    if (opens) depth += 1;
    else if (isSymbol(cursor, '>') || isSymbol(cursor, ')')) depth -= 1;
    cursor.at += 1;
  } while (depth > 0 && cursor.at < cursor.tokens.length);
}
