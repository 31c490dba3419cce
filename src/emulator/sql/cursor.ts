import { parseError, type Token } from './tokens.ts';

/** A place in the tokens of a statement, and the steps that readers of statements take from it. */
export interface Cursor {
  readonly sql: string;
  readonly tokens: readonly Token[];
  at: number;
}

export function readIdentifier(cursor: Cursor): string {
  const token = cursor.tokens[cursor.at];
  if (token?.kind !== 'word' && token?.kind !== 'quoted') throw unexpected(cursor);
  cursor.at += 1;
  return token.text;
}

/** A quoted text or a bare number. */
export function readLiteral(cursor: Cursor): string {
  const token = cursor.tokens[cursor.at];
  if (token?.kind !== 'text' && token?.kind !== 'word') throw unexpected(cursor);
  cursor.at += 1;
  return token.text;
}

export function restOfStatement(cursor: Cursor): string {
  const start = cursor.tokens[cursor.at]!.start;
  while (cursor.at < cursor.tokens.length && !isSymbol(cursor, ';')) cursor.at += 1;
  return cursor.sql.slice(start, cursor.tokens[cursor.at - 1]!.end);
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
  if (!takeWords(cursor, ...words)) throw unexpected(cursor);
}

export function isSymbol(cursor: Cursor, symbol: string): boolean {
  const token = cursor.tokens[cursor.at];
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

export function unexpected(cursor: Cursor): Error {
  const token = cursor.tokens[cursor.at];
  const found = token ? `'${cursor.sql.slice(token.start, token.end)}'` : 'end of text';
  return parseError(cursor.sql, token?.start ?? cursor.sql.length, `invalid token ${found}`);
}
