import type { ColumnDefinition, NameParts, SpecMap, TableDefinition } from '../model/catalog.ts';
import { type ColumnType, parseType } from '../model/types.ts';
import {
  type Cursor,
  expectSymbol,
  expectWords,
  inParentheses,
  isSymbol,
  peekWord,
  readIdentifier,
  readLiteral,
  restOfStatement,
  takeSymbol,
  takeWords,
  unexpected,
} from './cursor.ts';
import { parseError, tokenize } from './tokens.ts';

export type Statement =
  | { kind: 'create_table'; name: NameParts; ifNotExists: boolean; table: TableDefinition }
  | { kind: 'create_view'; name: NameParts; ifNotExists: boolean; query: string }
  | { kind: 'create_schema'; name: NameParts; ifNotExists: boolean }
  | { kind: 'drop_table'; name: NameParts; ifExists: boolean }
  | { kind: 'truncate'; name: NameParts; specs: readonly SpecMap[] }
  | { kind: 'add_table_partitions'; name: NameParts; ifNotExists: boolean; specs: readonly SpecMap[] }
  | { kind: 'drop_table_partitions'; name: NameParts; ifExists: boolean; specs: readonly SpecMap[] }
  | { kind: 'alter_columns'; name: NameParts; change: ColumnChange }
  | { kind: 'query'; text: string };

export type ColumnChange =
  | { readonly add: readonly ColumnDefinition[] }
  | { readonly drop: readonly string[] }
  /** `type` undefined: only the name changes. */
  | { readonly from: string; readonly to: string; readonly type: ColumnType | undefined };

export interface ParsedScript {
  readonly settings: ReadonlyMap<string, string>;
  readonly statement: Statement | undefined;
}

/**
 * One statement with its leading `set k=v;` lines, as the official clients write them.
 * Throws StatementError (ODPS-0130161) on anything else.
 */
export function parseScript(sql: string): ParsedScript {
  const cursor: Cursor = { sql, tokens: tokenize(sql), at: 0 };
  const settings = new Map<string, string>();
  while (peekWord(cursor) === 'SET') readSetting(cursor, settings);
  while (takeSymbol(cursor, ';'));
  if (cursor.at >= cursor.tokens.length) return { settings, statement: undefined };
  const statement = readStatement(cursor);
  while (takeSymbol(cursor, ';'));
  if (cursor.at < cursor.tokens.length) throw unexpected(cursor);
  return { settings, statement };
}

function readSetting(cursor: Cursor, settings: Map<string, string>): void {
  cursor.at += 1;
  const start = cursor.tokens[cursor.at]?.start ?? cursor.sql.length;
  while (cursor.at < cursor.tokens.length && !isSymbol(cursor, ';')) cursor.at += 1;
  const text = cursor.sql.slice(start, cursor.tokens[cursor.at]?.start ?? cursor.sql.length);
  takeSymbol(cursor, ';');
  const split = text.indexOf('=');
  if (split < 0) throw parseError(cursor.sql, start, 'SET needs key=value');
  settings.set(text.slice(0, split).trim(), text.slice(split + 1).trim());
}

function readStatement(cursor: Cursor): Statement {
  switch (peekWord(cursor)) {
    case 'CREATE':
      return readCreate(cursor);
    case 'DROP':
      return readDrop(cursor);
    case 'TRUNCATE':
      return readTruncate(cursor);
    case 'ALTER':
      return readAlter(cursor);
    case 'SELECT':
    case 'WITH':
    case 'FROM':
      return { kind: 'query', text: restOfStatement(cursor) };
    default:
      if (isSymbol(cursor, '(')) return { kind: 'query', text: restOfStatement(cursor) };
      throw unexpected(cursor);
  }
}

function readCreate(cursor: Cursor): Statement {
  expectWords(cursor, 'CREATE');
  const external = takeWords(cursor, 'EXTERNAL');
  if (takeWords(cursor, 'OR', 'REPLACE')) throw unexpected(cursor);
  const view = takeWords(cursor, 'VIEW');
  const schema = !view && takeWords(cursor, 'SCHEMA');
  if (!view && !schema) expectWords(cursor, 'TABLE');
  const ifNotExists = takeWords(cursor, 'IF', 'NOT', 'EXISTS');
  const name = readName(cursor);
  if (schema) return { kind: 'create_schema', name, ifNotExists };
  if (!view) return { kind: 'create_table', name, ifNotExists, table: readTable(cursor, external) };
  expectWords(cursor, 'AS');
  return { kind: 'create_view', name, ifNotExists, query: restOfStatement(cursor) };
}

function readTable(cursor: Cursor, external: boolean): TableDefinition {
  const { columns, primaryKey } = readColumns(cursor);
  const clauses = { comment: '', lifecycle: -1 };
  let properties: Record<string, string> = {};
  let tablePartitionColumns: ColumnDefinition[] = [];
  while (cursor.at < cursor.tokens.length && !isSymbol(cursor, ';')) {
    if (takeWords(cursor, 'COMMENT')) clauses.comment = readLiteral(cursor);
    else if (takeWords(cursor, 'LIFECYCLE')) clauses.lifecycle = Number(readIdentifier(cursor));
    else if (takeWords(cursor, 'PARTITIONED', 'BY')) tablePartitionColumns = readColumns(cursor).columns;
    else if (takeWords(cursor, 'TBLPROPERTIES')) properties = readProperties(cursor);
    else if (external) cursor.at += 1;
    else throw unexpected(cursor);
  }
  const transactional = properties.transactional === 'true';
  return { columns, primaryKey, tablePartitionColumns, external, transactional, properties, ...clauses };
}

