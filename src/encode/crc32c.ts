/**
 * CRC-32C (Castagnoli, reflected) by slicing: 16 bytes a step from tables made at load.
 *
 * Two levels. `crc32c` and `combineCrc32c` take and give finished checksums. The `step*` functions
 * work on the running register, for the record writer that feeds a row field by field: begin with
 * CRC_START, end with `finishCrc`. Protocol 5.3 says what is fed.
 */
const POLYNOMIAL = 0x82f63b78;

export const CRC_START = -1;

/** TABLES[n][b]: the register after byte b and n zero bytes. */
const TABLES = makeTables(16);
const [T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15] = TABLES as Tables;

type T = Int32Array;
type Tables = [T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T];

function makeTables(count: number): Int32Array[] {
  const first = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[byte] = crc;
  }
  const tables = [first];
  for (let n = 1; n < count; n++) {
    tables.push(tables[n - 1]!.map((crc) => (crc >>> 8) ^ first[crc & 255]!));
  }
  return tables;
}

export function finishCrc(register: number): number {
  return ~register >>> 0;
}

/** CRC-32C of bytes [start, end); `seed` is the checksum of what stands before them. */
export function crc32c(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  return finishCrc(stepBytes(~seed, bytes, start, end));
}

/** The checksum after one uint32, little endian: how a stream's checksum of checksums grows. */
export function crc32cOfUint32(value: number, seed: number): number {
  return finishCrc(stepInt32(~seed, value));
}

export function stepByte(register: number, byte: number): number {
  return T0[(register ^ byte) & 255]! ^ (register >>> 8);
}

export function stepInt32(register: number, value: number): number {
  const x = register ^ value;
  return T3[x & 255]! ^ T2[(x >>> 8) & 255]! ^ T1[(x >>> 16) & 255]! ^ T0[x >>> 24]!;
}

/** Column number as int32; values inside a container (column 0) have none (protocol 5.3). */
export function stepColumn(register: number, column: number): number {
  return column === 0 ? register : stepInt32(register, column);
}

/** The same, then an int64 given by its halves: 12 bytes in one step. */
export function stepColumnInt64(register: number, column: number, low: number, high: number): number {
  if (column === 0) return stepInt32(stepInt32(register, low), high);
  const x = register ^ column;
  return (
    T11[x & 255]! ^
    T10[(x >>> 8) & 255]! ^
    T9[(x >>> 16) & 255]! ^
    T8[x >>> 24]! ^
    T7[low & 255]! ^
    T6[(low >>> 8) & 255]! ^
    T5[(low >>> 16) & 255]! ^
    T4[low >>> 24]! ^
    T3[high & 255]! ^
    T2[(high >>> 8) & 255]! ^
    T1[(high >>> 16) & 255]! ^
    T0[high >>> 24]!
  );
}

export function stepBytes(register: number, bytes: Uint8Array, start: number, end: number): number {
  let crc = register;
  let at = start;
  for (; at + 16 <= end; at += 16) crc = step16(crc, bytes, at);
  for (; at + 4 <= end; at += 4) crc = step4(crc, bytes, at);
  for (; at < end; at++) crc = T0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return crc;
}

function step4(crc: number, bytes: Uint8Array, at: number): number {
  return (
    T3[(crc ^ bytes[at]!) & 255]! ^
    T2[((crc >>> 8) ^ bytes[at + 1]!) & 255]! ^
    T1[((crc >>> 16) ^ bytes[at + 2]!) & 255]! ^
    T0[(crc >>> 24) ^ bytes[at + 3]!]!
  );
}

function step16(crc: number, bytes: Uint8Array, at: number): number {
  return (
    T15[(crc ^ bytes[at]!) & 255]! ^
    T14[((crc >>> 8) ^ bytes[at + 1]!) & 255]! ^
    T13[((crc >>> 16) ^ bytes[at + 2]!) & 255]! ^
    T12[(crc >>> 24) ^ bytes[at + 3]!]! ^
    T11[bytes[at + 4]!]! ^
    T10[bytes[at + 5]!]! ^
    T9[bytes[at + 6]!]! ^
    T8[bytes[at + 7]!]! ^
    T7[bytes[at + 8]!]! ^
    T6[bytes[at + 9]!]! ^
    T5[bytes[at + 10]!]! ^
    T4[bytes[at + 11]!]! ^
    T3[bytes[at + 12]!]! ^
    T2[bytes[at + 13]!]! ^
    T1[bytes[at + 14]!]! ^
    T0[bytes[at + 15]!]!
  );
}

/**
 * The checksum of two texts joined, from their own checksums and the length of the second, bytes.
 * Appending n bytes multiplies the first register by x^(8n) modulo the polynomial.
 */
export function combineCrc32c(first: number, second: number, secondLength: number): number {
  let power = 0x80000000; // the polynomial 1; bits are reflected
  let square = 0x00800000; // x^8
  for (let n = secondLength; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) power = multiply(power, square);
    square = multiply(square, square);
  }
  return (multiply(power, first) ^ second) >>> 0;
}

/** a * b modulo the polynomial over GF(2), reflected. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product;
}
