/** Adler-32 (RFC 1950): the checksum that ends a zlib stream. node:zlib does not give it for a piece. */
const BASE = 65_521;
/** Bytes between reductions: starting below BASE, both sums then stay below 2^31. */
const STRIDE = 3_840;

/** Adler-32 of bytes [start, end); `seed` is the checksum of what stands before them, 1 for nothing. */
export function adler32(bytes: Uint8Array, start: number, end: number, seed = 1): number {
  let a = seed & 0xffff;
  let b = seed >>> 16;
  for (let at = start; at < end; ) {
    const stop = Math.min(end, at + STRIDE);
    for (; at + 8 <= stop; at += 8) {
      b += a += bytes[at]!;
      b += a += bytes[at + 1]!;
      b += a += bytes[at + 2]!;
      b += a += bytes[at + 3]!;
      b += a += bytes[at + 4]!;
      b += a += bytes[at + 5]!;
      b += a += bytes[at + 6]!;
      b += a += bytes[at + 7]!;
    }
    for (; at < stop; at++) b += a += bytes[at]!;
    a %= BASE;
    b %= BASE;
  }
  return ((b << 16) | a) >>> 0;
}

/** The checksum of two texts joined, from their own checksums and the length of the second, bytes. */
export function combineAdler32(first: number, second: number, secondLength: number): number {
  const length = secondLength % BASE;
  const a1 = first & 0xffff;
  const a = (a1 + (second & 0xffff) + BASE - 1) % BASE;
  const b = (length * a1 + (first >>> 16) + (second >>> 16) + BASE - length) % BASE;
  return ((b << 16) | a) >>> 0;
}
