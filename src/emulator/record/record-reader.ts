import { malformed } from '../errors.ts';
import { type ColumnType, typeText } from '../model/types.ts';
import { CRC_START, crcBytes, crcColumnInt64, crcInt32, crcValue } from './crc32c.ts';
import { Scan } from './scan.ts';
import {
  inColumn,
  inRow,
  isNull,
  MAX_FIELD_BYTES,
  RANGES,
  type RequiredColumn,
  tooLarge,
} from './value-checks.ts';

/**
 * Called for each record whose checksum is right. `starts[i]` is where the value of column i begins in
 * `bytes`, or -1 for NULL; both are valid during the call only.
 */
export type RecordHandler = (bytes: Uint8Array, starts: Int32Array) => void;

export interface RecordReader {
  /** Takes the next bytes of the uncompressed stream, cut anywhere; throws MalformedDataStream. */
  push(piece: Uint8Array): void;
  /** Number of rows of a complete stream; throws MalformedDataStream when the footer is missing. */
  end(): number;
}

// Tags without their wire type (protocol 5.2).
const END_RECORD = 33553408;
const META_COUNT = 33554430;
const META_CHECKSUM = 33554431;

/** Bytes after the data that are always readable as zero: no read needs a bounds check of its own. */
const SLACK = 64;
/** Not in a row at all, but in the footer. */
const NOWHERE = -1;
/** A value with its length. */
const LARGEST_VALUE = MAX_FIELD_BYTES + 10;
/** A record of which so much is here is not looked at again for every piece that comes. */
const LARGE_RECORD = 1024 * 1024;

const KIND = { integer: 0, boolean: 1, double: 2, float: 3, bytes: 4, time: 5, nested: 6 } as const;
type Kind = (typeof KIND)[keyof typeof KIND];

/** Wire type in the tag of a column (protocol 5.4). */
const WIRE: Record<Kind, number> = { 0: 0, 1: 0, 2: 1, 3: 5, 4: 2, 5: 2, 6: 2 };

function kindOf(type: ColumnType): Kind {
  switch (type.name) {
    case 'BOOLEAN':
      return KIND.boolean;
    case 'DOUBLE':
      return KIND.double;
    case 'FLOAT':
      return KIND.float;
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return KIND.time;
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
    case 'BINARY':
    case 'JSON':
    case 'DECIMAL':
      return KIND.bytes;
    case 'ARRAY':
    case 'MAP':
    case 'STRUCT':
      return KIND.nested;
    default:
      return KIND.integer;
  }
}

/**
 * A streaming reader of the record format (protocol 5) for columns of `types`, in session order: checks
 * every record's checksum, the row count and the checksum of checksums. Checksums are taken modulo 2^32.
 * `required` columns must have a value in every record.
 */
