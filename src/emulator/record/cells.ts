import { malformed } from '../errors.ts';
import { plainDecimal } from '../model/decimal.ts';
import type { ColumnType } from '../model/types.ts';
import { createRecordReader, type RecordHandler } from './record-reader.ts';
import { Scan } from './scan.ts';
import { inColumn, textOf, valueCheck } from './value-checks.ts';

/**
 * A value of the record format. TINYINT SMALLINT INT DATE (days) INTERVAL_YEAR_MONTH (months) FLOAT DOUBLE:
 * number; BIGINT DATETIME (ms) TIMESTAMP, TIMESTAMP_NTZ, INTERVAL_DAY_TIME (ns since 1970): bigint;
 * texts and DECIMAL: string; BINARY: bytes; ARRAY and STRUCT: array of values; MAP: array of [key, value].
 */
export type Cell = null | boolean | number | bigint | string | Uint8Array | readonly Cell[];

/** Decodes the value of one column at the cursor; the bytes were verified by the record reader before. */
export type CellReader = (scan: Scan) => Cell;

/** A reader that refuses what the column does not take: as Arrow blocks are read, so are records. */
export function cellReader(type: ColumnType): CellReader {
  const read = plainReader(type);
  const check = valueCheck(type);
  if (!check) return read;
  return (scan) => {
    const cell = read(scan);
    check(cell as Exclude<Cell, null>);
    return cell;
  };
}

function plainReader(type: ColumnType): CellReader {
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
      return timeReader(type);
    case 'STRING':
    case 'JSON':
    case 'VARCHAR':
    case 'CHAR':
      return readText;
    case 'DECIMAL':
      return (scan) => plainDecimal(readText(scan));
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

/** Seconds and nanoseconds, in nanoseconds. Intervals may carry both with a sign: Java writes them so (protocol 5.4). */
export function timeReader(type: ColumnType): (scan: Scan) => bigint {
  const least = type.name === 'INTERVAL_DAY_TIME' ? -999_999_999 : 0;
  return (scan) => readNanoseconds(scan, least);
}

function readNanoseconds(scan: Scan, least: number): bigint {
  const seconds = readBigint(scan);
  const nanos = readNumber(scan);
  if (nanos < least || nanos > 999_999_999)
    throw malformed(`nanoseconds ${nanos} are outside ${least}..999999999`);
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

const readText = (scan: Scan): string => textOf(readBytes(scan));

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
  const rows: Cell[][] = [];
  const columns = types.map((type, index) => ({ name: `c${index}`, type }));
  const reader = createRecordReader(
    types,
    rowHandler(columns, (row) => rows.push([...row])),
  );
  reader.push(stream);
  reader.end();
  return rows;
}

/**
 * Decodes each record for `onRow`, which gets the same array every time; errors say which column.
 */
export function rowHandler(
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
  onRow: (row: readonly Cell[]) => void,
): RecordHandler {
  const readers = columns.map((column) => cellReader(column.type));
  const row: Cell[] = columns.map(() => null);
  const scan = new Scan();
  return (bytes, starts) => {
    scan.bytes = bytes;
    let index = 0;
    try {
      for (; index < readers.length; index += 1) row[index] = readCell(scan, readers[index]!, starts[index]!);
    } catch (error) {
      throw inColumn(columns[index]!.name, error);
    }
    onRow(row);
  };
}

/** The value that begins at `start`, NULL for -1. */
export function readCell(scan: Scan, read: CellReader, start: number): Cell {
  if (start < 0) return null;
  scan.at = start;
  return read(scan);
}
