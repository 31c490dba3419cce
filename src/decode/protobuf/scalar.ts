import { BOOLEAN, BYTES, type Cell, INTEGER, STRING } from '../cell/cell.ts';
import { validUtf8 } from '../encoding/utf8.ts';
import { type Cursor, malformed, readLength, readVarint, take } from './cursor.ts';
import type { ProtoEnum, ProtoScalar } from './type.ts';

/** Reads one value, behind its tag, into one cell. */
export type Fill = (cursor: Cursor, cell: Cell) => void;

/**
 * How a scalar becomes a cell: every integer -> INTEGER, exact; double, float -> DOUBLE; bool -> BOOLEAN;
 * string -> STRING; bytes -> BYTES; an enum -> STRING with its name, or INTEGER for a number without one.
 * Integers of 32 bits take the lower half of a longer one, as the specification says.
 */
export function scalarFill(type: ProtoScalar | ProtoEnum): Fill {
  return type.kind === 'enum' ? enumFill(type) : FILLS[type.name]!;
}

const FILLS: Record<string, Fill> = {
  double: fillDouble,
  float: fillFloat,
  int32: fillInt32,
  int64: fillInt64,
  uint32: fillUint32,
  uint64: fillUint64,
  sint32: fillSint32,
  sint64: fillSint64,
  fixed32: fillFixed32,
  fixed64: fillFixed64,
  sfixed32: fillSfixed32,
  sfixed64: fillSfixed64,
  bool: fillBool,
  string: fillString,
  bytes: fillBytes,
};

function setSafe(cell: Cell, value: number): void {
  cell.kind = INTEGER;
  cell.num = value;
  cell.safe = true;
}

/** Half of the halves' range in which a number is exact. */
const SAFE_HIGH = 0x20_0000;

function setSigned(cell: Cell, low: number, high: number): void {
  if (high === low >> 31) setSafe(cell, low);
  else if (high > -SAFE_HIGH && high < SAFE_HIGH) setSafe(cell, high * 0x1_0000_0000 + (low >>> 0));
  else cell.setInteger((BigInt(high) << 32n) | BigInt(low >>> 0));
}

function setUnsigned(cell: Cell, low: number, high: number): void {
  if (high === 0) setSafe(cell, low >>> 0);
  else if (high > 0) setSigned(cell, low, high);
  else cell.setInteger((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}

function fillInt32(cursor: Cursor, cell: Cell): void {
  readVarint(cursor);
  setSafe(cell, cursor.low);
}

function fillInt64(cursor: Cursor, cell: Cell): void {
  readVarint(cursor);
  setSigned(cell, cursor.low, cursor.high);
}

function fillUint32(cursor: Cursor, cell: Cell): void {
  readVarint(cursor);
  setSafe(cell, cursor.low >>> 0);
}

function fillUint64(cursor: Cursor, cell: Cell): void {
  readVarint(cursor);
  setUnsigned(cell, cursor.low, cursor.high);
}

/** Zigzag: 0, -1, 1, -2. */
function fillSint32(cursor: Cursor, cell: Cell): void {
  readVarint(cursor);
  setSafe(cell, (cursor.low >>> 1) ^ -(cursor.low & 1));
}

function fillSint64(cursor: Cursor, cell: Cell): void {
  readVarint(cursor);
  const { low, high } = cursor;
  const sign = -(low & 1);
  setSigned(cell, ((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign);
}

function fillFixed32(cursor: Cursor, cell: Cell): void {
  setSafe(cell, half(cursor.bytes, take(cursor, 4)) >>> 0);
}

function fillSfixed32(cursor: Cursor, cell: Cell): void {
  setSafe(cell, half(cursor.bytes, take(cursor, 4)));
}

function fillFixed64(cursor: Cursor, cell: Cell): void {
  const at = take(cursor, 8);
  setUnsigned(cell, half(cursor.bytes, at), half(cursor.bytes, at + 4));
}

function fillSfixed64(cursor: Cursor, cell: Cell): void {
  const at = take(cursor, 8);
  setSigned(cell, half(cursor.bytes, at), half(cursor.bytes, at + 4));
}

/** 32 bits, signed. */
function half(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

const halves = new Int32Array(2);
const floats = new Float32Array(halves.buffer);
const doubles = new Float64Array(halves.buffer);

function fillFloat(cursor: Cursor, cell: Cell): void {
  halves[0] = half(cursor.bytes, take(cursor, 4));
  cell.setDouble(floats[0]!, true);
}

function fillDouble(cursor: Cursor, cell: Cell): void {
  const at = take(cursor, 8);
  halves[0] = half(cursor.bytes, at);
  halves[1] = half(cursor.bytes, at + 4);
  cell.setDouble(doubles[0]!);
}

function fillBool(cursor: Cursor, cell: Cell): void {
  readVarint(cursor);
  cell.kind = BOOLEAN;
  cell.num = (cursor.low | cursor.high) === 0 ? 0 : 1;
}

function fillString(cursor: Cursor, cell: Cell): void {
  const at = take(cursor, readLength(cursor));
  if (!validUtf8(cursor.bytes, at, cursor.at))
    throw malformed(cursor, 'a string is not valid UTF-8', 'invalid_utf8');
  cell.setBytes(STRING, cursor.bytes, at, cursor.at);
}

function fillBytes(cursor: Cursor, cell: Cell): void {
  const at = take(cursor, readLength(cursor));
  cell.setBytes(BYTES, cursor.bytes, at, cursor.at);
}

function enumFill(type: ProtoEnum): Fill {
  const texts = new Map(
    [...type.names].map(([number, name]) => [number, new Uint8Array(Buffer.from(name, 'utf8'))]),
  );
  return (cursor, cell) => {
    readVarint(cursor);
    const text = texts.get(cursor.low);
    if (text === undefined) setSafe(cell, cursor.low);
    else cell.setBytes(STRING, text, 0, text.length);
  };
}
