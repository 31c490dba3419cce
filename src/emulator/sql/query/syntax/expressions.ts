import type { ColumnType } from '../../../model/types.ts';
import { parseType } from '../../../model/types.ts';
import type { Expression, NamePart, SortItem, Test } from './ast.ts';
import { readCall } from './calls.ts';
import { expect, isNext, listOf, peek, type Reader, refuse, take, unexpected } from './lexer.ts';
import { readLiteral } from './literals.ts';
import { readQuery, startsQuery } from './queries.ts';
import { isReserved } from './reserved.ts';

/** Binary operators from loose to tight, below the tests (`LIKE`, `IN`, ...). */
const LEVELS: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['||'],
  ['+', '-'],
  ['*', '/', '%', 'DIV'],
];

const COMPARISONS = ['=', '==', '<=>', '<>', '!=', '<', '<=', '>', '>='];

/** Deep nesting would overflow the stack of the reader. */
const DEEPEST = 500;
let depth = 0;

export function readExpression(reader: Reader): Expression {
  if (depth > DEEPEST) throw refuse(reader, peek(reader).at, 'the expression is nested too deeply');
  depth += 1;
  try {
    return readChain(reader, ['OR'], readConjunction);
  } finally {
    depth -= 1;
  }
}

const readConjunction = (reader: Reader): Expression => readChain(reader, ['AND', '&&'], readNegation);

function readChain(
  reader: Reader,
  operators: readonly string[],
  operand: (reader: Reader) => Expression,
): Expression {
  const { at } = peek(reader);
  let left = operand(reader);
  for (;;) {
    const operator = peek(reader).key;
    if (!operator || !operators.includes(operator)) return left;
    reader.at += 1;
    left = {
      kind: 'binary',
      at,
      operator: operator === '&&' ? 'AND' : operator,
      left,
      right: operand(reader),
    };
  }
}

function readNegation(reader: Reader): Expression {
  const { at } = peek(reader);
  if (take(reader, 'NOT') || take(reader, '!')) {
    return { kind: 'unary', at, operator: 'NOT', operand: readNegation(reader) };
  }
  return readComparison(reader);
}

function readComparison(reader: Reader): Expression {
  const { at } = peek(reader);
  let left = readLevel(reader, 0);
  for (;;) {
    const operator = peek(reader).key;
    if (COMPARISONS.includes(operator)) {
      reader.at += 1;
      left = { kind: 'binary', at, operator, left, right: readLevel(reader, 0) };
      continue;
    }
    const test = readTest(reader);
    if (!test) return left;
    left = { kind: 'test', at, operand: left, test };
  }
}

function readTest(reader: Reader): Test | undefined {
  if (take(reader, 'IS')) return readIs(reader);
  const not =
    isNext(reader, 'NOT') &&
    ['IN', 'LIKE', 'RLIKE', 'REGEXP', 'ILIKE', 'BETWEEN'].includes(peek(reader, 1).key);
  if (not) reader.at += 1;
  if (take(reader, 'BETWEEN')) {
    const low = readLevel(reader, 0);
    expect(reader, 'AND');
    return { kind: 'between', not, low, high: readLevel(reader, 0) };
  }
  if (take(reader, 'IN')) return readMembership(reader, not);
  for (const word of ['LIKE', 'RLIKE', 'REGEXP', 'ILIKE'] as const) {
    if (!take(reader, word)) continue;
    const pattern = readLevel(reader, 0);
    const escaping = word === 'LIKE' && take(reader, 'ESCAPE') ? readLevel(reader, 0) : undefined;
    return { kind: 'like', not, operator: word === 'REGEXP' ? 'RLIKE' : word, pattern, escaping };
  }
  return undefined;
}

function readIs(reader: Reader): Test {
  const not = take(reader, 'NOT');
  if (take(reader, 'NULL')) return { kind: 'null', not };
  if (take(reader, 'TRUE')) return { kind: 'boolean', not, value: true };
  if (take(reader, 'FALSE')) return { kind: 'boolean', not, value: false };
  expect(reader, 'DISTINCT', 'FROM');
  return { kind: 'distinct', not, from: readLevel(reader, 0) };
}

function readMembership(reader: Reader, not: boolean): Test {
  if (isNext(reader, '(') && startsQuery(reader, 1)) {
    expect(reader, '(');
    const query = readQuery(reader);
    expect(reader, ')');
    return { kind: 'member', not, query };
  }
  const items = listOf(reader, () => readExpression(reader));
  if (!items.length) throw unexpected(reader);
  return { kind: 'list', not, items };
}

function readLevel(reader: Reader, level: number): Expression {
  const operators = LEVELS[level];
  return operators ? readChain(reader, operators, (next) => readLevel(next, level + 1)) : readUnary(reader);
}

function readUnary(reader: Reader): Expression {
  const { at, key } = peek(reader);
  if (key === '-' || key === '+' || key === '~') {
    reader.at += 1;
    return { kind: 'unary', at, operator: key, operand: readUnary(reader) };
  }
  return readPostfix(reader);
}

function readPostfix(reader: Reader): Expression {
  let operand = readPrimary(reader);
  for (;;) {
    const { at } = operand;
    if (take(reader, '[')) {
      operand = { kind: 'index', at, operand, index: readExpression(reader) };
      expect(reader, ']');
    } else if (operand.kind !== 'name' && take(reader, '.')) {
      operand = { kind: 'field', at, operand, name: readName(reader) };
    } else return operand;
  }
}

