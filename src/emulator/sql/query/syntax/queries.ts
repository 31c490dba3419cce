import type { Body, CommonTable, Expression, Grouping, Query, Select, SelectItem, Window } from './ast.ts';
import { readWindow } from './calls.ts';
import { readExpression, readExpressions, readName, readPath, readSortItems } from './expressions.ts';
import { readFrom } from './from.ts';
import {
  expect,
  isNext,
  lacking,
  listOf,
  peek,
  type Reader,
  startReading,
  take,
  unexpected,
} from './lexer.ts';
import { endsAlias } from './reserved.ts';

/** Reads one whole query; throws StatementError (ODPS-0130161) at the first token that cannot stand there. */
export function parseQuery(sql: string): Query {
  const reader = startReading(sql);
  const query = readQuery(reader);
  while (take(reader, ';'));
  if (peek(reader).kind !== 'end') throw unexpected(reader);
  return query;
}

export function startsQuery(reader: Reader, ahead = 0): boolean {
  let at = ahead;
  while (isNext(reader, '(', at)) at += 1;
  return ['SELECT', 'WITH', 'FROM', 'VALUES'].includes(peek(reader, at).key);
}

export function readQuery(reader: Reader): Query {
  const { at } = peek(reader);
  const tables: CommonTable[] = [];
  let recursive = false;
  if (take(reader, 'WITH')) {
    recursive = take(reader, 'RECURSIVE');
    do tables.push(readCommonTable(reader));
    while (take(reader, ','));
  }
  const body = readSetOperations(reader);
  return { at, with: tables, recursive, body, ...readEnd(reader) };
}

function readCommonTable(reader: Reader): CommonTable {
  const { at } = peek(reader);
  const name = readName(reader).toLowerCase();
  const columns = isNext(reader, '(') ? listOf(reader, () => readName(reader).toLowerCase()) : [];
  take(reader, 'AS');
  expect(reader, '(');
  const query = readQuery(reader);
  expect(reader, ')');
  return { at, name, columns, query };
}

/** What stands behind the last SELECT belongs to the whole. */
function readEnd(reader: Reader): Omit<Query, 'at' | 'with' | 'recursive' | 'body'> {
  const orderBy = take(reader, 'ORDER', 'BY') ? readSortItems(reader) : [];
  const clustered = take(reader, 'CLUSTER', 'BY');
  const distributeBy = clustered || take(reader, 'DISTRIBUTE', 'BY') ? readExpressions(reader) : [];
  const sortBy = take(reader, 'SORT', 'BY') ? readSortItems(reader) : [];
  let limit: number | undefined;
  let offset: number | undefined;
  if (take(reader, 'LIMIT')) {
    limit = readCount(reader);
    if (take(reader, ',')) {
      offset = limit;
      limit = readCount(reader);
    }
  }
  if (take(reader, 'OFFSET')) offset = readCount(reader);
  return { orderBy, distributeBy, sortBy, limit, offset };
}

function readCount(reader: Reader): number {
  const { kind, text } = peek(reader);
  if (kind !== 'number' || !/^\d+$/.test(text)) throw unexpected(reader);
  reader.at += 1;
  return Number(text);
}

function readSetOperations(reader: Reader): Body {
  const { at } = peek(reader);
  let left = readIntersections(reader);
  for (;;) {
    const operator = take(reader, 'UNION')
      ? 'UNION'
      : take(reader, 'EXCEPT') || take(reader, 'MINUS')
        ? 'EXCEPT'
        : undefined;
    if (!operator) return left;
    const all = readQuantifier(reader);
    left = { kind: 'set', at, operator, all, left, right: readIntersections(reader) };
  }
}

function readIntersections(reader: Reader): Body {
  const { at } = peek(reader);
  let left = readBody(reader);
  while (take(reader, 'INTERSECT')) {
    const all = readQuantifier(reader);
    left = { kind: 'set', at, operator: 'INTERSECT', all, left, right: readBody(reader) };
  }
  return left;
}

function readQuantifier(reader: Reader): boolean {
  if (take(reader, 'DISTINCT')) return false;
  return take(reader, 'ALL');
}

function readBody(reader: Reader): Body {
  const { at } = peek(reader);
  if (take(reader, '(')) {
    const query = readQuery(reader);
    expect(reader, ')');
    return { kind: 'nested', at, query };
  }
  if (take(reader, 'VALUES')) return { kind: 'values', at, rows: readRows(reader) };
  return readSelect(reader);
}

export function readRows(reader: Reader): Expression[][] {
  const rows: Expression[][] = [];
  do rows.push(isNext(reader, '(') ? listOf(reader, () => readExpression(reader)) : [readExpression(reader)]);
  while (take(reader, ','));
  return rows;
}

