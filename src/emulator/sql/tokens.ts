import { StatementError } from '../errors.ts';

/** Words, literals and symbols of a MaxCompute SQL text; comments and blanks are left out. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'symbol';
  /** Identifier without back quotes, literal with escapes resolved, or the symbol itself. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export function parseError(sql: string, at: number, message: string): StatementError {
  return new StatementError(`ODPS-0130161:[${position(sql, at)}] Parse exception - ${message}`);
}

/** `line,column`, both from 1, as in the service's messages. */
export const position = (sql: string, at: number): string => placesIn(sql)(at);

/** Places of a text as `line,column`: the lines are looked for once, however many places are asked for. */
export function placesIn(sql: string): (at: number) => string {
  let starts: number[] | undefined;
  return (at) => {
    starts ??= lineStarts(sql);
    let low = 0;
    for (let high = starts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle;
    }
    return `${low + 1},${at - starts[low]! + 1}`;
  };
}

function lineStarts(sql: string): number[] {
  const starts = [0];
  for (let at = sql.indexOf('\n'); at >= 0; at = sql.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

const BLANKS = /\s+/y;
const WORD = /[\w\u0080-\uffff]+/y;

/**
 * Throws for a comment or a literal that is not closed. Every character is looked at once: one pattern for all
 * kinds would look for the end of each such comment again, to the end of the text.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; ) {
    const end = endOfBlank(sql, at);
    if (end === at) tokens.push(tokenAt(sql, at));
    at = end === at ? tokens.at(-1)!.end : end;
  }
  return tokens;
}

/** Behind the blanks or the comment at a place; the place itself where there are none. */
function endOfBlank(sql: string, at: number): number {
  if (sql.startsWith('--', at)) return endOf(sql.indexOf('\n', at), sql.length);
  if (!sql.startsWith('/*', at)) return endOfMatch(BLANKS, sql, at);
  const end = sql.indexOf('*/', at + 2);
  if (end < 0) throw parseError(sql, at, 'unterminated /*');
  return end + 2;
}

const endOf = (found: number, otherwise: number): number => (found < 0 ? otherwise : found);

function endOfMatch(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

function tokenAt(sql: string, start: number): Token {
  const first = sql[start]!;
  if (first === '`') {
    const end = endOfQuoted(sql, start);
    return { kind: 'quoted', text: sql.slice(start + 1, end - 1).replaceAll('``', '`'), start, end };
  }
  if (first === "'" || first === '"') {
    const end = endOfLiteral(sql, start);
    return { kind: 'text', text: unescapeLiteral(sql.slice(start + 1, end - 1)), start, end };
  }
  const end = endOfMatch(WORD, sql, start);
  if (end > start) return { kind: 'word', text: sql.slice(start, end), start, end };
  return { kind: 'symbol', text: first, start, end: start + 1 };
}

/** Two back quotes inside stand for one. */
function endOfQuoted(sql: string, start: number): number {
  for (let at = start + 1; ; at += 2) {
    at = sql.indexOf('`', at);
    if (at < 0) throw parseError(sql, start, 'unterminated `');
    if (sql[at + 1] !== '`') return at + 1;
  }
}

function endOfLiteral(sql: string, start: number): number {
  const quote = sql.charCodeAt(start);
  for (let at = start + 1; at < sql.length; at += 1) {
    const code = sql.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  throw parseError(sql, start, `unterminated ${sql[start]}`);
}

const BACKSLASH = 92;

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', '0': '\0' };

function unescapeLiteral(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (_whole, char: string) => {
    if (char.length === 5) return String.fromCharCode(Number.parseInt(char.slice(1), 16));
    return ESCAPES[char] ?? char;
  });
}
