import type { StatementError } from '../errors.ts';
import {
  atEnd,
  type Cursor,
  expectSymbol,
  here,
  isSymbol,
  peekWord,
  readColumnName,
  startOf,
  startOfText,
  takeSymbol,
  unexpected,
} from './cursor.ts';
import { readAlter } from './parse-alter.ts';
import { readCreate, readQuery } from './parse-create.ts';
import { readDrop, readTruncate } from './parse-drop.ts';
import { insertsBehind, readInsert, readInserts } from './parse-insert.ts';
import { readDelete, readMerge, readUpdate } from './parse-rewrite.ts';
import { readDescribe, readShow } from './parse-show.ts';
import { unsupported } from './statement-errors.ts';
import type { Statement } from './statements.ts';
import { parseError } from './tokens.ts';

export interface Script {
  /** The text as submitted: places in messages and in queries are places in it. */
  readonly sql: string;
  readonly settings: ReadonlyMap<string, string>;
  /** In order; none: there were settings only. */
  readonly statements: readonly Statement[];
  /** `line,column` of each. */
  readonly starts: readonly string[];
}

/**
 * The statements of a text, each after an optional `set k=v;`, as the official clients write them.
 * Throws StatementError: ODPS-0130161 for what is no statement, ODPS-0130071 for what is missing here.
 */
export function parseScript(sql: string): Script {
  const cursor = startOfText(sql);
  const settings = new Map<string, string>();
  const statements: Statement[] = [];
  const starts: string[] = [];
  while (takeSymbol(cursor, ';'));
  if (cursor.at >= cursor.tokens.length) throw parseError(sql, 0, 'there is no statement');
  while (cursor.at < cursor.tokens.length) {
    if (peekWord(cursor) === 'SET') readSetting(cursor, settings);
    else {
      starts.push(here(cursor));
      statements.push(readWhole(cursor));
    }
    while (takeSymbol(cursor, ';'));
  }
  return { sql, settings, statements, starts };
}

function readWhole(cursor: Cursor): Statement {
  const statement = readStatement(cursor);
  if (!atEnd(cursor)) throw unexpected(cursor);
  return statement;
}

/** `set k = v;`: the value is what stands there, or the text inside its quotes. */
function readSetting(cursor: Cursor, settings: Map<string, string>): void {
  cursor.at += 1;
  const start = startOf(cursor);
  const first = cursor.at;
  while (!atEnd(cursor)) cursor.at += 1;
  const text = cursor.sql.slice(start, cursor.tokens[cursor.at]?.start ?? cursor.sql.length);
  const split = text.indexOf('=');
  const key = text.slice(0, split).trim();
  if (split < 0 || !key) throw parseError(cursor.sql, start, 'SET needs key=value');
  const last = cursor.tokens[cursor.at - 1];
  const isQuoted =
    last?.kind === 'text' && cursor.tokens[cursor.at - 2]?.text === '=' && cursor.at - 2 > first;
  settings.set(key, isQuoted ? last.text : withoutComments(text.slice(split + 1)).trim());
}

const withoutComments = (text: string): string => text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '');

function readStatement(cursor: Cursor): Statement {
  const word = peekWord(cursor) ?? '';
  if (isSymbol(cursor, '(')) return { kind: 'query', ...readQuery(cursor) };
  if (isSymbol(cursor, '@')) return readAssignment(cursor);
  if (word === 'EXPLAIN') {
    cursor.at += 1;
    if (peekWord(cursor) === 'EXPLAIN') throw unexpected(cursor);
    return { kind: 'explain', statement: readStatement(cursor) };
  }
  const read = STATEMENTS[word];
  if (read) return read(cursor);
  throw missing(cursor, word) ?? unexpected(cursor);
}

/** `@name := query`: other sorts of variables have their type behind the name. */
function readAssignment(cursor: Cursor): Statement {
  const at = here(cursor);
  expectSymbol(cursor, '@');
  const name = readColumnName(cursor);
  if (!isSymbol(cursor, ':')) throw unsupported(at, 'a variable with a type');
  expectSymbol(cursor, ':');
  expectSymbol(cursor, '=');
  if (isSymbol(cursor, '@')) throw unsupported(here(cursor), 'a variable for a variable');
  return { kind: 'assign', name, query: readQuery(cursor) };
}

const STATEMENTS: Record<string, (cursor: Cursor) => Statement> = {
  CREATE: readCreate,
  DROP: readDrop,
  TRUNCATE: readTruncate,
  ALTER: readAlter,
  SHOW: readShow,
  DESC: readDescribe,
  DESCRIBE: readDescribe,
  INSERT: readInsert,
  DELETE: readDelete,
  UPDATE: readUpdate,
  MERGE: readMerge,
  SELECT: (cursor) => ({ kind: 'query', ...readQuery(cursor) }),
  WITH: readQueryOrInserts,
  FROM: readQueryOrInserts,
  VALUES: (cursor) => ({ kind: 'query', ...readQuery(cursor) }),
};

function readQueryOrInserts(cursor: Cursor): Statement {
  return insertsBehind(cursor) ? readInserts(cursor) : { kind: 'query', ...readQuery(cursor) };
}

/** Statements of MaxCompute SQL that this does not execute, by their first word. */
const MISSING = [
  'LOAD',
  'UNLOAD',
  'CLONE',
  'RESTORE',
  'ANALYZE',
  'MSCK',
  'REFRESH',
  'OPTIMIZE',
  'CALL',
  'FUNCTION',
  'UNDO',
  'DECLARE',
  'IF',
];

function missing(cursor: Cursor, word: string): StatementError | undefined {
  return MISSING.includes(word) && cursor.tokens[cursor.at + 1] ? unsupported(here(cursor), word) : undefined;
}
