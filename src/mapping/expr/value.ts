import {
  BOOLEAN,
  BYTES,
  Cell,
  DOUBLE,
  INSTANT,
  INTEGER,
  JSON_TEXT,
  type Member,
  MISSING,
  NULL,
  NUMBER,
  STRING,
  TREE,
  type Tree,
} from '../../decode/cell/cell.ts';
import { timeText } from '../../decode/cell/tree-json.ts';
import { cellText } from '../../decode/encoding/utf8.ts';
import { jsonTree } from '../../decode/json/tree.ts';
import { readSafeInteger } from '../convert/decimal-digits.ts';
import { readSimpleDouble } from '../convert/float.ts';
import { isUnsigned, unsigned } from './cel.ts';
import { Instant } from './instant.ts';

/**
 * What an expression sees of a cell:
 *
 * INTEGER, NUMBER without point and exponent | int; uint above 2^63-1; double beyond 64 bits
 * DOUBLE, other NUMBER                       | double
 * STRING                                     | string
 * BYTES                                      | bytes
 * JSON_TEXT, TREE                            | map, list: Maps and arrays, so that no name means anything
 * INSTANT                                    | timestamp
 * LOCAL, DAY, TIME                           | string, ISO 8601: CEL has no such types
 * MISSING, NULL                              | undefined, null
 */
export function celValue(cell: Cell): unknown {
  switch (cell.kind) {
    case MISSING:
      return undefined;
    case NULL:
      return null;
    case BOOLEAN:
      return cell.num === 1;
    case INTEGER:
      return cell.safe ? BigInt(cell.num) : wide(cell.big);
    case DOUBLE:
      return cell.num;
    case NUMBER:
      return numberOf(cell);
    case STRING:
      return cellText(cell);
    case BYTES:
      return cell.bytes.subarray(cell.start, cell.end);
    case JSON_TEXT:
      return jsonValue(cell);
    case TREE:
      return treeValue(cell.tree!);
    case INSTANT:
      return new Instant(cell.num, cell.nanos);
    default:
      return timeText(cell);
  }
}

const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

function wide(value: bigint): unknown {
  if (value <= INT_MAX && value >= -INT_MAX - 1n) return value;
  return value > 0n && value <= UINT_MAX ? unsigned(value) : Number(value);
}

/** Longer ones are beyond 64 bits. */
const INTEGER_TEXT = /^-?\d{1,20}$/;

function numberOf(cell: Cell): unknown {
  const integer = readSafeInteger(cell.bytes, cell.start, cell.end);
  if (!Number.isNaN(integer)) return BigInt(integer);
  const double = readSimpleDouble(cell.bytes, cell.start, cell.end);
  if (!Number.isNaN(double)) return double;
  const text = cellText(cell);
  return INTEGER_TEXT.test(text) ? wide(BigInt(text)) : finite(Number(text));
}

/** An overflow is dirty, as in columns without an expression; only formats with infinities have them. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new Error('a number is outside the range of a double');
  return value;
}

function jsonValue(cell: Cell): unknown {
  const found = jsonTree(cell.bytes, cell.start, cell.end);
  if (!found) throw new Error('a string escapes half a surrogate pair');
  return celValue(found);
}

function treeValue(tree: Tree): unknown {
  if ('items' in tree) return tree.items.map((item) => celValue(item) ?? null);
  const map = new Map<string, unknown>();
  for (const { name, value } of tree.members) if (value.kind !== MISSING) map.set(name, celValue(value));
  return map;
}

/** Metadata times are milliseconds since 1970; none is no value. */
export function timeOf(cell: Cell): unknown {
  if (cell.kind !== INTEGER) return undefined;
  const seconds = Math.floor(cell.num / 1000);
  return new Instant(seconds, (cell.num - seconds * 1000) * 1_000_000);
}

/** `__headers__`, pairs of name and text or bytes, as a map; of a repeated name the last wins. */
export function headersOf(cell: Cell): unknown {
  const pairs = JSON.parse(cellText(cell)) as [string, HeaderJson][];
  return new Map(pairs.map(([name, value]) => [name, headerValue(value)]));
}

type HeaderJson = string | null | { readonly base64: string };

const headerValue = (value: HeaderJson): unknown =>
  value === null || typeof value === 'string' ? value : Buffer.from(value.base64, 'base64');

/** Puts what an expression gave into a cell; throws an Error when no column can take such a value. */
export function setValue(cell: Cell, value: unknown): void {
  if (value === null || value === undefined) cell.kind = NULL;
  else if (typeof value === 'bigint') cell.setInteger(value);
  else if (typeof value === 'string') setText(cell, value);
  else if (typeof value === 'boolean') setNumber(cell, BOOLEAN, value ? 1 : 0);
  else if (typeof value === 'number') setNumber(cell, DOUBLE, value);
  else if (value instanceof Uint8Array) cell.setBytes(BYTES, value, 0, value.length);
  else if (value instanceof Date) setTime(cell, value);
  else if (isUnsigned(value)) cell.setInteger(value.valueOf());
  else cell.setTree(treeOf(value));
}

const HALF_PAIR = /\p{Surrogate}/u;

function setText(cell: Cell, text: string): void {
  if (HALF_PAIR.test(text)) throw new Error('it gives a text with half a character');
  const bytes = Buffer.from(text);
  cell.setBytes(STRING, bytes, 0, bytes.length);
}

function setNumber(cell: Cell, kind: number, num: number): void {
  cell.kind = kind;
  cell.num = num;
}

function setTime(cell: Cell, time: Date): void {
  if (Number.isNaN(time.getTime())) throw new Error('it gives a time out of range');
  const { seconds, nanos } = Instant.from(time);
  setNumber(cell, INSTANT, seconds);
  cell.nanos = nanos;
}

function treeOf(value: unknown): Tree {
  if (Array.isArray(value) || value instanceof Set) return { items: [...value].map(cellOf) };
  if (value instanceof Map) return { members: membersOf([...value]) };
  if (isPlain(value)) return { members: membersOf(Object.entries(value)) };
  throw new Error(`it gives ${kindOf(value)}, which no column takes`);
}

/** A map that was written in the expression. */
const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;

const kindOf = (value: unknown): string =>
  String(Object.prototype.toString.call(value)).includes('Duration') ? 'a duration' : 'a type';

const membersOf = (entries: readonly (readonly [unknown, unknown])[]): Member[] =>
  entries.map(([name, inner]) => ({ name: String(name), value: cellOf(inner) }));

function cellOf(value: unknown): Cell {
  const cell = new Cell();
  setValue(cell, value);
  return cell;
}
