import {
  CRC_START,
  crc32cOfUint32,
  finishCrc,
  stepByte,
  stepBytes,
  stepColumn,
  stepColumnInt64,
  stepInt32,
} from './crc32c.ts';

/** Tag 33553408, wire type 0 (protocol 5.2); the row's checksum follows. */
const END_TAG = [0x80, 0xc0, 0xff, 0x7f] as const;

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/** Room for a tag (5 bytes) and the longest value that is not bytes (15), or for the end of a row (9). */
const FIELD_ROOM = 24;
const FIRST_CAPACITY = 64 * 1024;
/** Below this a loop copies faster than `set` with its view. */
const SHORT_COPY = 48;

/** The state of a writer between two rows. */
export interface Savepoint {
  readonly at: number;
  readonly rows: number;
  readonly crcOfCrcs: number;
  readonly oldestEvent: number;
  readonly newestEvent: number;
}

/**
 * Writes rows in tunnel record format (protocol 5) into one growing buffer and keeps the checksums.
 * `begin`, then the columns that are not NULL in ascending order, then `end`; or `rollback` at any
 * time before `end`, which leaves no trace of the row. Column numbers are 1-based table positions.
 *
 * ARRAY, MAP and STRUCT begin with `open`; inside, every value is written as column 0, without a tag (protocol
 * 5.4): `count` before the items of an ARRAY, the keys and the values of a MAP, and `flag` before every item.
 */
export class RecordWriter {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #at = 0;
  #rowAt = 0;
  #crc = CRC_START;
  /** Where the container last opened begins, and the checksum before it. */
  #openAt = 0;
  #openCrc = CRC_START;
  #rows = 0;
  #crcOfCrcs = 0;
  #oldestEvent = Number.POSITIVE_INFINITY;
  #newestEvent = Number.NEGATIVE_INFINITY;

  // A number's bits, taken apart without allocating.
  readonly #scratch = new DataView(new ArrayBuffer(8));

  get rows(): number {
    return this.#rows;
  }

  /** Bytes of all rows so far, without a footer. */
  get rawBytes(): number {
    return this.#at;
  }

  /** Bytes of the row since `begin`. */
  get rowBytes(): number {
    return this.#at - this.#rowAt;
  }

  /** Bytes that the buffer takes, used or not. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** CRC-32C over the rows' checksums, 4 bytes little endian each (protocol 5.3). */
  get crcOfCrcs(): number {
    return this.#crcOfCrcs;
  }

  /** Oldest event time given to `end`, ms; Infinity when there was none. */
  get oldestEvent(): number {
    return this.#oldestEvent;
  }

  /** Newest event time given to `end`, ms; -Infinity when there was none. */
  get newestEvent(): number {
    return this.#newestEvent;
  }

  /** The rows so far; valid until the next call that writes. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  /** Forgets all rows and keeps the buffer. */
  reset(): void {
    this.#at = 0;
    this.#rowAt = 0;
    this.#rows = 0;
    this.#crcOfCrcs = 0;
    this.#oldestEvent = Number.POSITIVE_INFINITY;
    this.#newestEvent = Number.NEGATIVE_INFINITY;
  }

  begin(): void {
    this.#rowAt = this.#at;
    this.#crc = CRC_START;
  }

