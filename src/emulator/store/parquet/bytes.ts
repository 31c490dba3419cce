/** Bytes that grow at the end; the same memory serves again after `clear`. */
export class Bytes {
  buffer: Buffer;
  length = 0;

  constructor(size = 4096) {
    this.buffer = Buffer.allocUnsafeSlow(size);
  }

  /** Makes room for `count` bytes; answers where they begin. */
  grow(count: number): number {
    const at = this.length;
    this.length = at + count;
    if (this.length > this.buffer.length) this.#enlarge(at);
    return at;
  }

  #enlarge(kept: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length));
    this.buffer.copy(larger, 0, 0, kept);
    this.buffer = larger;
  }

  byte(value: number): void {
    const at = this.grow(1);
    this.buffer[at] = value;
  }

  int32(value: number): void {
    const at = this.grow(4);
    const { buffer } = this;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
  }

  /** Unsigned, seven bits a byte; exact up to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** Copies `source[start, end)`; tells whether all of it is ASCII when it is short, false when it is long. */
  copy(source: Uint8Array, start: number, end: number): boolean {
    const at = this.grow(end - start);
    if (end - start > SHORT) {
      this.buffer.set(source.subarray(start, end), at);
      return false;
    }
    const { buffer } = this;
    const shift = at - start;
    let all = 0;
    for (let from = start; from < end; from += 1) {
      const byte = source[from]!;
      all |= byte;
      buffer[from + shift] = byte;
    }
    return all < 128;
  }

  view(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** A large value is not worth its memory for the small ones that follow. */
  clear(): void {
    this.length = 0;
    if (this.buffer.length > LARGE) this.buffer = Buffer.allocUnsafeSlow(LARGE);
  }
}

const LARGE = 8 * 1024 * 1024;
/** Up to here a loop is faster than the call of a copy. */
const SHORT = 48;