function readSelect(reader: Reader): Select {
  const { at } = peek(reader);
  const early = take(reader, 'FROM') ? readFrom(reader) : undefined;
  expect(reader, 'SELECT');
  const distinct = take(reader, 'DISTINCT');
  if (!distinct) take(reader, 'ALL');
  refuseScripts(reader);
  const items = [readItem(reader)];
  while (take(reader, ',')) items.push(readItem(reader));
  const from = early ?? (take(reader, 'FROM') ? readFrom(reader) : undefined);
  const where = take(reader, 'WHERE') ? readExpression(reader) : undefined;
  const groupBy = take(reader, 'GROUP', 'BY') ? readGroupings(reader) : [];
  const having = take(reader, 'HAVING') ? readExpression(reader) : undefined;
  const windows = readWindows(reader);
  const qualify = take(reader, 'QUALIFY') ? readExpression(reader) : undefined;
  return { kind: 'select', at, distinct, items, from, where, groupBy, having, qualify, windows };
}

/** `SELECT TRANSFORM (a) [ROW FORMAT ...] USING 'script'`: programs of users do not run here. */
function refuseScripts(reader: Reader): void {
  if (!['TRANSFORM', 'MAP', 'REDUCE'].includes(peek(reader).key) || !isNext(reader, '(', 1)) return;
  let [ahead, depth] = [1, 0];
  do {
    if (isNext(reader, '(', ahead)) depth += 1;
    if (isNext(reader, ')', ahead)) depth -= 1;
    ahead += 1;
  } while (depth > 0 && peek(reader, ahead).kind !== 'end');
  if (isNext(reader, 'USING', ahead) || isNext(reader, 'ROW', ahead))
    throw lacking(reader, `SELECT ${peek(reader).key} ... USING`);
}

function readItem(reader: Reader): SelectItem {
  const { at } = peek(reader);
  let ahead = 0;
  while (['word', 'quoted'].includes(peek(reader, ahead).kind) && isNext(reader, '.', ahead + 1)) ahead += 2;
  if (isNext(reader, '*', ahead)) {
    const qualifier = ahead ? readPath(reader) : [];
    take(reader, '.');
    expect(reader, '*');
    const excludes =
      isNext(reader, 'EXCEPT') && isNext(reader, '(', 1) && !['SELECT', '('].includes(peek(reader, 2).key);
    if (excludes) reader.at += 1;
    const except = excludes ? listOf(reader, () => readName(reader).toLowerCase()) : [];
    return { kind: 'star', at, qualifier, except };
  }
  const expression = readExpression(reader);
  return { kind: 'expression', at, expression, aliases: readAliases(reader) };
}

function readAliases(reader: Reader): string[] {
  if (take(reader, 'AS')) {
    if (isNext(reader, '(')) return listOf(reader, () => readName(reader).toLowerCase());
    return [readName(reader).toLowerCase()];
  }
  const { kind, key } = peek(reader);
  const named = kind === 'quoted' || (kind === 'word' && !endsAlias(key));
  return named ? [readName(reader).toLowerCase()] : [];
}

function readGroupings(reader: Reader): Grouping[] {
  const groupings: Grouping[] = [];
  do groupings.push(readGrouping(reader));
  while (take(reader, ','));
  const keys = groupings.flatMap((grouping) => (grouping.kind === 'plain' ? grouping.expressions : []));
  const singles = keys.map((key) => [key]);
  if (take(reader, 'WITH', 'ROLLUP')) return [{ kind: 'rollup', sets: singles }];
  if (take(reader, 'WITH', 'CUBE')) return [{ kind: 'cube', sets: singles }];
  // `GROUP BY a, b GROUPING SETS (...)`: the keys before are only named once more.
  if (take(reader, 'GROUPING', 'SETS')) return [{ kind: 'sets', sets: readSets(reader), keys }];
  return groupings;
}

function readGrouping(reader: Reader): Grouping {
  if (take(reader, 'GROUPING', 'SETS')) return { kind: 'sets', sets: readSets(reader), keys: [] };
  for (const kind of ['rollup', 'cube'] as const) {
    if (isNext(reader, kind.toUpperCase()) && isNext(reader, '(', 1)) {
      reader.at += 1;
      return { kind, sets: readSets(reader) };
    }
  }
  const expression = readExpression(reader);
  return { kind: 'plain', expressions: expression.kind === 'tuple' ? expression.items : [expression] };
}

function readSets(reader: Reader): Expression[][] {
  return listOf(reader, () => {
    if (isNext(reader, '(') && isNext(reader, ')', 1)) {
      reader.at += 2;
      return [];
    }
    const expression = readExpression(reader);
    return expression.kind === 'tuple' ? [...expression.items] : [expression];
  });
}

function readWindows(reader: Reader): Map<string, Window> {
  const windows = new Map<string, Window>();
  if (!take(reader, 'WINDOW')) return windows;
  do {
    const name = readName(reader).toLowerCase();
    expect(reader, 'AS');
    windows.set(name, readWindow(reader));
  } while (take(reader, ','));
  return windows;
}