  /** `eventMs`: the row's event time; NaN when it has none. */
  end(eventMs = Number.NaN): void {
    this.#reserve(FIELD_ROOM);
    const crc = finishCrc(this.#crc);
    for (const byte of END_TAG) this.#buffer[this.#at++] = byte;
    this.#varint(crc);
    this.#crcOfCrcs = crc32cOfUint32(crc, this.#crcOfCrcs);
    this.#rows++;
    if (eventMs < this.#oldestEvent) this.#oldestEvent = eventMs;
    if (eventMs > this.#newestEvent) this.#newestEvent = eventMs;
  }

  rollback(): void {
    this.#at = this.#rowAt;
  }

  /** What `restore` goes back to: the rows so far. Not inside a row. */
  save(): Savepoint {
    return {
      at: this.#at,
      rows: this.#rows,
      crcOfCrcs: this.#crcOfCrcs,
      oldestEvent: this.#oldestEvent,
      newestEvent: this.#newestEvent,
    };
  }

  /** Leaves no trace of the rows since then. */
  restore({ at, rows, crcOfCrcs, oldestEvent, newestEvent }: Savepoint): void {
    this.#at = at;
    this.#rowAt = at;
    this.#rows = rows;
    this.#crcOfCrcs = crcOfCrcs;
    this.#oldestEvent = oldestEvent;
    this.#newestEvent = newestEvent;
  }

  /** `value` is 0 or 1. */
  boolean(column: number, value: number): void {
    this.#tag(column, WIRE_VARINT);
    this.#buffer[this.#at++] = value;
    this.#crc = stepByte(stepColumn(this.#crc, column), value);
  }

  /** A safe integer: TINYINT to BIGINT, days of DATE, epoch ms of DATETIME. */
  integer(column: number, value: number): void {
    this.#tag(column, WIRE_VARINT);
    this.#int64(column, value | 0, highHalf(value));
  }

  /** A 64-bit integer that a number cannot hold exactly. */
  bigInteger(column: number, value: bigint): void {
    this.#tag(column, WIRE_VARINT);
    this.#scratch.setBigInt64(0, value, true);
    this.#int64(column, this.#scratch.getInt32(0, true), this.#scratch.getInt32(4, true));
  }

  float(column: number, value: number): void {
    this.#tag(column, WIRE_FIXED32);
    this.#scratch.setFloat32(0, value, true);
    // Which NaN a number holds is not defined; the wire has one (protocol 5.1).
    const bits = Number.isNaN(value) ? 0x7fc00000 : this.#scratch.getInt32(0, true);
    this.#fixed32(bits);
    this.#crc = stepInt32(stepColumn(this.#crc, column), bits);
  }

  double(column: number, value: number): void {
    this.#tag(column, WIRE_FIXED64);
    this.#scratch.setFloat64(0, value, true);
    const nan = Number.isNaN(value);
    const low = nan ? 0 : this.#scratch.getInt32(0, true);
    const high = nan ? 0x7ff80000 : this.#scratch.getInt32(4, true);
    this.#fixed32(low);
    this.#fixed32(high);
    this.#crc = stepColumnInt64(this.#crc, column, low, high);
  }

  /** Source bytes [start, end), as they are: text in UTF-8, BINARY, JSON, DECIMAL in plain notation. */
  bytes(column: number, source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    this.#tag(column, WIRE_BYTES);
    this.#varint(length);
    const at = this.#at;
    if (length < SHORT_COPY) this.#copyShort(source, start, end);
    else this.#buffer.set(source.subarray(start, end), at);
    this.#at = at + length;
    this.#crc = stepBytes(stepColumn(this.#crc, column), this.#buffer, at, at + length);
  }

  /** Epoch seconds (floor; a safe integer) and nanos 0..999999999: TIMESTAMP, TIMESTAMP_NTZ, INTERVAL_DAY_TIME. */
  timestamp(column: number, seconds: number, nanos: number): void {
    this.#tag(column, WIRE_BYTES);
    this.#int64(column, seconds | 0, highHalf(seconds));
    this.#varint(nanos * 2);
    this.#crc = stepInt32(this.#crc, nanos);
  }

  /** Begins an ARRAY, MAP or STRUCT. */
  open(column: number): void {
    this.#openAt = this.#at;
    this.#openCrc = this.#crc;
    this.#tag(column, WIRE_BYTES);
    this.#crc = stepColumn(this.#crc, column);
  }

  /** How many items follow. */
  count(items: number): void {
    this.#reserve(0);
    this.#varint(items);
  }

  /** 0: the item follows; 1: it is NULL. */
  flag(value: 0 | 1): void {
    this.#reserve(0);
    this.#buffer[this.#at++] = value;
  }

  /** Takes back everything since `open`. */
  undo(): void {
    this.#at = this.#openAt;
    this.#crc = this.#openCrc;
  }

  /** Inside a container (column 0) a value has no tag. */
  #tag(column: number, wireType: number): void {
    if (this.#at + FIELD_ROOM > this.#buffer.length) this.#reserve(FIELD_ROOM);
    if (column === 0) return;
    const tag = (column << 3) | wireType;
    if (tag < 128) this.#buffer[this.#at++] = tag;
    else this.#varint(tag);
  }

  /** An unsigned 32-bit number. */
  #varint(value: number): void {
    const buffer = this.#buffer;
    let at = this.#at;
    let rest = value;
    for (; rest > 127; rest >>>= 7) buffer[at++] = (rest & 127) | 128;
    buffer[at++] = rest;
    this.#at = at;
  }

  /** Zig-zag varint and checksum of an int64 given by its halves. */
  #int64(column: number, low: number, high: number): void {
    const sign = high >> 31;
    let rest = ((low << 1) ^ sign) >>> 0;
    let upper = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
    for (; upper !== 0; upper >>>= 7) {
      this.#buffer[this.#at++] = (rest & 127) | 128;
      rest = ((rest >>> 7) | (upper << 25)) >>> 0;
    }
    this.#varint(rest);
    this.#crc = stepColumnInt64(this.#crc, column, low, high);
  }

  #fixed32(bits: number): void {
    const buffer = this.#buffer;
    const at = this.#at;
    buffer[at] = bits;
    buffer[at + 1] = bits >>> 8;
    buffer[at + 2] = bits >>> 16;
    buffer[at + 3] = bits >>> 24;
    this.#at = at + 4;
  }

  #copyShort(source: Uint8Array, start: number, end: number): void {
    const buffer = this.#buffer;
    let at = this.#at;
    for (let from = start; from < end; from++) buffer[at++] = source[from]!;
  }

  /** Room for `bytes` more and one field's frame. */
  #reserve(bytes: number): void {
    const needed = this.#at + bytes + FIELD_ROOM;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = grown;
  }
}

/** The upper 32 bits of a safe integer in two's complement; `value | 0` is the lower half. */
function highHalf(value: number): number {
  return value === (value | 0) ? value >> 31 : Math.floor(value / 4_294_967_296);
}
