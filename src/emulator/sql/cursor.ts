import type { StatementError } from '../errors.ts';
import { parseError, placesIn, type Token, tokenize } from './tokens.ts';

/** A place in the tokens of a statement, and the steps that readers of statements take from it. */
export interface Cursor {
  readonly sql: string;
  readonly tokens: readonly Token[];
  /** `line,column` of a place in the text. */
  readonly place: (at: number) => string;
  at: number;
}

export const startOfText = (sql: string): Cursor => ({
  sql,
  tokens: tokenize(sql),
  place: placesIn(sql),
  at: 0,
});

export function readIdentifier(cursor: Cursor): string {
  const token = cursor.tokens[cursor.at];
  if (token?.kind !== 'word' && token?.kind !== 'quoted') throw unexpected(cursor);
  cursor.at += 1;
  return token.text;
}

/** A column's name: lower case, as names are compared and answered. */
export const readColumnName = (cursor: Cursor): string => readIdentifier(cursor).toLowerCase();

/** A quoted text or a bare number. */
export function readLiteral(cursor: Cursor): string {
  const negative = takeSymbol(cursor, '-') ? '-' : '';
  const token = cursor.tokens[cursor.at];
  if (token?.kind !== 'text' && token?.kind !== 'word') throw unexpected(cursor);
  cursor.at += 1;
  return negative + token.text;
}

/** A quoted text only: COMMENT and the like take no bare words. */
export function readText(cursor: Cursor): string {
  if (cursor.tokens[cursor.at]?.kind !== 'text') throw unexpected(cursor);
  return readLiteral(cursor);
}

/** A whole number from `least` to `most`. */
export function readNumber(cursor: Cursor, least: number, most: number): number {
  const text = peekWord(cursor) ?? '';
  const number = Number(text);
  if (!/^\d{1,15}$/.test(text)) throw unexpected(cursor);
  if (number < least || number > most) {
    throw parseError(cursor.sql, startOf(cursor), `${text} is outside ${least} to ${most}`);
  }
  cursor.at += 1;
  return number;
}

export function inParentheses(cursor: Cursor, item: () => unknown): void {
  expectSymbol(cursor, '(');
  do item();
  while (takeSymbol(cursor, ','));
  expectSymbol(cursor, ')');
}

export function peekWord(cursor: Cursor, ahead = 0): string | undefined {
  const token = cursor.tokens[cursor.at + ahead];
  return token?.kind === 'word' ? token.text.toUpperCase() : undefined;
}

export function takeWords(cursor: Cursor, ...words: string[]): boolean {
  if (!words.every((word, index) => peekWord(cursor, index) === word)) return false;
  cursor.at += words.length;
  return true;
}

export function expectWords(cursor: Cursor, ...words: string[]): void {
  for (const word of words) if (!takeWords(cursor, word)) throw unexpected(cursor);
}

export function isSymbol(cursor: Cursor, symbol: string, ahead = 0): boolean {
  const token = cursor.tokens[cursor.at + ahead];
  return token?.kind === 'symbol' && token.text === symbol;
}

export function takeSymbol(cursor: Cursor, symbol: string): boolean {
  if (!isSymbol(cursor, symbol)) return false;
  cursor.at += 1;
  return true;
}

export function expectSymbol(cursor: Cursor, symbol: string): void {
  if (!takeSymbol(cursor, symbol)) throw unexpected(cursor);
}

export const atEnd = (cursor: Cursor): boolean => cursor.at >= cursor.tokens.length || isSymbol(cursor, ';');

/** Where the next token starts in the text. */
export const startOf = (cursor: Cursor): number => cursor.tokens[cursor.at]?.start ?? cursor.sql.length;

/** `line,column` of the next token. */
export const here = (cursor: Cursor): string => cursor.place(startOf(cursor));

/**
 * Passes over an expression or a query: up to a token outside of brackets for which `stops` holds, to the
 * bracket that ends what it stands in, or to the end of the statement. Never over nothing.
 */
export function passUntil(cursor: Cursor, stops: (cursor: Cursor) => boolean): void {
  const first = cursor.at;
  let depth = 0;
  while (!atEnd(cursor)) {
    if (depth === 0 && cursor.at > first && stops(cursor)) break;
    if (isSymbol(cursor, '(') || isSymbol(cursor, '[')) depth += 1;
    if (isSymbol(cursor, ')') || isSymbol(cursor, ']')) {
      if (depth === 0) break;
      depth -= 1;
    }
    cursor.at += 1;
  }
  if (cursor.at === first) throw unexpected(cursor);
}

/** Text of the tokens from number `first` to the next one. */
export const textSince = (cursor: Cursor, first: number): string =>
  cursor.sql.slice(cursor.tokens[first]!.start, cursor.tokens[cursor.at - 1]!.end);

export function unexpected(cursor: Cursor): StatementError {
  const token = cursor.tokens[cursor.at];
  const found = token ? `'${cursor.sql.slice(token.start, token.end)}'` : "'<EOF>'";
  return parseError(cursor.sql, token?.start ?? cursor.sql.length, `invalid token ${found}`);
}
