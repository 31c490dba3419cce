import fc from 'fast-check';
import type { RecordWriter } from '../../src/encode/record-writer.ts';

/**
 * A second, plain reading of protocol 5: rows as data, written through the RecordWriter and read back
 * by a reader that shares nothing with it (BigInt varints, bitwise CRC).
 */
export type Kind = 'boolean' | 'integer' | 'float' | 'double' | 'bytes' | 'timestamp';

export interface Field {
  readonly column: number;
  readonly kind: Kind;
  /** boolean 0/1 and integer: bigint; float, double: number; bytes: hex; timestamp: [seconds, nanos]. */
  readonly value: bigint | number | string | readonly [bigint, number];
}
export type Row = readonly Field[];

export function writeRow(writer: RecordWriter, row: Row): void {
  writer.begin();
  for (const field of row) writeField(writer, field);
  writer.end();
}

export function writeField(writer: RecordWriter, { column, kind, value }: Field): void {
  if (kind === 'boolean') writer.boolean(column, Number(value));
  else if (kind === 'float') writer.float(column, value as number);
  else if (kind === 'double') writer.double(column, value as number);
  else if (kind === 'integer') writeInteger(writer, column, value as bigint);
  else if (kind === 'timestamp') {
    const [seconds, nanos] = value as [bigint, number];
    writer.timestamp(column, Number(seconds), nanos);
  } else {
    // Somewhere inside a larger buffer, as a decoder's bytes are.
    const bytes = Buffer.from(`ff${value}ff`, 'hex');
    writer.bytes(column, bytes, 1, bytes.length - 1);
  }
}

function writeInteger(writer: RecordWriter, column: number, value: bigint): void {
  if (Number.isSafeInteger(Number(value)) && BigInt(Number(value)) === value) {
    writer.integer(column, Number(value));
  } else writer.bigInteger(column, value);
}

/** Column kinds of the random rows: column n has KINDS[n % 6], so two-byte tags occur with every kind. */
const KINDS: readonly Kind[] = ['boolean', 'integer', 'float', 'double', 'bytes', 'timestamp'];
export const kindOf = (column: number): Kind => KINDS[column % KINDS.length]!;

const values: Record<Kind, fc.Arbitrary<Field['value']>> = {
  boolean: fc.constantFrom(0n, 1n),
  integer: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.maxSafeInteger().map(BigInt),
    fc.integer().map(BigInt),
  ),
  float: fc.float(),
  double: fc.double(),
  bytes: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  timestamp: fc.tuple(
    fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
    fc.integer({ min: 0, max: 999_999_999 }),
  ),
};

/** A row with some of the columns 1..40, in order. */
export const anyRow: fc.Arbitrary<Row> = fc
  .subarray(Array.from({ length: 40 }, (_, index) => index + 1))
  .chain((columns) =>
    fc.tuple(
      ...columns.map((column) => {
        const kind = kindOf(column);
        return values[kind].map((value): Field => ({ column, kind, value }));
      }),
    ),
  );

/** Reads a whole stream and checks every checksum and the count; throws where it is not what protocol 5 says. */
export function readStream(bytes: Uint8Array): Row[] {
  const reader = new StreamReader(bytes);
  const rows: Row[] = [];
  for (;;) {
    const row = reader.row();
    if (row === null) return rows;
    rows.push(row);
  }
}

class StreamReader {
  readonly #bytes: Buffer;
  #at = 0;
  #crcs: number[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  row(): Row | null {
    const fields: Field[] = [];
    const feed: Buffer[] = [];
    for (;;) {
      const tag = Number(this.#varint());
      const column = tag >> 3;
      if (column === 33_554_430) return this.#footer(fields);
      if (column === 33_553_408) {
        const crc = Number(this.#varint());
        if (crc !== plainCrc32c(Buffer.concat(feed))) throw new Error(`crc of row ${this.#crcs.length}`);
        this.#crcs.push(crc);
        return fields;
      }
      const number = Buffer.alloc(4);
      number.writeInt32LE(column);
      const [value, fed] = this.#value(kindOf(column), tag & 7);
      fields.push({ column, kind: kindOf(column), value });
      feed.push(number, fed);
    }
  }

  #footer(open: Field[]): null {
    if (open.length > 0) throw new Error('the last row is not ended');
    if (this.#zigzag() !== BigInt(this.#crcs.length)) throw new Error('count');
    if (this.#varint() !== 33_554_431n << 3n) throw new Error('no checksum behind the count');
    const crcs = Buffer.alloc(this.#crcs.length * 4);
    for (const [index, crc] of this.#crcs.entries()) crcs.writeUInt32LE(crc, index * 4);
    if (Number(this.#varint()) !== plainCrc32c(crcs)) throw new Error('crc of crcs');
    if (this.#at !== this.#bytes.length) throw new Error('bytes behind the footer');
    return null;
  }

  #value(kind: Kind, wireType: number): [Field['value'], Buffer] {
    const expected = { boolean: 0, integer: 0, float: 5, double: 1, bytes: 2, timestamp: 2 }[kind];
    if (wireType !== expected) throw new Error(`wire type ${wireType} for ${kind}`);
    if (kind === 'boolean') {
      const value = this.#varint();
      return [value, Buffer.of(Number(value))];
    }
    if (kind === 'integer') {
      const value = this.#zigzag();
      return [value, int64(value)];
    }
    if (kind === 'timestamp') {
      const seconds = this.#zigzag();
      const nanos = Buffer.alloc(4);
      nanos.writeInt32LE(Number(this.#zigzag()));
      return [[seconds, nanos.readInt32LE()], Buffer.concat([int64(seconds), nanos])];
    }
    const raw = this.#take({ float: 4, double: 8, bytes: -1 }[kind]);
    if (kind === 'bytes') return [raw.toString('hex'), raw];
    return [kind === 'float' ? raw.readFloatLE() : raw.readDoubleLE(), raw];
  }

  /** -1: as many as the varint before them says. */
  #take(length: number): Buffer {
    const bytes = length < 0 ? Number(this.#varint()) : length;
    this.#at += bytes;
    return this.#bytes.subarray(this.#at - bytes, this.#at);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('the stream ends early');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return (value >> 1n) ^ -(value & 1n);
  }
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

/** One bit at a time. */
export function plainCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
