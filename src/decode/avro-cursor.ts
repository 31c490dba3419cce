import type { RejectionCode } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Dirty } from './cell.ts';

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

  set(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.depth = 0;
  }
}

/** Moves over `size` bytes and returns where they start. */
export function take(cursor: Cursor, size: number): number {
  const at = cursor.at;
  if (size > cursor.end - at) throw new Malformed('the value ends in the middle of a field');
  cursor.at = at + size;
  return at;
}

export function enter(cursor: Cursor): void {
  cursor.depth++;
  if (cursor.depth > LIMITS.depth) {
    throw new Malformed(`the value is nested deeper than ${LIMITS.depth} records`, 'too_deep');
  }
}

/** An int or long, zig-zag and variable length: exact over 64 bits, a number while that is exact. */
export function readLong(cursor: Cursor): number | bigint {
  let low = 0;
  let middle = 0;
  let high = 0;
  for (let i = 0; i < 10; i++) {
    const byte = cursor.bytes[take(cursor, 1)]!;
    const bits = byte & 0x7f;
    if (i < 4) low |= bits << (7 * i);
    else if (i < 8) middle |= bits << (7 * (i - 4));
    else high |= bits << (7 * (i - 8));
    if (byte < 0x80) return unzigzag(low, middle, high);
  }
  throw new Malformed('an integer takes more than 10 bytes');
}

/** `low` and `middle` hold 28 bits each, `high` the rest. */
function unzigzag(low: number, middle: number, high: number): number | bigint {
  if (middle === 0 && high === 0) return (low >>> 1) ^ -(low & 1);
  if (high === 0 && middle < 2 ** 25) {
    const value = middle * 2 ** 28 + low;
    return (low & 1) === 0 ? value / 2 : -(value + 1) / 2;
  }
  if (high > 0xff) throw new Malformed('an integer has more than 64 bits');
  const value = (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low);
  return (value >> 1n) ^ -(value & 1n);
}

export function skipLong(cursor: Cursor): void {
  const last = cursor.at + 9;
  while (cursor.bytes[take(cursor, 1)]! >= 0x80) {
    if (cursor.at > last) throw new Malformed('an integer takes more than 10 bytes');
  }
}

export function readInt(cursor: Cursor): number {
  const value = readLong(cursor);
  if (typeof value === 'number' && value >= -0x8000_0000 && value <= 0x7fff_ffff) return value;
  throw new Malformed(`the int ${value} has more than 32 bits`);
}

/** The length of a string, of bytes or of a block, which must still fit. */
export function readLength(cursor: Cursor): number {
  const length = readLong(cursor);
  if (typeof length === 'number' && length >= 0 && length <= cursor.end - cursor.at) return length;
  throw new Malformed(`a length of ${length} does not fit the ${cursor.end - cursor.at} bytes that are left`);
}

/** The number of a union's branch or an enum's symbol. */
export function readIndex(cursor: Cursor, count: number): number {
  const index = readLong(cursor);
  if (typeof index === 'number' && index >= 0 && index < count) return index;
  throw new Malformed(`number ${index} of a union or enum that has ${count}`);
}

/** Calls `item` for each item of an array or map, block by block; an item takes at least `itemBytes`. */
export function readBlocks(cursor: Cursor, itemBytes: number, item: (index: number) => void): void {
  let index = 0;
  for (let count = readCount(cursor); count !== 0; count = readCount(cursor)) {
    if (count < 0) {
      count = -count;
      readLength(cursor);
    }
    const room = itemBytes === 0 ? EMPTY_ITEMS_MAX - index : (cursor.end - cursor.at) / itemBytes;
    if (count > room)
      throw new Malformed(`${count} items do not fit the ${cursor.end - cursor.at} bytes that are left`);
    for (const end = index + count; index < end; index++) item(index);
  }
}

/** As {@link readBlocks}, but a block that says its size is passed over whole. */
export function skipBlocks(cursor: Cursor, itemBytes: number, skipItem: (cursor: Cursor) => void): void {
  for (let count = readCount(cursor); count !== 0; count = readCount(cursor)) {
    if (count < 0) {
      take(cursor, readLength(cursor));
    } else if (itemBytes > 0) {
      for (; count > 0; count--) skipItem(cursor);
    }
  }
}

function readCount(cursor: Cursor): number {
  const count = readLong(cursor);
  if (typeof count === 'number') return count;
  throw new Malformed(`a block of ${count} items`);
}
