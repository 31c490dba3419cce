import {
  atEnd,
  type Cursor,
  expectSymbol,
  expectWords,
  here,
  inParentheses,
  isSymbol,
  passUntil,
  peekWord,
  readColumnName,
  readIdentifier,
  startOf,
  takeSymbol,
  takeWords,
  textSince,
  unexpected,
} from './cursor.ts';
import { readName, readNames } from './parse-names.ts';
import type { ColumnValue, QueryText, Rewrite, RewriteClause, RowChange } from './statements.ts';

export function readDelete(cursor: Cursor): Rewrite {
  expectWords(cursor, 'DELETE');
  takeWords(cursor, 'FROM');
  const name = readName(cursor);
  const alias = readAlias(cursor, 'WHERE');
  const clauses: RewriteClause[] = [
    { when: 'matched', condition: readWhere(cursor), change: { do: 'delete' } },
  ];
  return { kind: 'delete', name, alias, source: undefined, on: undefined, clauses };
}

/** `UPDATE t SET a = 1 [FROM s] [WHERE ...]`: the rows of `s` that WHERE finds give the values. */
export function readUpdate(cursor: Cursor): Rewrite {
  expectWords(cursor, 'UPDATE');
  const name = readName(cursor);
  const alias = readAlias(cursor, 'SET');
  const set = readSet(cursor, (next) => ['WHERE', 'FROM'].includes(peekWord(next) ?? ''));
  const source = takeWords(cursor, 'FROM')
    ? readText(cursor, (next) => peekWord(next) === 'WHERE')
    : undefined;
  const where = readWhere(cursor);
  const change: RowChange = { do: 'update', set };
  if (!source) {
    const clauses: RewriteClause[] = [{ when: 'matched', condition: where, change }];
    return { kind: 'update', name, alias, source, on: undefined, clauses };
  }
  const clauses: RewriteClause[] = [{ when: 'matched', condition: undefined, change }];
  return { kind: 'update', name, alias, source, on: where, clauses };
}

/** `MERGE INTO t USING s ON ... WHEN [NOT] MATCHED [BY SOURCE] [AND ...] THEN ...`. */
export function readMerge(cursor: Cursor): Rewrite {
  expectWords(cursor, 'MERGE', 'INTO');
  takeWords(cursor, 'TABLE');
  const name = readName(cursor);
  const alias = readAlias(cursor, 'USING');
  expectWords(cursor, 'USING');
  const source = readText(cursor, (next) => peekWord(next) === 'ON');
  expectWords(cursor, 'ON');
  const on = readText(cursor, startsClause);
  const clauses: RewriteClause[] = [];
  while (takeWords(cursor, 'WHEN')) clauses.push(readClause(cursor));
  if (!clauses.length || !atEnd(cursor)) throw unexpected(cursor);
  return { kind: 'merge', name, alias, source, on, clauses };
}

const startsClause = (cursor: Cursor): boolean =>
  peekWord(cursor) === 'WHEN' &&
  (peekWord(cursor, 1) === 'MATCHED' || (peekWord(cursor, 1) === 'NOT' && peekWord(cursor, 2) === 'MATCHED'));

const startsChange = (cursor: Cursor): boolean =>
  peekWord(cursor) === 'THEN' && ['UPDATE', 'DELETE', 'INSERT'].includes(peekWord(cursor, 1) ?? '');

function readClause(cursor: Cursor): RewriteClause {
  const when = readWhen(cursor);
  const condition = takeWords(cursor, 'AND') ? readText(cursor, startsChange) : undefined;
  expectWords(cursor, 'THEN');
  return { when, condition, change: readChange(cursor, when === 'not matched') };
}

function readWhen(cursor: Cursor): RewriteClause['when'] {
  if (takeWords(cursor, 'MATCHED')) return 'matched';
  expectWords(cursor, 'NOT', 'MATCHED');
  if (takeWords(cursor, 'BY', 'SOURCE')) return 'not matched by source';
  takeWords(cursor, 'BY', 'TARGET');
  return 'not matched';
}

/** A row that is only in the source can be inserted, one of the target updated or deleted. */
function readChange(cursor: Cursor, inserts: boolean): RowChange {
  if (inserts) return readInsertion(cursor);
  if (takeWords(cursor, 'DELETE')) return { do: 'delete' };
  expectWords(cursor, 'UPDATE');
  return { do: 'update', set: readSet(cursor, startsClause) };
}

function readInsertion(cursor: Cursor): RowChange {
  const at = here(cursor);
  expectWords(cursor, 'INSERT');
  const columns = isSymbol(cursor, '(') ? readNames(cursor) : [];
  expectWords(cursor, 'VALUES');
  const values: QueryText[] = [];
  inParentheses(cursor, () => values.push(readText(cursor, (next) => isSymbol(next, ','))));
  return { do: 'insert', columns, values, at };
}

/** `SET a = 1, t.b = 2`, `SET (a, b) = (SELECT ...)`. */
function readSet(cursor: Cursor, stops: (cursor: Cursor) => boolean): ColumnValue[] {
  expectWords(cursor, 'SET');
  const set: ColumnValue[] = [];
  do {
    if (isSymbol(cursor, '(')) {
      set.push(...readSeveral(cursor, stops));
      continue;
    }
    let at = here(cursor);
    let column = readColumnName(cursor);
    if (takeSymbol(cursor, '.')) {
      at = here(cursor);
      column = readColumnName(cursor);
    }
    expectSymbol(cursor, '=');
    const value = readText(cursor, (next) => isSymbol(next, ',') || stops(next));
    set.push({ column, at, value });
  } while (takeSymbol(cursor, ','));
  return set;
}

function readSeveral(cursor: Cursor, stops: (cursor: Cursor) => boolean): ColumnValue[] {
  const at = here(cursor);
  const columns = readNames(cursor);
  expectSymbol(cursor, '=');
  if (!isSymbol(cursor, '(')) throw unexpected(cursor);
  const value = readText(cursor, (next) => isSymbol(next, ',') || stops(next));
  return columns.map((column, item) => ({ column, at, value, item }));
}

function readAlias(cursor: Cursor, before: string): string | undefined {
  if (atEnd(cursor) || peekWord(cursor) === before) return undefined;
  takeWords(cursor, 'AS');
  return readIdentifier(cursor);
}

/** An expression or a source, up to what ends it. */
function readText(cursor: Cursor, stops: (cursor: Cursor) => boolean): QueryText {
  const start = startOf(cursor);
  const first = cursor.at;
  passUntil(cursor, stops);
  return { text: textSince(cursor, first), start };
}

const readWhere = (cursor: Cursor): QueryText | undefined =>
  takeWords(cursor, 'WHERE') ? readText(cursor, () => false) : undefined;
