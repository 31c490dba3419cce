import type { StatementError } from '../../../errors.ts';
import { parseError, tokenize } from '../../tokens.ts';
import { queryError } from '../errors.ts';

/** A token of a query: numbers with their suffix are one token, and so are operators of several signs. */
export interface Lexeme {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'symbol' | 'end';
  /** Name or literal without its quotes; symbol or number as written. */
  readonly text: string;
  /** Upper case for words and symbols; empty for what is quoted. */
  readonly key: string;
  readonly at: number;
  readonly end: number;
}

const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:BD|[LYSDF])?(?![\w\u0080-\uffff])/iy;
const SYMBOL = /<=>|->|<=|>=|<>|!=|==|\|\||&&|<<|>>|[^\s\w]/y;

/** Cuts a query into lexemes; the last one has kind `end`. */
export function lex(sql: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  let covered = 0;
  for (const token of tokenize(sql)) {
    if (token.start < covered) continue;
    const lexeme = lexemeAt(sql, token, lexemes.at(-1));
    covered = lexeme.end;
    lexemes.push(lexeme);
  }
  lexemes.push({ kind: 'end', text: '', key: '', at: sql.trimEnd().length, end: sql.length });
  return lexemes;
}

function lexemeAt(
  sql: string,
  token: ReturnType<typeof tokenize>[number],
  before: Lexeme | undefined,
): Lexeme {
  const { kind, text, start, end } = token;
  if (kind === 'quoted' || kind === 'text') return { kind, text, key: '', at: start, end };
  const number = numberAt(sql, start, before);
  if (number) return number;
  if (kind === 'word') return { kind, text, key: text.toUpperCase(), at: start, end };
  SYMBOL.lastIndex = start;
  const symbol = SYMBOL.exec(sql)?.[0] ?? text;
  return { kind: 'symbol', text: symbol, key: symbol, at: start, end: start + symbol.length };
}

/** `.5` is a number, but not behind a name: `a.5`. */
function numberAt(sql: string, start: number, before: Lexeme | undefined): Lexeme | undefined {
  const behindName = before && before.end === start && before.kind !== 'symbol';
  if (!/[\d.]/.test(sql[start]!) || (sql[start] === '.' && behindName)) return undefined;
  NUMBER.lastIndex = start;
  const text = NUMBER.exec(sql)?.[0];
  if (text === undefined) return undefined;
  return { kind: 'number', text, key: '', at: start, end: start + text.length };
}

/** A place in the lexemes of one query. */
export interface Reader {
  readonly sql: string;
  readonly lexemes: readonly Lexeme[];
  at: number;
}

export const startReading = (sql: string): Reader => ({ sql, lexemes: lex(sql), at: 0 });

export const peek = (reader: Reader, ahead = 0): Lexeme =>
  reader.lexemes[Math.min(reader.at + ahead, reader.lexemes.length - 1)]!;

export const isNext = (reader: Reader, key: string, ahead = 0): boolean => peek(reader, ahead).key === key;

export function take(reader: Reader, ...keys: readonly string[]): boolean {
  if (!keys.every((key, index) => isNext(reader, key, index))) return false;
  reader.at += keys.length;
  return true;
}

export function expect(reader: Reader, ...keys: readonly string[]): void {
  for (const key of keys) if (!take(reader, key)) throw unexpected(reader, key);
}

/** The error for the lexeme that stands where something else must. */
export function unexpected(reader: Reader, wanted?: string): StatementError {
  const { kind, at, end } = peek(reader);
  const found = kind === 'end' ? "'<EOF>'" : `'${reader.sql.slice(at, end)}'`;
  const hint = wanted ? `, expect '${wanted}'` : '';
  return parseError(reader.sql, at, `invalid token ${found}${hint}`);
}

/** What MaxCompute has at this place and this has not. */
export const lacking = (reader: Reader, what: string): StatementError =>
  queryError(reader.sql, peek(reader).at, '0130071', `${what} is not supported by this local MaxCompute`);

export function refuse(reader: Reader, at: number, text: string): StatementError {
  return parseError(reader.sql, at, text);
}

/** Items between parentheses, separated by commas; none when `()` follows. */
export function listOf<T>(reader: Reader, item: () => T): T[] {
  expect(reader, '(');
  const items: T[] = [];
  if (take(reader, ')')) return items;
  do items.push(item());
  while (take(reader, ','));
  expect(reader, ')');
  return items;
}
