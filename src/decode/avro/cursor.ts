import type { RejectionCode } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { Cell, type Dirty, INTEGER } from '../cell/cell.ts';

const EMPTY = new Uint8Array(0);

/** Items without bytes (an array of nulls) cost nothing on the wire, so their number is bounded here. */
const EMPTY_ITEMS_MAX = 100_000;

/** Thrown inside the Avro readers when the bytes do not fit the schema; never leaves `decode`. */
export class Malformed extends Error {
  readonly dirty: Dirty;

  constructor(message: string, code: RejectionCode = 'invalid_avro') {
    super(message);
    this.dirty = { code, message };
  }
}

/** Where the readers are in a value. */
export class Cursor {
  bytes: Uint8Array = EMPTY;
  at = 0;
  end = 0;
  depth = 0;
  /** Cells that the trees of this value may still have. */
  cells = 0;

  set(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.depth = 0;
    this.cells = end - at + EMPTY_ITEMS_MAX;
  }
}

/** Moves over `size` bytes and returns where they start. */
export function take(cursor: Cursor, size: number): number {
  const at = cursor.at;
  if (size > cursor.end - at) throw cutOff();
  cursor.at = at + size;
  return at;
}

export const cutOff = (): Malformed => new Malformed('the value ends in the middle of a field');

/** Into a record, array or map; whoever comes back takes one off `depth`. */
export function enter(cursor: Cursor): void {
  cursor.depth++;
  if (cursor.depth > LIMITS.depth)
    throw new Malformed(`the value is nested deeper than ${LIMITS.depth} levels`, 'too_deep');
}

/**
 * An int or long (zig-zag, variable length) as an INTEGER cell: exact over 64 bits, a number while that is exact.
 * Into a cell, because a number that a function returns may have to be allocated.
 */
export function fillLong(cursor: Cursor, cell: Cell): void {
  const { bytes, end } = cursor;
  let at = cursor.at;
  let low = 0;
  cell.kind = INTEGER;
  cell.safe = true;
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= end) throw cutOff();
    const byte = bytes[at++]!;
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.at = at;
      cell.num = (low >>> 1) ^ -(low & 1);
      return;
    }
  }
  fillWide(cursor, cell, at, low);
}

/** Goes on behind the first 28 bits. */
function fillWide(cursor: Cursor, cell: Cell, from: number, low: number): void {
  const { bytes, end } = cursor;
  let at = from;
  let middle = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= end) throw cutOff();
    const byte = bytes[at++]!;
    middle |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.at = at;
      setNumber(cell, middle, low);
      return;
    }
  }
  cursor.at = at;
  cell.setInteger(unzigzag(readHigh(cursor), middle, low));
}

/** 28 bits each; up to 2^53 in all. */
function setNumber(cell: Cell, middle: number, low: number): void {
  const value = middle * 2 ** 28 + low;
  if (middle >= 2 ** 25) cell.setInteger(unzigzag(0, middle, low));
  else cell.num = (low & 1) === 0 ? value / 2 : -(value + 1) / 2;
}

/** The bits of a 64-bit number above the lower 56: two bytes at most. */
function readHigh(cursor: Cursor): number {
  const first = cursor.bytes[take(cursor, 1)]!;
  if (first < 0x80) return first;
  const second = cursor.bytes[take(cursor, 1)]!;
  if (second >= 0x80) throw new Malformed('an integer takes more than 10 bytes');
  if (second > 1) throw new Malformed('an integer has more than 64 bits');
  return (first & 0x7f) | (second << 7);
}

function unzigzag(high: number, middle: number, low: number): bigint {
  const value = (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low);
  return (value >> 1n) ^ -(value & 1n);
}

/** As {@link fillLong}, where a small number is meant; what is none comes back as infinity. */
export function readCount(cursor: Cursor): number {
  const { at, bytes } = cursor;
  const left = cursor.end - at;
  const first = left > 0 ? bytes[at]! : 0x80;
  if (first < 0x80) {
    cursor.at = at + 1;
    return (first >>> 1) ^ -(first & 1);
  }
  const second = left > 1 ? bytes[at + 1]! : 0x80;
  if (second >= 0x80) return readWideCount(cursor);
  cursor.at = at + 2;
  const both = (first & 0x7f) | (second << 7);
  return (both >>> 1) ^ -(both & 1);
}

const counted = new Cell();

function readWideCount(cursor: Cursor): number {
  fillLong(cursor, counted);
  return counted.safe ? counted.num : Number.POSITIVE_INFINITY;
}

/** The length of a string, of bytes or of a block, which must still fit. */
export function readLength(cursor: Cursor): number {
  const length = readCount(cursor);
  if (length >= 0 && length <= cursor.end - cursor.at) return length;
  throw new Malformed(
    `a length of ${shown(length)} does not fit the ${cursor.end - cursor.at} bytes that are left`,
  );
}

/** The number of a union's branch or an enum's symbol. */
export function readIndex(cursor: Cursor, count: number): number {
  const index = readCount(cursor);
  if (index >= 0 && index < count) return index;
  throw new Malformed(`number ${shown(index)} of a union or enum that has ${count}`);
}

const shown = (count: number): string => String(Number.isFinite(count) ? count : counted.big);

/** Calls `item` for each item of an array or map, block by block; an item takes at least `itemBytes`. */
export function readBlocks(cursor: Cursor, itemBytes: number, item: (index: number) => void): void {
  enter(cursor);
  let index = 0;
  for (let count = readCount(cursor); count !== 0; count = readCount(cursor)) {
    if (count < 0) {
      count = -count;
      readLength(cursor);
    }
    const room = itemBytes === 0 ? EMPTY_ITEMS_MAX - index : (cursor.end - cursor.at) / itemBytes;
    if (count > room)
      throw new Malformed(
        `${shown(count)} items do not fit the ${cursor.end - cursor.at} bytes that are left`,
      );
    for (const end = index + count; index < end; index++) item(index);
  }
  cursor.depth--;
}
