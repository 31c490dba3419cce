/**
 * CRC-32C (Castagnoli) as the record format uses it (protocol 5.3). State is the inverted register as a
 * signed 32-bit number: start with CRC_START, invert at the end with `crcValue`.
 */
export const CRC_START = -1;
const POLYNOMIAL = 0x82f63b78;
const SLICES = 12;

/** Twelve tables of 256: entry [256 * k + b] is byte b followed by k zero bytes. */
const CRC_TABLES: Int32Array = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const previous = tables[index - 256]!;
    tables[index] = (previous >>> 8) ^ tables[previous & 255]!;
  }
  return tables;
}

/** Feeds one int32, little-endian. */
export function crcInt32(crc: number, value: number): number {
  const t = CRC_TABLES;
  const a = crc ^ value;
  return t[768 + (a & 255)]! ^ t[512 + ((a >>> 8) & 255)]! ^ t[256 + ((a >>> 16) & 255)]! ^ t[a >>> 24]!;
}

/** Feeds an int32 and an int64 given as two halves: a column number with its value in one step. */
export function crcColumnInt64(crc: number, column: number, low: number, high: number): number {
  const t = CRC_TABLES;
  const a = crc ^ column;
  return (
    t[2816 + (a & 255)]! ^
    t[2560 + ((a >>> 8) & 255)]! ^
    t[2304 + ((a >>> 16) & 255)]! ^
    t[2048 + (a >>> 24)]! ^
    t[1792 + (low & 255)]! ^
    t[1536 + ((low >>> 8) & 255)]! ^
    t[1280 + ((low >>> 16) & 255)]! ^
    t[1024 + (low >>> 24)]! ^
    t[768 + (high & 255)]! ^
    t[512 + ((high >>> 8) & 255)]! ^
    t[256 + ((high >>> 16) & 255)]! ^
    t[high >>> 24]!
  );
}

/** Feeds bytes[start, end). */
export function crcBytes(state: number, bytes: Uint8Array, start: number, end: number): number {
  const t = CRC_TABLES;
  let crc = state;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const a = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      t[1792 + (a & 255)]! ^
      t[1536 + ((a >>> 8) & 255)]! ^
      t[1280 + ((a >>> 16) & 255)]! ^
      t[1024 + (a >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < end; at += 1) crc = t[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return crc;
}

/** The checksum of a state, as an unsigned number. */
export const crcValue = (state: number): number => ~state >>> 0;
