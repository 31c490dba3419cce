import type { RejectionCode } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { END_GROUP, FIXED32, FIXED64, GROUP, LENGTH, VARINT } from './type.ts';

const EMPTY = new Uint8Array(0);

/** Thrown inside the Protobuf readers when the bytes do not fit the schema; never leaves `decode`. */
export class Malformed extends Error {
  readonly code: RejectionCode;
  /** Names of the fields around the fault, the outermost first. */
  readonly fields: string[] = [];

  constructor(message: string, code: RejectionCode = 'invalid_protobuf') {
    super(message);
    this.code = code;
  }
}

/** Where the readers are in a value. */
export class Cursor {
  bytes: Uint8Array = EMPTY;
  /** Of the value, as messages count bytes from it. */
  start = 0;
  at = 0;
  /** Of the message that is being read. */
  end = 0;
  depth = 0;
  /** The integer last read, 32 bits each, both signed. */
  low = 0;
  high = 0;
  /** Cells that the trees of this record may still take. */
  cellsLeft = 0;

  set(bytes: Uint8Array, start: number, at: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.at = at;
    this.end = end;
    this.depth = 0;
    this.cellsLeft = LIMITS.treeCells;
  }
}

/** The fault with the byte (from 1) that is to be read next. */
export function malformed(cursor: Cursor, what: string, code?: RejectionCode): Malformed {
  return new Malformed(`${what}, at byte ${cursor.at - cursor.start + 1}`, code);
}

/** Moves over `size` bytes and returns where they start. */
export function take(cursor: Cursor, size: number): number {
  const { at } = cursor;
  if (size > cursor.end - at)
    throw malformed(cursor, `${size} bytes are needed, and ${cursor.end - at} are left`);
  cursor.at = at + size;
  return at;
}

export function enter(cursor: Cursor): void {
  cursor.depth++;
  if (cursor.depth > LIMITS.depth)
    throw malformed(cursor, `the value is nested deeper than ${LIMITS.depth} messages`, 'too_deep');
}

/** Counts cells of a tree before they are made: two bytes can ask for a thousand. */
export function countCells(cursor: Cursor, count: number): void {
  cursor.cellsLeft -= count;
  if (cursor.cellsLeft < 0)
    throw malformed(cursor, `the mapped values hold more than ${LIMITS.treeCells} values`, 'too_long');
}

/** Of at most 64 bits, into `low` and `high`. */
export function readVarint(cursor: Cursor): void {
  const { bytes, end } = cursor;
  let { at } = cursor;
  let low = 0;
  let high = 0;
  for (let shift = 0; at < end; shift += 7) {
    const byte = bytes[at++]!;
    if (shift < 28) low |= (byte & 0x7f) << shift;
    else if (shift === 28) {
      low |= byte << 28;
      high = (byte & 0x7f) >> 4;
    } else high |= (byte & 0x7f) << (shift - 32);
    if (byte >= 0x80 && shift < 63) continue;
    if (shift === 63 && byte > 1) throw malformed(cursor, 'an integer has more than 64 bits');
    cursor.low = low;
    cursor.high = high;
    cursor.at = at;
    return;
  }
  throw malformed(cursor, 'the value ends in the middle of an integer');
}

/** A length that must still fit. */
export function readLength(cursor: Cursor): number {
  readVarint(cursor);
  const left = cursor.end - cursor.at;
  if (cursor.high === 0 && cursor.low >= 0 && cursor.low <= left) return cursor.low;
  const length = BigInt.asUintN(32, BigInt(cursor.high)) * 0x1_0000_0000n + BigInt(cursor.low >>> 0);
  throw malformed(cursor, `a length of ${length} does not fit the ${left} bytes that are left`);
}

/** Field number and wire type, unsigned. */
function readTag(cursor: Cursor): number {
  const first = cursor.bytes[cursor.at]!;
  if (first < 0x80) {
    cursor.at++;
    return first;
  }
  readVarint(cursor);
  if (cursor.high !== 0) throw malformed(cursor, 'a field number has more than 29 bits');
  return cursor.low >>> 0;
}

/** Passes over the value of a field that nobody wants. */
export function skipField(cursor: Cursor, tag: number): void {
  switch (tag & 7) {
    case VARINT:
      readVarint(cursor);
      break;
    case FIXED64:
      take(cursor, 8);
      break;
    case LENGTH:
      take(cursor, readLength(cursor));
      break;
    case GROUP:
      skipGroup(cursor, tag + 1);
      break;
    case END_GROUP:
      throw malformed(cursor, `the group ${tag >>> 3} ends, which did not begin`);
    case FIXED32:
      take(cursor, 4);
      break;
    default:
      throw malformed(cursor, `there is no wire type ${tag & 7}`);
  }
}

function skipGroup(cursor: Cursor, endTag: number): void {
  enter(cursor);
  for (let tag = nextTag(cursor, endTag); tag !== 0; tag = nextTag(cursor, endTag)) skipField(cursor, tag);
  cursor.depth--;
}

/** In place of the tag at which a message ends: it ends where its bytes do. */
export const NO_END_TAG = -1;

/** The tag of the next field of a message; 0: the message ends here, behind the tag that ends its group. */
export function nextTag(cursor: Cursor, endTag: number): number {
  if (cursor.at >= cursor.end) {
    if (endTag !== NO_END_TAG) throw notEnded(cursor, endTag);
    return 0;
  }
  const tag = readTag(cursor);
  if (tag === endTag) return 0;
  if (tag >>> 3 === 0) throw malformed(cursor, 'there is no field of number 0');
  return tag;
}

function notEnded(cursor: Cursor, endTag: number): Malformed {
  return malformed(cursor, `the group ${endTag >>> 3} does not end`);
}
