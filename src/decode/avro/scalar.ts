import { BOOLEAN, BYTES, Cell, NULL, STRING } from '../cell/cell.ts';
import type { Scratch } from '../cell/scratch.ts';
import { setAscii, setDecimal, setTemporal, type Temporal } from '../cell/semantic-cell.ts';
import { validUtf8 } from '../encoding/utf8.ts';
import { type Cursor, fillLong, Malformed, readIndex, readLength, take } from './cursor.ts';
import type { AvroType, BinaryType, Logical, RecordType } from './type.ts';

/** Reads one value into one cell. */
export type Fill = (cursor: Cursor, cell: Cell) => void;

/**
 * How a value without inner values becomes a cell: int, long -> INTEGER; float, double -> DOUBLE; string, enum -> STRING;
 * bytes, fixed -> BYTES; what is annotated as semantic.ts says, and uuid (16 bytes) and duration -> STRING. Null for a
 * container, unless the record of a decimal.
 */
export function scalarFill(type: AvroType, scratch: Scratch): Fill | null {
  switch (type.kind) {
    case 'null':
      return fillNull;
    case 'boolean':
      return fillBoolean;
    case 'int':
      return temporalFill(type.logical, fillInt);
    case 'long':
      return temporalFill(type.logical, fillLong);
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
    case 'record':
      return type.logical === null ? null : variableDecimalFill(type, scratch);
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
  fillLong(cursor, cell);
  if (!cell.safe || cell.num !== (cell.num | 0))
    throw new Malformed(`the int ${cell.safe ? cell.num : cell.big} has more than 32 bits`);
}

function temporalFill(logical: Logical | null, fill: Fill): Fill {
  if (logical === null) return fill;
  const temporal = logical as Temporal;
  return (cursor, cell) => {
    fill(cursor, cell);
    const value = cell.safe ? cell.num : cell.big;
    if (!setTemporal(cell, temporal, value))
      throw new Malformed(
        `${value} is no ${temporal.kind === 'day' ? 'day' : 'time of day'}`,
        'out_of_range',
      );
  };
}

const view = new DataView(new ArrayBuffer(8));
const viewBytes = new Uint8Array(view.buffer);

function fillFloat(cursor: Cursor, cell: Cell): void {
  const at = take(cursor, 4);
  for (let i = 0; i < 4; i++) viewBytes[i] = cursor.bytes[at + i]!;
  cell.setDouble(view.getFloat32(0, true), true);
}

function fillDouble(cursor: Cursor, cell: Cell): void {
  const at = take(cursor, 8);
  for (let i = 0; i < 8; i++) viewBytes[i] = cursor.bytes[at + i]!;
  cell.setDouble(view.getFloat64(0, true));
}

export function fillString(cursor: Cursor, cell: Cell): void {
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

function bytesFill({ kind, size, logical }: BinaryType, scratch: Scratch): Fill {
  const fill: Fill = (cursor, cell) => {
    const at = take(cursor, kind === 'fixed' ? size : readLength(cursor));
    cell.setBytes(BYTES, cursor.bytes, at, cursor.at);
  };
  switch (logical?.kind) {
    case 'decimal':
      return (cursor, cell) => {
        fill(cursor, cell);
        setNumber(cell, cell, logical.scale, scratch);
      };
    case 'uuid':
      return textFill(fill, uuidText, scratch);
    case 'duration':
      return textFill(fill, durationText, scratch);
    default:
      return fill;
  }
}

function textFill(fill: Fill, textOf: (bytes: Uint8Array) => string, scratch: Scratch): Fill {
  return (cursor, cell) => {
    fill(cursor, cell);
    setAscii(cell, STRING, textOf(cell.bytes.subarray(cell.start, cell.end)), scratch);
  };
}

/** `from` holds the bytes of the unscaled number. */
function setNumber(cell: Cell, from: Cell, scale: number, scratch: Scratch): void {
  const { bytes, start, end } = from;
  if (setDecimal(cell, bytes, start, end, scale, scratch)) return;
  throw new Malformed(`a decimal of ${end - start} bytes`, end === start ? 'invalid_avro' : 'out_of_range');
}

const scaleCell = new Cell();
const valueCell = new Cell();

/** Debezium's decimal of any scale. Null when the record is another one of that name. */
function variableDecimalFill({ fields }: RecordType, scratch: Scratch): Fill | null {
  const names = fields.map((field) => `${field.name} ${field.type.kind}`);
  if (names.toSorted().join() !== 'scale int,value bytes') return null;
  const scaleFirst = names[0] === 'scale int';
  const fillValue = bytesFill({ kind: 'bytes', size: 0, logical: null }, scratch);
  return (cursor, cell) => {
    if (scaleFirst) fillInt(cursor, scaleCell);
    fillValue(cursor, valueCell);
    if (!scaleFirst) fillInt(cursor, scaleCell);
    setNumber(cell, valueCell, scaleCell.num, scratch);
  };
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Months, days and milliseconds, unsigned and little endian, as ISO 8601: `P1M2DT3.004S`. */
function durationText(bytes: Uint8Array): string {
  const [months = 0, days = 0, ms = 0] = [0, 4, 8].map((at) => Buffer.from(bytes).readUInt32LE(at));
  const date = (months > 0 ? `${months}M` : '') + (days > 0 ? `${days}D` : '');
  const time = ms > 0 || date === '' ? `T${ms / 1000}S` : '';
  return `P${date}${time}`;
}