function readPrimary(reader: Reader): Expression {
  const { at, kind, key } = peek(reader);
  const literal = readLiteral(reader);
  if (literal) return literal;
  if (key === '(') return readParenthesis(reader);
  if (take(reader, 'CASE')) return readCase(reader, at);
  if (take(reader, 'EXISTS')) return { kind: 'exists', at, query: inParentheses(reader) };
  if (key === 'CAST' && isNext(reader, '(', 1)) return readCast(reader, at);
  if (key === 'INTERVAL' && !isNext(reader, '.', 1) && isNext(reader, '', 1)) return readInterval(reader, at);
  if (kind !== 'word' && kind !== 'quoted') throw unexpected(reader);
  if (isNext(reader, '->', 1)) return readLambda(reader, at);
  const call = readCall(reader);
  if (call) return call;
  if (kind === 'word' && isReserved(key)) throw unexpected(reader);
  return { kind: 'name', at, parts: readPath(reader) };
}

function inParentheses(reader: Reader) {
  expect(reader, '(');
  const query = readQuery(reader);
  expect(reader, ')');
  return query;
}

/** A query, a lambda `(x, y) -> ...`, a tuple or an expression. */
function readParenthesis(reader: Reader): Expression {
  const { at } = peek(reader);
  if (startsQuery(reader, 1)) return { kind: 'query', at, query: inParentheses(reader) };
  if (/^\(\s*(?:[\w`]+\s*(?:,\s*[\w`]+\s*)*)?\)\s*->/.test(reader.sql.slice(at)))
    return readLambda(reader, at);
  const items = listOf(reader, () => readExpression(reader));
  if (!items.length) throw unexpected(reader);
  return items.length === 1 ? items[0]! : { kind: 'tuple', at, items };
}

function readLambda(reader: Reader, at: number): Expression {
  const names = isNext(reader, '(')
    ? listOf(reader, () => readName(reader).toLowerCase())
    : [readName(reader).toLowerCase()];
  expect(reader, '->');
  return { kind: 'lambda', at, names, body: readExpression(reader) };
}

function readCase(reader: Reader, at: number): Expression {
  const subject = isNext(reader, 'WHEN') ? undefined : readExpression(reader);
  const branches: (readonly [Expression, Expression])[] = [];
  while (take(reader, 'WHEN')) {
    const when = readExpression(reader);
    expect(reader, 'THEN');
    branches.push([when, readExpression(reader)]);
  }
  if (!branches.length) throw unexpected(reader, 'WHEN');
  const otherwise = take(reader, 'ELSE') ? readExpression(reader) : undefined;
  expect(reader, 'END');
  return { kind: 'case', at, subject, branches, otherwise };
}

function readCast(reader: Reader, at: number): Expression {
  expect(reader, 'CAST', '(');
  const operand = readExpression(reader);
  expect(reader, 'AS');
  const to = readType(reader);
  expect(reader, ')');
  return { kind: 'cast', at, operand, to };
}

/** A type text such as `array<decimal(10,2)>`. */
export function readType(reader: Reader): ColumnType {
  const start = peek(reader).at;
  reader.at += 1;
  let open = 0;
  while (isNext(reader, '<') || isNext(reader, '(') || open > 0) {
    const { key, kind } = peek(reader);
    if (kind === 'end') throw unexpected(reader);
    if (key === '<' || key === '(') open += 1;
    if (key === '>' || key === ')') open -= 1;
    if (key === '>>') open -= 2;
    reader.at += 1;
  }
  const text = reader.sql.slice(start, peek(reader, -1).end);
  try {
    return parseType(text);
  } catch (error) {
    throw refuse(reader, start, error instanceof Error ? error.message : String(error));
  }
}

function readInterval(reader: Reader, at: number): Expression {
  expect(reader, 'INTERVAL');
  const amount = readUnary(reader);
  const unit = peek(reader).key.replace(/S$/, '');
  if (!/^(YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)$/.test(unit)) throw unexpected(reader);
  reader.at += 1;
  if (take(reader, 'TO')) {
    const to = peek(reader).key;
    reader.at += 1;
    return { kind: 'interval', at, amount, unit: `${unit} TO ${to}` };
  }
  return { kind: 'interval', at, amount, unit };
}

/** One name, with back quotes or without. */
export function readName(reader: Reader): string {
  return readNamePart(reader).text;
}

export function readNamePart(reader: Reader): NamePart {
  const { kind, text, at } = peek(reader);
  if (kind !== 'word' && kind !== 'quoted') throw unexpected(reader);
  reader.at += 1;
  return { text, at, quoted: kind === 'quoted' };
}

export function readPath(reader: Reader): NamePart[] {
  const parts = [readNamePart(reader)];
  while (isNext(reader, '.') && peek(reader, 1).kind !== 'symbol') {
    reader.at += 1;
    parts.push(readNamePart(reader));
  }
  return parts;
}

export function readSortItems(reader: Reader): SortItem[] {
  const items: SortItem[] = [];
  do {
    const expression = readExpression(reader);
    const descending = !take(reader, 'ASC') && take(reader, 'DESC');
    let nulls: SortItem['nulls'];
    if (take(reader, 'NULLS')) {
      nulls = take(reader, 'FIRST') ? 'FIRST' : 'LAST';
      if (nulls === 'LAST') expect(reader, 'LAST');
    }
    items.push({ expression, descending, nulls });
  } while (take(reader, ','));
  return items;
}

export function readExpressions(reader: Reader): Expression[] {
  const items = [readExpression(reader)];
  while (take(reader, ',')) items.push(readExpression(reader));
  return items;
}