function readColumns(cursor: Cursor): { columns: ColumnDefinition[]; primaryKey: string[] } {
  const columns: ColumnDefinition[] = [];
  let primaryKey: string[] = [];
  inParentheses(cursor, () => {
    if (!takeWords(cursor, 'PRIMARY', 'KEY')) return columns.push(readColumn(cursor));
    primaryKey = [];
    return inParentheses(cursor, () => primaryKey.push(readIdentifier(cursor).toLowerCase()));
  });
  return { columns, primaryKey };
}

function readColumn(cursor: Cursor): ColumnDefinition {
  const name = readIdentifier(cursor).toLowerCase();
  const type = readType(cursor);
  let nullable = true;
  let comment = '';
  for (;;) {
    if (takeWords(cursor, 'NOT', 'NULL')) nullable = false;
    else if (takeWords(cursor, 'NULL')) nullable = true;
    else if (takeWords(cursor, 'COMMENT')) comment = readLiteral(cursor);
    else if (takeWords(cursor, 'DEFAULT')) cursor.at += 1;
    else return { name, type, comment, nullable };
  }
}

/** The tokens of a type: a word, then what stands in its brackets. */
function readType(cursor: Cursor): ColumnType {
  const start = cursor.tokens[cursor.at]?.start ?? cursor.sql.length;
  readIdentifier(cursor);
  skipBrackets(cursor);
  try {
    return parseType(cursor.sql.slice(start, cursor.tokens[cursor.at - 1]!.end));
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

/** `('transactional' = 'true', ...)`. */
function readProperties(cursor: Cursor): Record<string, string> {
  const properties: Record<string, string> = {};
  inParentheses(cursor, () => {
    const key = readLiteral(cursor).toLowerCase();
    expectSymbol(cursor, '=');
    properties[key] = readLiteral(cursor);
  });
  return properties;
}

function readDrop(cursor: Cursor): Statement {
  expectWords(cursor, 'DROP');
  if (!takeWords(cursor, 'VIEW')) expectWords(cursor, 'TABLE');
  const ifExists = takeWords(cursor, 'IF', 'EXISTS');
  const name = readName(cursor);
  takeWords(cursor, 'PURGE');
  return { kind: 'drop_table', name, ifExists };
}

function readTruncate(cursor: Cursor): Statement {
  expectWords(cursor, 'TRUNCATE', 'TABLE');
  const name = readName(cursor);
  const specs = peekWord(cursor) === 'PARTITION' ? readSpecs(cursor) : [];
  return { kind: 'truncate', name, specs };
}

function readAlter(cursor: Cursor): Statement {
  expectWords(cursor, 'ALTER', 'TABLE');
  const name = readName(cursor);
  const change = readColumnChange(cursor);
  if (change) return { kind: 'alter_columns', name, change };
  if (takeWords(cursor, 'ADD')) {
    const ifNotExists = takeWords(cursor, 'IF', 'NOT', 'EXISTS');
    return { kind: 'add_table_partitions', name, ifNotExists, specs: readSpecs(cursor) };
  }
  expectWords(cursor, 'DROP');
  const ifExists = takeWords(cursor, 'IF', 'EXISTS');
  return { kind: 'drop_table_partitions', name, ifExists, specs: readSpecs(cursor) };
}

/** `ADD COLUMN[S] (c TYPE, ...)`, `DROP COLUMN[S] c, ...`, `CHANGE [COLUMN] c d TYPE` or `... c RENAME TO d`. */
function readColumnChange(cursor: Cursor): ColumnChange | undefined {
  const word = (verb: string) => takeWords(cursor, verb, 'COLUMNS') || takeWords(cursor, verb, 'COLUMN');
  if (word('ADD')) return { add: readColumns(cursor).columns };
  if (word('DROP')) {
    const drop = [readIdentifier(cursor).toLowerCase()];
    while (takeSymbol(cursor, ',')) drop.push(readIdentifier(cursor).toLowerCase());
    return { drop };
  }
  if (!word('CHANGE') && !takeWords(cursor, 'CHANGE')) return undefined;
  const from = readIdentifier(cursor).toLowerCase();
  const renamed = takeWords(cursor, 'RENAME', 'TO');
  const to = readIdentifier(cursor).toLowerCase();
  return { from, to, type: renamed ? undefined : readType(cursor) };
}

function readSpecs(cursor: Cursor): SpecMap[] {
  const specs: SpecMap[] = [];
  do {
    expectWords(cursor, 'PARTITION');
    specs.push(readSpec(cursor));
    takeSymbol(cursor, ',');
  } while (peekWord(cursor) === 'PARTITION');
  return specs;
}

function readSpec(cursor: Cursor): SpecMap {
  const spec = new Map<string, string>();
  inParentheses(cursor, () => {
    const name = readIdentifier(cursor).toLowerCase();
    expectSymbol(cursor, '=');
    spec.set(name, readLiteral(cursor));
  });
  return spec;
}

function readName(cursor: Cursor): NameParts {
  const parts = [readIdentifier(cursor)];
  while (takeSymbol(cursor, '.')) parts.push(readIdentifier(cursor));
  return parts;
}
