import type { ColumnType } from '../../../model/types.ts';
import type { Expression, LiteralType } from './ast.ts';
import { isNext, type Lexeme, peek, type Reader, refuse, take } from './lexer.ts';

const SUFFIXES: Record<string, ColumnType | LiteralType> = {
  L: { name: 'BIGINT' },
  S: { name: 'SMALLINT' },
  Y: { name: 'TINYINT' },
  D: 'double',
  F: { name: 'FLOAT' },
  BD: 'decimal',
};

const TYPED: Record<string, ColumnType> = {
  DATE: { name: 'DATE' },
  DATETIME: { name: 'DATETIME' },
  TIMESTAMP: { name: 'TIMESTAMP' },
  TIMESTAMP_NTZ: { name: 'TIMESTAMP_NTZ' },
  JSON: { name: 'JSON' },
  BINARY: { name: 'BINARY' },
};

/** Where `'...'` and `date '...'`, numbers, TRUE, FALSE and NULL are read; undefined for anything else. */
export function readLiteral(reader: Reader): Expression | undefined {
  const lexeme = peek(reader);
  const { kind, at, key } = lexeme;
  if (kind === 'number') {
    reader.at += 1;
    return numberLiteral(reader, lexeme);
  }
  if (kind === 'text') return readText(reader);
  const type = TYPED[key];
  if (type && peek(reader, 1).kind === 'text') {
    const { text } = peek(reader, 1);
    reader.at += 2;
    return { kind: 'literal', at, type, text };
  }
  if (isNext(reader, '(', 1) || isNext(reader, '.', 1)) return undefined;
  if (key === 'TRUE' || key === 'FALSE') {
    reader.at += 1;
    return { kind: 'literal', at, type: 'boolean', text: key };
  }
  return take(reader, 'NULL') ? { kind: 'literal', at, type: 'null', text: '' } : undefined;
}

/** Literals that follow each other are one: `'a' 'b'`. */
function readText(reader: Reader): Expression {
  const { at } = peek(reader);
  let text = '';
  while (peek(reader).kind === 'text') {
    text += peek(reader).text;
    reader.at += 1;
  }
  return { kind: 'literal', at, type: 'string', text };
}

function numberLiteral(reader: Reader, { text, at }: Lexeme): Expression {
  const match = /^(.*?)(BD|[LYSDF])?$/i.exec(text)!;
  const digits = match[1]!;
  const suffix = match[2]?.toUpperCase();
  const whole = /^\d+$/.test(digits);
  if (suffix && 'LSY'.includes(suffix)) {
    if (!whole) throw refuse(reader, at, `invalid token '${text}'`);
    const limit = { L: 63n, S: 15n, Y: 7n }[suffix as 'L' | 'S' | 'Y'];
    if (BigInt(digits) > 1n << limit) throw refuse(reader, at, `number ${text} is out of range`);
  }
  if (suffix) return { kind: 'literal', at, type: SUFFIXES[suffix]!, text: digits };
  if (!whole) return { kind: 'literal', at, type: 'double', text: digits };
  return { kind: 'literal', at, type: BigInt(digits) > 1n << 63n ? 'decimal' : 'integer', text: digits };
}
