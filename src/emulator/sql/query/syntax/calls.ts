import type { Call, Expression, SortItem, Window } from './ast.ts';
import { readExpression, readExpressions, readName, readSortItems } from './expressions.ts';
import { expect, isNext, peek, type Reader, refuse, take, unexpected } from './lexer.ts';
import { isReserved } from './reserved.ts';

/** Functions whose name is a reserved word elsewhere. */
const ALSO_FUNCTIONS = ['LEFT', 'RIGHT', 'IF', 'REGEXP', 'RLIKE', 'LIKE', 'ALL', 'EXISTS'];

/** A function call at the cursor, with `OVER`, `FILTER` and `WITHIN GROUP`; undefined when there is none. */
export function readCall(reader: Reader): Call | undefined {
  const { at, kind, text, key } = peek(reader);
  if (!isNext(reader, '(', 1)) {
    const bare =
      kind === 'word' && /^CURRENT_(TIMESTAMP|DATE|TIMEZONE|USER)$/.test(key) && !isNext(reader, '.', 1);
    if (!bare) return undefined;
    reader.at += 1;
    return { ...EMPTY, at, name: text.toLowerCase() };
  }
  if (kind === 'word' && isReserved(key) && !ALSO_FUNCTIONS.includes(key)) return undefined;
  reader.at += 1;
  const name = text.toLowerCase();
  const special = SPECIAL[name]?.(reader);
  const inside = special ? { ...EMPTY, args: special } : readArguments(reader);
  return { ...EMPTY, ...inside, at, name, ...readSuffixes(reader, inside.ignoreNulls) };
}

const EMPTY: Call = {
  kind: 'call',
  at: 0,
  name: '',
  args: [],
  star: false,
  distinct: false,
  ignoreNulls: false,
  filter: undefined,
  withinGroup: undefined,
  over: undefined,
};

function readArguments(reader: Reader): Pick<Call, 'args' | 'star' | 'distinct' | 'ignoreNulls'> {
  expect(reader, '(');
  const distinct = take(reader, 'DISTINCT');
  if (!distinct) take(reader, 'ALL');
  const star = take(reader, '*');
  const args = star || isNext(reader, ')') ? [] : readExpressions(reader);
  const ignoreNulls = take(reader, 'IGNORE', 'NULLS');
  if (!ignoreNulls) take(reader, 'RESPECT', 'NULLS');
  expect(reader, ')');
  return { args, star, distinct, ignoreNulls };
}

function readSuffixes(reader: Reader, before: boolean) {
  let withinGroup: readonly SortItem[] | undefined;
  if (take(reader, 'WITHIN', 'GROUP')) {
    expect(reader, '(', 'ORDER', 'BY');
    withinGroup = readSortItems(reader);
    expect(reader, ')');
  }
  let filter: Expression | undefined;
  if (take(reader, 'FILTER', '(', 'WHERE')) {
    filter = readExpression(reader);
    expect(reader, ')');
  }
  const ignoreNulls = before || take(reader, 'IGNORE', 'NULLS');
  if (!ignoreNulls) take(reader, 'RESPECT', 'NULLS');
  const over = take(reader, 'OVER') ? readOver(reader) : undefined;
  return { withinGroup, filter, ignoreNulls, over };
}

function readOver(reader: Reader): Window | string {
  return isNext(reader, '(') ? readWindow(reader) : readName(reader).toLowerCase();
}

/** `([w] PARTITION BY ... ORDER BY ... ROWS ...)`; DISTRIBUTE BY and SORT BY say the same. */
export function readWindow(reader: Reader): Window {
  expect(reader, '(');
  const words = ['PARTITION', 'ORDER', 'DISTRIBUTE', 'SORT', 'ROWS', 'RANGE', 'GROUPS'];
  const named = peek(reader).kind === 'word' || peek(reader).kind === 'quoted';
  const base = named && !words.includes(peek(reader).key) ? readName(reader).toLowerCase() : undefined;
  const split = take(reader, 'PARTITION', 'BY') || take(reader, 'DISTRIBUTE', 'BY');
  const groupedBy = split ? readExpressions(reader) : [];
  const sorted = take(reader, 'ORDER', 'BY') || take(reader, 'SORT', 'BY');
  const orderBy = sorted ? readSortItems(reader) : [];
  const frame = readFrame(reader);
  expect(reader, ')');
  return { base, groupedBy, orderBy, frame };
}

function readFrame(reader: Reader): string {
  const { at, key: unit } = peek(reader);
  if (!['ROWS', 'RANGE', 'GROUPS'].includes(unit)) return '';
  reader.at += 1;
  const between = take(reader, 'BETWEEN');
  const low = readBound(reader, unit);
  if (between) expect(reader, 'AND');
  const high = between ? readBound(reader, unit) : 'CURRENT ROW';
  const [from, to] = [sideOf(low), sideOf(high)];
  const backwards = from > to || low === 'UNBOUNDED FOLLOWING' || high === 'UNBOUNDED PRECEDING';
  if (backwards) throw refuse(reader, at, `a frame cannot go from ${low} to ${high}`);
  return `${unit} BETWEEN ${low} AND ${high}${readExclude(reader)}`;
}

/** -1 before the current row, 0 at it, 1 behind it. */
const sideOf = (bound: string): number =>
  bound.endsWith('PRECEDING') ? -1 : bound.endsWith('FOLLOWING') ? 1 : 0;

function readBound(reader: Reader, unit: string): string {
  if (take(reader, 'CURRENT', 'ROW')) return 'CURRENT ROW';
  const { kind, text, key } = peek(reader);
  const number = unit === 'RANGE' ? /^\d+(\.\d+)?$/ : /^\d+$/;
  if (key !== 'UNBOUNDED' && !(kind === 'number' && number.test(text))) throw unexpected(reader);
  reader.at += 1;
  const side = peek(reader).key;
  if (side !== 'PRECEDING' && side !== 'FOLLOWING') throw unexpected(reader);
  reader.at += 1;
  return `${kind === 'number' ? text : key} ${side}`;
}

function readExclude(reader: Reader): string {
  if (!take(reader, 'EXCLUDE')) return '';
  for (const what of ['CURRENT ROW', 'GROUP', 'TIES', 'NO OTHERS']) {
    if (take(reader, ...what.split(' '))) return ` EXCLUDE ${what}`;
  }
  throw unexpected(reader);
}

/** Calls with words inside: `extract(year from d)`, `trim(both 'x' from s)`, `struct(1 as a)`. */
const SPECIAL: Record<string, (reader: Reader) => Expression[] | undefined> = {
  extract: (reader) => {
    const unit = peek(reader, 1);
    expect(reader, '(');
    reader.at += 1;
    expect(reader, 'FROM');
    const operand = readExpression(reader);
    expect(reader, ')');
    return [{ kind: 'literal', at: unit.at, type: 'string', text: unit.text }, operand];
  },
  trim: (reader) => {
    const side = peek(reader, 1);
    if (!['BOTH', 'LEADING', 'TRAILING'].includes(side.key)) return undefined;
    reader.at += 2;
    const chars = isNext(reader, 'FROM') ? undefined : readExpression(reader);
    expect(reader, 'FROM');
    const operand = readExpression(reader);
    expect(reader, ')');
    const blank: Expression = { kind: 'literal', at: side.at, type: 'string', text: ' ' };
    return [operand, chars ?? blank, { kind: 'literal', at: side.at, type: 'string', text: side.key }];
  },
};
