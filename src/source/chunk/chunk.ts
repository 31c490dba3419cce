/**
 * The chunk: the records that go to one worker, packed into one ArrayBuffer that is moved between
 * threads and used again. Nobody but this file knows the layout:
 *
 *   bytes [0, dataBytes)      per record: value NUL, then key, then headers, back to back
 *   bytes [dataBytes, ...)    the index, struct of arrays, room for `capacity` records:
 *                             Float64 offset | Float64 timestamp (ms; NaN: none) |
 *                             Int32 x 7: topic partition, value at, value length, key at, key length,
 *                             headers at, headers length
 *
 * A length of -1 is null: a null value is not an empty one. The NUL behind each value lets a byte
 * scanner run without bounds checks. Headers are a sequence of
 * `u32 name length, name, i32 value length (-1 null), value`, little endian.
 */
export const CHUNK_RECORDS = 8192;
const INT_FIELDS = 7;
const BYTES_PER_RECORD = 8 + 8 + 4 * INT_FIELDS;

/** Field numbers in {@link ChunkView.ints}; value = ints[field * capacity + record]. */
export const F_TP = 0;
export const F_VALUE = 1;
export const F_VALUE_LENGTH = 2;
export const F_KEY = 3;
export const F_KEY_LENGTH = 4;
export const F_HEADERS = 5;
export const F_HEADERS_LENGTH = 6;

export interface ChunkView {
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  /** Size of the data region. */
  readonly dataBytes: number;
  readonly capacity: number;
  readonly offsets: Float64Array;
  readonly timestamps: Float64Array;
  readonly ints: Int32Array;
}

/** Bytes of a buffer whose data region holds `dataBytes` (a multiple of 8) and whose index holds `capacity` records. */
export function chunkBufferBytes(dataBytes: number, capacity: number): number {
  return dataBytes + capacity * BYTES_PER_RECORD;
}

/** Typed views over a chunk's buffer; cheap, made anew on each side of the thread boundary. */
export function viewChunk(buffer: ArrayBuffer, capacity: number): ChunkView {
  const dataBytes = buffer.byteLength - capacity * BYTES_PER_RECORD;
  const timestampsAt = dataBytes + capacity * 8;
  return {
    buffer,
    bytes: new Uint8Array(buffer),
    dataBytes,
    capacity,
    offsets: new Float64Array(buffer, dataBytes, capacity),
    timestamps: new Float64Array(buffer, timestampsAt, capacity),
    ints: new Int32Array(buffer, timestampsAt + capacity * 8, capacity * INT_FIELDS),
  };
}

export interface Header {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/** Reads the headers of one record. The bytes are views into the chunk: copy what must outlive it. */
export function* readHeaders(chunk: ChunkView, record: number): Generator<Header> {
  const length = chunk.ints[F_HEADERS_LENGTH * chunk.capacity + record]!;
  if (length <= 0) return;
  const view = new DataView(chunk.buffer);
  let at = chunk.ints[F_HEADERS * chunk.capacity + record]!;
  const end = at + length;
  while (at < end) {
    const nameLength = view.getUint32(at, true);
    const name = Buffer.from(chunk.buffer, at + 4, nameLength).toString('utf8');
    at += 4 + nameLength;
    const valueLength = view.getInt32(at, true);
    at += 4;
    yield { name, value: valueLength < 0 ? null : chunk.bytes.subarray(at, at + valueLength) };
    if (valueLength > 0) at += valueLength;
  }
}
