import {
  type Cursor,
  expectSymbol,
  expectWords,
  here,
  inParentheses,
  isSymbol,
  peekWord,
  readColumnName,
  readLiteral,
  takeSymbol,
  takeWords,
  unexpected,
} from './cursor.ts';
import type { Filter, FilterAt } from './statements.ts';

/** Levels of brackets and NOT inside each other. */
const DEPTH = 50;

/** `PARTITION (dt = '1', hr = '2')` or `PARTITION (dt < '20240101' AND ...)`; a comma is an AND. */
export function readFilter(cursor: Cursor): FilterAt {
  const at = here(cursor);
  expectWords(cursor, 'PARTITION');
  const parts: Filter[] = [];
  inParentheses(cursor, () => parts.push(readOr(cursor, 0)));
  return { at, filter: joined('and', parts) };
}

export function readFilters(cursor: Cursor): FilterAt[] {
  const filters = [readFilter(cursor)];
  while (takeSymbol(cursor, ',') || peekWord(cursor) === 'PARTITION') filters.push(readFilter(cursor));
  return filters;
}

const joined = (op: 'and' | 'or', parts: readonly Filter[]): Filter =>
  parts.length === 1 ? parts[0]! : { op, parts };

function readOr(cursor: Cursor, depth: number): Filter {
  if (depth > DEPTH) throw unexpected(cursor);
  const parts = [readAnd(cursor, depth)];
  while (takeWords(cursor, 'OR')) parts.push(readAnd(cursor, depth));
  return joined('or', parts);
}

function readAnd(cursor: Cursor, depth: number): Filter {
  const parts = [readTest(cursor, depth)];
  while (takeWords(cursor, 'AND')) parts.push(readTest(cursor, depth));
  return joined('and', parts);
}

function readTest(cursor: Cursor, depth: number): Filter {
  if (depth > DEPTH) throw unexpected(cursor);
  if (takeWords(cursor, 'NOT')) return { op: 'not', part: readTest(cursor, depth + 1) };
  if (takeSymbol(cursor, '(')) {
    const inner = readOr(cursor, depth + 1);
    expectSymbol(cursor, ')');
    return inner;
  }
  return readComparison(cursor);
}

function readComparison(cursor: Cursor): Filter {
  const column = readColumnName(cursor);
  if (takeWords(cursor, 'NOT')) return { op: 'not', part: readWordTest(cursor, column) };
  if (peekWord(cursor)) return readWordTest(cursor, column);
  return { op: readOperator(cursor), column, values: [readLiteral(cursor)] };
}

function readWordTest(cursor: Cursor, column: string): Filter {
  if (takeWords(cursor, 'IN')) {
    const values: string[] = [];
    inParentheses(cursor, () => values.push(readLiteral(cursor)));
    return { op: 'in', column, values };
  }
  if (takeWords(cursor, 'LIKE')) return { op: 'like', column, values: [readLiteral(cursor)] };
  expectWords(cursor, 'BETWEEN');
  const least = readLiteral(cursor);
  expectWords(cursor, 'AND');
  return {
    op: 'and',
    parts: [
      { op: '>=', column, values: [least] },
      { op: '<=', column, values: [readLiteral(cursor)] },
    ],
  };
}

function readOperator(cursor: Cursor): '=' | '<>' | '<' | '<=' | '>' | '>=' {
  if (takeSymbol(cursor, '=')) {
    takeSymbol(cursor, '=');
    return '=';
  }
  if (isSymbol(cursor, '!') && isSymbol(cursor, '=', 1)) {
    cursor.at += 2;
    return '<>';
  }
  if (takeSymbol(cursor, '<')) {
    if (takeSymbol(cursor, '>')) return '<>';
    return takeSymbol(cursor, '=') ? '<=' : '<';
  }
  expectSymbol(cursor, '>');
  return takeSymbol(cursor, '=') ? '>=' : '>';
}
