import { type Cursor, Malformed, readIndex, readInt, readLength, readLong, take } from './avro-cursor.ts';
import type { AvroType, BinaryType } from './avro-type.ts';
import { BOOLEAN, BYTES, type Cell, DAY, DOUBLE, INSTANT, LOCAL, NULL, NUMBER, STRING } from './cell.ts';
import type { Scratch } from './scratch.ts';
import { validUtf8 } from './utf8.ts';

/** Reads one value into one cell. */
export type Fill = (cursor: Cursor, cell: Cell) => void;

/** Decimals of more bytes than this (308 digits) are no column's. */
const DECIMAL_BYTES_MAX = 128;

const TIMESTAMP = /^(local-)?timestamp-(millis|micros|nanos)$/;
const PER_SECOND = { millis: 1e3, micros: 1e6, nanos: 1e9 };

/**
 * How a scalar becomes a cell: int, long -> INTEGER; float, double -> DOUBLE; string, enum -> STRING; bytes,
 * fixed -> BYTES; date -> DAY; timestamp-* -> INSTANT; local-timestamp-* -> LOCAL; decimal -> NUMBER; uuid ->
 * STRING. time-millis and time-micros stay INTEGER, duration stays BYTES. Null for a container.
 */
export function scalarFill(type: AvroType, scratch: Scratch): Fill | null {
  switch (type.kind) {
    case 'null':
      return fillNull;
    case 'boolean':
      return fillBoolean;
    case 'int':
      return type.logical.name === 'date' ? fillDay : fillInt;
    case 'long':
      return longFill(type.logical.name);
    case 'float':
      return fillFloat;
    case 'double':
      return fillDouble;
    case 'string':
      return fillString;
    case 'enum':
      return enumFill(type.symbols);
    case 'bytes':
    case 'fixed':
      return bytesFill(type, scratch);
    default:
      return null;
  }
}

function fillNull(_cursor: Cursor, cell: Cell): void {
  cell.kind = NULL;
}

function fillBoolean(cursor: Cursor, cell: Cell): void {
  const byte = cursor.bytes[take(cursor, 1)]!;
  if (byte > 1) throw new Malformed(`a boolean of byte ${byte}`);
  cell.kind = BOOLEAN;
  cell.num = byte;
}

function fillInt(cursor: Cursor, cell: Cell): void {
  cell.setInteger(readInt(cursor));
}

function fillDay(cursor: Cursor, cell: Cell): void {
  cell.kind = DAY;
  cell.num = readInt(cursor);
}

function fillLong(cursor: Cursor, cell: Cell): void {
  cell.setInteger(readLong(cursor));
}

function longFill(logical: string): Fill {
  const timestamp = TIMESTAMP.exec(logical);
  if (timestamp === null) return fillLong;
  const kind = timestamp[1] === undefined ? INSTANT : LOCAL;
  const perSecond = PER_SECOND[timestamp[2] as keyof typeof PER_SECOND];
  return (cursor, cell) => {
    cell.kind = kind;
    setSeconds(cell, readLong(cursor), perSecond);
  };
}

function setSeconds(cell: Cell, value: number | bigint, perSecond: number): void {
  if (typeof value === 'bigint') {
    const fraction = BigInt.asUintN(
      64,
      ((value % BigInt(perSecond)) + BigInt(perSecond)) % BigInt(perSecond),
    );
    cell.num = Number((value - fraction) / BigInt(perSecond));
    cell.nanos = Number(fraction) * (1e9 / perSecond);
    return;
  }
  const fraction = ((value % perSecond) + perSecond) % perSecond;
  cell.num = (value - fraction) / perSecond;
  cell.nanos = fraction * (1e9 / perSecond);
}

const floatView = new DataView(new ArrayBuffer(8));

function fillFloat(cursor: Cursor, cell: Cell): void {
  cell.kind = DOUBLE;
  cell.num = readFloat(cursor);
}

function fillDouble(cursor: Cursor, cell: Cell): void {
  cell.kind = DOUBLE;
  cell.num = readDouble(cursor);
}

export function readFloat(cursor: Cursor): number {
  const at = take(cursor, 4);
  for (let i = 0; i < 4; i++) floatView.setUint8(i, cursor.bytes[at + i]!);
  return floatView.getFloat32(0, true);
}

export function readDouble(cursor: Cursor): number {
  const at = take(cursor, 8);
  for (let i = 0; i < 8; i++) floatView.setUint8(i, cursor.bytes[at + i]!);
  return floatView.getFloat64(0, true);
}

function fillString(cursor: Cursor, cell: Cell): void {
  const at = take(cursor, readLength(cursor));
  if (!validUtf8(cursor.bytes, at, cursor.at))
    throw new Malformed('a string is not valid UTF-8', 'invalid_utf8');
  cell.setBytes(STRING, cursor.bytes, at, cursor.at);
}

function enumFill(symbols: readonly string[]): Fill {
  const texts = symbols.map((symbol) => new Uint8Array(Buffer.from(symbol, 'utf8')));
  return (cursor, cell) => {
    const text = texts[readIndex(cursor, texts.length)]!;
    cell.setBytes(STRING, text, 0, text.length);
  };
}

function bytesFill(type: BinaryType, scratch: Scratch): Fill {
  const size = (cursor: Cursor) => (type.kind === 'fixed' ? type.size : readLength(cursor));
  if (type.logical.name === 'decimal') {
    const { scale } = type.logical;
    return (cursor, cell) => {
      const at = take(cursor, size(cursor));
      setAscii(cell, NUMBER, decimalText(cursor.bytes.subarray(at, cursor.at), scale), scratch);
    };
  }
  if (type.logical.name === 'uuid') {
    return (cursor, cell) => {
      const at = take(cursor, size(cursor));
      setAscii(cell, STRING, uuidText(cursor.bytes.subarray(at, cursor.at)), scratch);
    };
  }
  return (cursor, cell) => {
    const at = take(cursor, size(cursor));
    cell.setBytes(BYTES, cursor.bytes, at, cursor.at);
  };
}

/** A two's complement number, most significant byte first, with `scale` digits behind the point. */
export function decimalText(bytes: Uint8Array, scale: number): string {
  if (bytes.length === 0) throw new Malformed('a decimal of no bytes');
  if (bytes.length > DECIMAL_BYTES_MAX)
    throw new Malformed(`a decimal of ${bytes.length} bytes`, 'out_of_range');
  const unscaled = bytes.length <= 6 ? smallInteger(bytes) : bigInteger(bytes);
  const digits = unscaled < 0 ? (-unscaled).toString() : unscaled.toString();
  const sign = unscaled < 0 ? '-' : '';
  if (scale === 0) return sign + digits;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function smallInteger(bytes: Uint8Array): number {
  let value = bytes[0]! >= 0x80 ? bytes[0]! - 256 : bytes[0]!;
  for (let i = 1; i < bytes.length; i++) value = value * 256 + bytes[i]!;
  return value;
}

function bigInteger(bytes: Uint8Array): bigint {
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function setAscii(cell: Cell, kind: number, text: string, scratch: Scratch): void {
  const at = scratch.reserve(text.length);
  for (let i = 0; i < text.length; i++) scratch.bytes[at + i] = text.charCodeAt(i);
  cell.setBytes(kind, scratch.bytes, at, at + text.length);
}
