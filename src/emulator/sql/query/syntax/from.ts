import type { From, LateralView, Sample } from './ast.ts';
import { readCall } from './calls.ts';
import { readExpression, readExpressions, readName, readPath } from './expressions.ts';
import { expect, isNext, lacking, listOf, peek, type Reader, take, unexpected } from './lexer.ts';
import { readQuery, readRows, startsQuery } from './queries.ts';
import { endsAlias } from './reserved.ts';

/** Tables, joins and lateral views behind FROM. */
export function readFrom(reader: Reader): From {
  let from = readJoins(reader);
  while (take(reader, ',')) {
    const right = readJoins(reader);
    from = {
      kind: 'join',
      at: from.at,
      join: 'CROSS',
      left: from,
      right,
      on: undefined,
      using: [],
      natural: false,
    };
  }
  return from;
}

function readJoins(reader: Reader): From {
  let left = readLateral(reader, readSource(reader));
  for (;;) {
    const natural = take(reader, 'NATURAL');
    const join = readJoinKind(reader);
    if (join === undefined) {
      if (natural) throw unexpected(reader, 'JOIN');
      return left;
    }
    const right = readSource(reader);
    const on = take(reader, 'ON') ? readExpression(reader) : undefined;
    const using = !on && take(reader, 'USING') ? listOf(reader, () => readName(reader).toLowerCase()) : [];
    left = readLateral(reader, { kind: 'join', at: left.at, join, left, right, on, using, natural });
  }
}

function readJoinKind(reader: Reader): string | undefined {
  if (take(reader, 'JOIN') || take(reader, 'INNER', 'JOIN')) return 'INNER';
  if (take(reader, 'CROSS', 'JOIN')) return 'CROSS';
  if (take(reader, 'LEFT', 'SEMI', 'JOIN') || take(reader, 'SEMI', 'JOIN')) return 'SEMI';
  if (take(reader, 'LEFT', 'ANTI', 'JOIN') || take(reader, 'ANTI', 'JOIN')) return 'ANTI';
  for (const side of ['LEFT', 'RIGHT', 'FULL']) {
    if (take(reader, side, 'JOIN') || take(reader, side, 'OUTER', 'JOIN')) return side;
  }
  return undefined;
}

function readSource(reader: Reader): From {
  const { at } = peek(reader);
  if (isNext(reader, '(')) return startsQuery(reader, 1) ? readSubquery(reader) : readNested(reader);
  if (take(reader, 'VALUES')) {
    const rows = readRows(reader);
    const query = { ...PLAIN, at, body: { kind: 'values' as const, at, rows } };
    return { kind: 'subquery', at, query, ...readAlias(reader) };
  }
  if (take(reader, '@'))
    return { kind: 'variable', at, name: readName(reader).toLowerCase(), ...readAlias(reader) };
  const parts = readPath(reader).map(({ text }) => text);
  const before = take(reader, 'TABLESAMPLE') ? readSample(reader) : undefined;
  const alias = readAlias(reader);
  const sample = before ?? (take(reader, 'TABLESAMPLE') ? readSample(reader) : undefined);
  return { kind: 'table', at, parts, ...alias, sample };
}

const PLAIN = {
  with: [],
  recursive: false,
  orderBy: [],
  distributeBy: [],
  sortBy: [],
  limit: undefined,
  offset: undefined,
};

function readSubquery(reader: Reader): From {
  const { at } = peek(reader);
  const saved = reader.at;
  expect(reader, '(');
  const query = readQuery(reader);
  if (!take(reader, ')')) {
    // `((SELECT ...) a JOIN b)`: what looked like a query is a source in parentheses.
    reader.at = saved;
    return readNested(reader);
  }
  return { kind: 'subquery', at, query, ...readAlias(reader) };
}

function readNested(reader: Reader): From {
  expect(reader, '(');
  const from = readFrom(reader);
  expect(reader, ')');
  return from;
}

function readAlias(reader: Reader): { alias: string | undefined; columns: string[] } {
  const { kind, key } = peek(reader);
  const named = take(reader, 'AS') || kind === 'quoted' || (kind === 'word' && !endsAlias(key));
  if (!named) return { alias: undefined, columns: [] };
  const alias = readName(reader).toLowerCase();
  const columns = isNext(reader, '(') ? listOf(reader, () => readName(reader).toLowerCase()) : [];
  return { alias, columns };
}

function readLateral(reader: Reader, first: From): From {
  let from = first;
  for (const word of ['PIVOT', 'UNPIVOT']) if (isNext(reader, word)) throw lacking(reader, word);
  while (take(reader, 'LATERAL', 'VIEW')) {
    from = { kind: 'lateral', at: first.at, from, view: readView(reader) };
  }
  return from;
}

function readView(reader: Reader): LateralView {
  const outer = take(reader, 'OUTER');
  const { at } = peek(reader);
  const call = readCall(reader);
  if (!call) throw unexpected(reader);
  const alias = isNext(reader, 'AS') ? '' : readName(reader).toLowerCase();
  if (!take(reader, 'AS')) return { at, outer, call, alias, columns: [] };
  if (isNext(reader, '(')) {
    return { at, outer, call, alias, columns: listOf(reader, () => readName(reader).toLowerCase()) };
  }
  const columns = [readName(reader).toLowerCase()];
  while (isNext(reader, ',') && peek(reader, 1).kind !== 'symbol' && !isNext(reader, '.', 2)) {
    reader.at += 1;
    columns.push(readName(reader).toLowerCase());
  }
  return { at, outer, call, alias, columns };
}

/** `(BUCKET x OUT OF y ON a)`, `(x OUT OF y)`, `(10 PERCENT)` or `(10 ROWS)`. */
function readSample(reader: Reader): Sample {
  expect(reader, '(');
  take(reader, 'BUCKET');
  const first = readNumber(reader);
  if (take(reader, 'PERCENT', ')')) return { kind: 'percent', percent: first };
  if (take(reader, 'ROWS', ')')) return { kind: 'rows', rows: Math.floor(first) };
  expect(reader, 'OUT', 'OF');
  const of = readNumber(reader);
  const whole = Number.isInteger(first) && Number.isInteger(of);
  if (!whole || first < 1 || of < first) throw unexpected(reader);
  const on = take(reader, 'ON') ? readExpressions(reader) : [];
  expect(reader, ')');
  return { kind: 'bucket', bucket: first, of, on };
}

function readNumber(reader: Reader): number {
  const { kind, text } = peek(reader);
  if (kind !== 'number' || !/^[\d.]+$/.test(text)) throw unexpected(reader);
  reader.at += 1;
  return Number(text);
}
