import type { Expression, From } from './ast.ts';
import { readExpression } from './expressions.ts';
import { readFrom } from './from.ts';
import { peek, type Reader, startReading, unexpected } from './lexer.ts';

/** A part of a statement that is no query of its own, and where it begins in the script. */
interface Piece {
  readonly text: string;
  readonly start: number;
}

/** Places in the tree are places in the script; throws StatementError (ODPS-0130161) for what is no expression. */
export const parseExpression = (script: string, piece: Piece): Expression =>
  whole(script, piece, readExpression);

/** A table, a subquery or VALUES, with its alias. */
export const parseSource = (script: string, piece: Piece): From => whole(script, piece, readFrom);

function whole<T>(sql: string, { text, start }: Piece, read: (reader: Reader) => T): T {
  const lexemes = startReading(text).lexemes.map((one) => ({
    ...one,
    at: one.at + start,
    end: one.end + start,
  }));
  const reader: Reader = { sql, lexemes, at: 0 };
  const found = read(reader);
  if (peek(reader).kind !== 'end') throw unexpected(reader);
  return found;
}
