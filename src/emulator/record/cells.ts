import { isUtf8 } from 'node:buffer';
import { malformed } from '../errors.ts';
import type { ColumnType } from '../model/types.ts';
import { createRecordReader } from './record-reader.ts';
import { Scan } from './scan.ts';

/**
 * A value of the record format. TINYINT SMALLINT INT DATE (days) INTERVAL_YEAR_MONTH (months) FLOAT DOUBLE:
 * number; BIGINT DATETIME (ms) TIMESTAMP, TIMESTAMP_NTZ, INTERVAL_DAY_TIME (ns since 1970): bigint;
 * texts and DECIMAL: string; BINARY: bytes; ARRAY and STRUCT: array of values; MAP: array of [key, value].
 */
export type Cell = null | boolean | number | bigint | string | Uint8Array | readonly Cell[];

/** Decodes the value of one column at the cursor; the bytes were verified by the record reader before. */
export type CellReader = (scan: Scan) => Cell;

export function cellReader(type: ColumnType): CellReader {
  switch (type.name) {
    case 'BOOLEAN':
      return (scan) => scan.byte() === 1;
    case 'BIGINT':
    case 'DATETIME':
      return readBigint;
    case 'FLOAT':
      return (scan) => readFloating(scan, 4);
    case 'DOUBLE':
      return (scan) => readFloating(scan, 8);
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return readNanoseconds;
    case 'STRING':
    case 'JSON':
    case 'DECIMAL':
      return readText;
    case 'VARCHAR':
    case 'CHAR':
      return (scan) => checkLength(readText(scan), type.length);
    case 'BINARY':
      return (scan) => readBytes(scan).slice();
    case 'ARRAY':
      return listReader(cellReader(type.element));
    case 'MAP':
      return mapReader(cellReader(type.key), cellReader(type.value));
    case 'STRUCT':
      return structReader(type.fields.map((field) => cellReader(field.type)));
    default:
      return readNumber;
  }
}

function readNumber(scan: Scan): number {
  scan.zigzag64();
  return scan.number();
}

function readBigint(scan: Scan): bigint {
  scan.zigzag64();
  return scan.bigint();
}

function readNanoseconds(scan: Scan): bigint {
  const seconds = readBigint(scan);
  const nanos = readNumber(scan);
  if (nanos < 0 || nanos > 999_999_999) throw malformed(`nanoseconds ${nanos} are outside 0..999999999`);
  return seconds * 1_000_000_000n + BigInt(nanos);
}

function readFloating(scan: Scan, size: 4 | 8): number {
  const view = new DataView(scan.bytes.buffer, scan.bytes.byteOffset + scan.at, size);
  scan.at += size;
  return size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

function readBytes(scan: Scan): Uint8Array {
  const length = scan.varint32() >>> 0;
  const start = scan.at;
  scan.at += length;
  return scan.bytes.subarray(start, scan.at);
}

function readText(scan: Scan): string {
  const bytes = readBytes(scan);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  if (text.includes('\ufffd') && !isUtf8(bytes)) throw malformed('a text is not valid UTF-8');
  return text;
}

/** VARCHAR and CHAR count characters, not bytes (protocol 5.5). */
function checkLength(text: string, limit: number): string {
  if (text.length > limit && [...text].length > limit) {
    throw malformed(`a text of ${[...text].length} characters does not fit into ${limit}`);
  }
  return text;
}

function listReader(item: CellReader): (scan: Scan) => Cell[] {
  return (scan) => {
    const count = scan.varint32() >>> 0;
    const items: Cell[] = [];
    for (let index = 0; index < count; index += 1) items.push(scan.byte() === 0 ? item(scan) : null);
    return items;
  };
}

function mapReader(key: CellReader, value: CellReader): CellReader {
  const readKeys = listReader(key);
  const readValues = listReader(value);
  return (scan) => {
    const keys = readKeys(scan);
    const values = readValues(scan);
    if (keys.length !== values.length) throw malformed('a MAP has different numbers of keys and values');
    return keys.map((item, index) => [item, values[index]!]);
  };
}

function structReader(fields: readonly CellReader[]): CellReader {
  return (scan) => fields.map((field) => (scan.byte() === 0 ? field(scan) : null));
}

/** All rows of one complete uncompressed record stream; throws MalformedDataStream. */
export function readRows(types: readonly ColumnType[], stream: Uint8Array): Cell[][] {
  const readers = types.map(cellReader);
  const rows: Cell[][] = [];
  const scan = new Scan();
  const reader = createRecordReader(types, (bytes, starts) => {
    scan.bytes = bytes;
    rows.push(readers.map((read, index) => readCell(scan, read, starts[index]!)));
  });
  reader.push(stream);
  reader.end();
  return rows;
}

/** The value that begins at `start`, NULL for -1. */
export function readCell(scan: Scan, read: CellReader, start: number): Cell {
  if (start < 0) return null;
  scan.at = start;
  return read(scan);
}
