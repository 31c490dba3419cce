import { BOOLEAN, BYTES, Cell, DOUBLE, NULL, STRING } from '../cell/cell.ts';
import type { ProtoEnum, ProtoScalar, ProtoType } from './type.ts';

/** The value of a field without presence that is absent: 0, "", false, the first name of an enum. */
export function zeroCell(type: ProtoScalar | ProtoEnum): Cell {
  if (type.kind === 'enum') return textCell(STRING, Buffer.from(type.first));
  const cell = new Cell();
  switch (type.name) {
    case 'string':
      return textCell(STRING, Buffer.alloc(0));
    case 'bytes':
      return textCell(BYTES, Buffer.alloc(0));
    case 'bool':
      cell.kind = BOOLEAN;
      return cell;
    case 'double':
    case 'float':
      cell.setDouble(0, type.name === 'float');
      return cell;
    default:
      cell.setInteger(0);
      return cell;
  }
}

export function nullCell(): Cell {
  return Object.assign(new Cell(), { kind: NULL });
}

/** An absent list is empty, and so is an absent map. */
export function emptyCell(isMap: boolean): Cell {
  const cell = new Cell();
  cell.setTree(isMap ? { members: [] } : { items: [] });
  return cell;
}

/**
 * The value of `[default = ...]`.
 *
 * @param words as written
 * @throws Error when it is none of the type
 */
export function defaultCell(type: ProtoType, words: readonly string[]): Cell {
  const literal = words.join('');
  if (type.kind === 'message') throw new Error('a message has no default');
  if (type.kind === 'enum') {
    if (!type.numbers.has(literal)) throw new Error(`the default ${literal} is no value of ${type.name}`);
    return textCell(STRING, Buffer.from(type.names.get(type.numbers.get(literal)!)!));
  }
  if (type.name === 'string' || type.name === 'bytes')
    return textCell(
      type.name === 'string' ? STRING : BYTES,
      Buffer.concat(words.map((word) => unescaped(word.slice(1, -1)))),
    );
  const cell = zeroCell(type);
  if (cell.kind === BOOLEAN) cell.num = literal === 'true' ? 1 : 0;
  else if (cell.kind === DOUBLE) cell.num = float(type.name, literal);
  else cell.setInteger(integer(literal));
  return cell;
}

function textCell(kind: number, bytes: Buffer): Cell {
  const cell = new Cell();
  cell.setBytes(kind, new Uint8Array(bytes), 0, bytes.length);
  return cell;
}

function float(name: string, literal: string): number {
  const value = Number(literal.replace('inf', 'Infinity').replace(/^-?nan$/, 'NaN'));
  if (Number.isNaN(value) && !literal.endsWith('nan')) throw new Error(`the default ${literal} is no number`);
  return name === 'float' ? Math.fround(value) : value;
}

function integer(literal: string): bigint {
  const digits = literal.replace(/^-/, '').replace(/^0(?=\d)/, '0o');
  if (!/^(?:\d+|0x[\da-f]+|0o[0-7]+)$/i.test(digits))
    throw new Error(`the default ${literal} is no whole number`);
  return literal.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}

const SIMPLE: Record<string, number> = { n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11 };
const ESCAPE = /\\(?:([0-7]{1,3})|[xX]([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))|[^\\]+/g;

/** The escapes of C. */
function unescaped(text: string): Buffer {
  const parts = [...text.matchAll(ESCAPE)].map(([whole, octal, hex, short, long, letter]) => {
    if (octal !== undefined) return Buffer.of(Number.parseInt(octal, 8) & 0xff);
    if (hex !== undefined) return Buffer.of(Number.parseInt(hex, 16));
    const point = short ?? long;
    if (point !== undefined) return Buffer.from(String.fromCodePoint(Number.parseInt(point, 16)));
    if (letter !== undefined) return SIMPLE[letter] ? Buffer.of(SIMPLE[letter]) : Buffer.from(letter);
    return Buffer.from(whole);
  });
  return Buffer.concat(parts);
}