export function createRecordReader(
  types: readonly ColumnType[],
  onRecord?: RecordHandler,
  required: readonly RequiredColumn[] = [],
): RecordReader {
  const kinds = Uint8Array.from(types, kindOf);
  const starts = new Int32Array(types.length);
  let buffer: Uint8Array = new Uint8Array(0);
  let filled = 0;
  /** Where the next record begins, and how many bytes it needs at least. */
  let at = 0;
  let wanted = 0;
  let rows = 0;
  let crcOfCrcs = CRC_START;
  let finished = false;
  /** Number of the column that is read, 0 at the end of a record: for the text of an error. */
  let place = 0;
  const scan = new Scan();

  function push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    if (finished) throw malformed('there are bytes after the footer');
    append(piece);
    if (filled >= wanted) readRecords();
  }

  function readRecords(): void {
    wanted = 0;
    scan.bytes = buffer;
    try {
      readWhole();
    } catch (error) {
      throw place === NOWHERE ? error : inRow(rows, place === 0 ? error : inColumn(String(place), error));
    }
  }

  function readWhole(): void {
    while (!finished && at < filled) {
      scan.at = at;
      if (!readRecord()) break;
      at = scan.at;
    }
    if (finished && at < filled) throw malformed('there are bytes after the footer');
  }

  function append(piece: Uint8Array): void {
    const rest = filled - at;
    if (rest + piece.length + SLACK > buffer.length) {
      const grown = new Uint8Array(Math.max(2 * buffer.length, rest + 2 * piece.length + SLACK));
      grown.set(buffer.subarray(at, filled));
      buffer = grown;
    } else buffer.copyWithin(0, at, filled);
    buffer.set(piece, rest);
    wanted = Math.max(0, wanted - at);
    at = 0;
    filled = rest + piece.length;
    buffer.fill(0, filled, filled + SLACK);
  }

  /** True when the cursor passed the data: the record is not complete yet. */
  function overrun(): boolean {
    if (scan.at <= filled) return false;
    const held = filled - at;
    wanted = Math.max(wanted, scan.at, held > LARGE_RECORD ? filled + held : 0);
    return true;
  }

  function readRecord(): boolean {
    starts.fill(-1);
    let crc = CRC_START;
    let last = 0;
    for (;;) {
      place = 0;
      const tag = scan.tag();
      const field = tag >>> 3;
      if (scan.at > filled) return false;
      if (field > types.length || field === 0) return readEnd(field, tag & 7, crc, last);
      place = field;
      if (field <= last) throw malformed(`it comes after column ${last}`);
      const kind = kinds[field - 1] as Kind;
      if ((tag & 7) !== WIRE[kind]) throw mismatch(field, tag & 7);
      last = field;
      starts[field - 1] = scan.at;
      crc = readValue(kind, field, crc);
      const size = scan.at - starts[field - 1]!;
      if (size > LARGEST_VALUE) throw malformed(tooLarge(size));
      if (overrun()) return false;
    }
  }

  function readValue(kind: Kind, field: number, crc: number): number {
    if (kind === KIND.integer) {
      scan.zigzag64();
      checkRange(types[field - 1]!);
      return crcColumnInt64(crc, field, scan.low, scan.high);
    }
    const state = crcInt32(crc, field);
    if (kind === KIND.bytes) return readBytes(state);
    return readLeaf(types[field - 1]!, kind, state);
  }

  function readBytes(crc: number): number {
    const length = scan.length(MAX_FIELD_BYTES);
    const start = scan.at;
    scan.at += length;
    return scan.at > filled ? crc : crcBytes(crc, buffer, start, scan.at);
  }

  function readLeaf(type: ColumnType, kind: Kind, crc: number): number {
    switch (kind) {
      case KIND.integer:
        scan.zigzag64();
        checkRange(type);
        return crcInt32(crcInt32(crc, scan.low), scan.high);
      case KIND.boolean:
        return crcBytes(crc, buffer, scan.at, scan.boolean());
      case KIND.float:
        scan.at += 4;
        return crcBytes(crc, buffer, scan.at - 4, scan.at);
      case KIND.double:
        scan.at += 8;
        return crcBytes(crc, buffer, scan.at - 8, scan.at);
      case KIND.bytes:
        return readBytes(crc);
      case KIND.time:
        return readTime(crc);
      default:
        return readNested(type, crc);
    }
  }

  function readTime(crc: number): number {
    scan.zigzag64();
    const state = crcInt32(crcInt32(crc, scan.low), scan.high);
    scan.zigzag64();
    return crcInt32(state, scan.low);
  }

  /** Leaves of containers in wire order; counts and null flags are not part of the checksum. */
  function readNested(type: ColumnType, state: number): number {
    if (type.name === 'ARRAY') return readItems(type.element, state);
    if (type.name === 'MAP') return readItems(type.value, readItems(type.key, state));
    if (type.name !== 'STRUCT') return readLeaf(type, kindOf(type), state);
    let crc = state;
    for (const field of type.fields) crc = readItem(field.type, crc);
    return crc;
  }

  function readItems(type: ColumnType, state: number): number {
    if (scan.at > filled) return state;
    const count = scan.length(0xffffffff);
    let crc = state;
    for (let index = 0; index < count && scan.at <= filled; index += 1) crc = readItem(type, crc);
    return crc;
  }

  function readItem(type: ColumnType, crc: number): number {
    if (scan.at >= filled) {
      scan.at = Math.max(scan.at, filled + 1);
      return crc;
    }
    const flag = scan.byte();
    if (flag > 1) throw malformed(`a NULL flag is 0 or 1, not ${flag}`);
    return flag === 0 ? readLeaf(type, kindOf(type), crc) : crc;
  }

  function checkRange(type: ColumnType): void {
    const range = RANGES[type.name];
    if (!range || scan.at > filled) return;
    const value = scan.high * 4294967296 + (scan.low >>> 0);
    if (value < range[0] || value > range[1]) {
      throw malformed(`${value} is outside ${typeText(type)}`);
    }
  }

  function readEnd(field: number, wire: number, state: number, last: number): boolean {
    if (field === END_RECORD && wire === 0) return readChecksum(state);
    if (field === META_COUNT && wire === 0 && last === 0) return readFooter();
    throw malformed(
      `field number ${field} where ${types.length} columns are known${last ? ` (after column ${last})` : ''}`,
    );
  }

  function readChecksum(state: number): boolean {
    const given = scan.varint32();
    if (scan.at > filled) return false;
    if (given >>> 0 !== crcValue(state)) throw malformed(`the checksum of the record is wrong`);
    crcOfCrcs = crcInt32(crcOfCrcs, given);
    for (const { index, name } of required) if (starts[index]! < 0) throw malformed(isNull(name));
    onRecord?.(buffer, starts);
    rows += 1;
    return true;
  }

  function readFooter(): boolean {
    place = NOWHERE;
    scan.zigzag64();
    const count = scan.high * 4294967296 + (scan.low >>> 0);
    const tag = scan.tag();
    const given = scan.varint32();
    if (scan.at > filled) return false;
    if (tag !== META_CHECKSUM * 8) throw malformed('the row count is not followed by the checksum');
    if (count !== rows) throw malformed(`the footer counts ${count} rows, the stream has ${rows}`);
    if (given >>> 0 !== crcValue(crcOfCrcs)) throw malformed('the checksum of checksums is wrong');
    finished = true;
    return true;
  }

  function mismatch(field: number, wire: number): Error {
    return malformed(`it is ${typeText(types[field - 1]!)}, which is not wire type ${wire}`);
  }

  function end(): number {
    if (!finished && at < filled) readRecords();
    if (!finished) throw malformed(`the stream ends without a footer after ${rows} rows`);
    return rows;
  }

  return { push, end };
}
