/** Says that bytes are no zstd data (RFC 8878); never leaves zstd.ts. */
export const corrupt = (what: string): Error => new Error(what);

/** Bits of bytes [from, to), the first bit of a byte is its lowest: read from the front. */
export class ForwardBits {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from * 8;
    this.#end = to * 8;
  }

  /** The next `count` bits (at most 16) without moving; beyond the end they are 0. */
  peek(count: number): number {
    const byte = this.#at >> 3;
    const bits =
      (this.#bytes[byte] ?? 0) | ((this.#bytes[byte + 1] ?? 0) << 8) | ((this.#bytes[byte + 2] ?? 0) << 16);
    return (bits >> (this.#at & 7)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#end) throw corrupt('a table ends too early');
  }

  /** Position of the first byte that was not begun. */
  get byte(): number {
    return (this.#at + 7) >> 3;
  }
}

/** Bits that were written front to back and are read back to front: the highest set bit of the last byte marks the end. */
export class BackwardBits {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  /** Bits that are left. */
  left: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    const last = to > from ? bytes[to - 1]! : 0;
    if (last === 0) throw corrupt('a bit stream has no end mark');
    this.#bytes = bytes;
    this.#from = from;
    this.left = (to - from) * 8 - Math.clz32(last) + 23;
  }

  /** At most 24 bits. */
  read(count: number): number {
    this.left -= count;
    if (this.left < 0) throw corrupt('a bit stream ends too early');
    return this.#bitsAt(this.left, count);
  }

  /** The next `count` bits (at most 11) without moving; beyond the end they are 0. */
  peek(count: number): number {
    const at = this.left - count;
    return at >= 0 ? this.#bitsAt(at, count) : this.#bitsAt(0, this.left) << -at;
  }

  skip(count: number): void {
    this.left -= count;
    if (this.left < 0) throw corrupt('a bit stream ends too early');
  }

  #bitsAt(bit: number, count: number): number {
    const bytes = this.#bytes;
    const byte = this.#from + (bit >> 3);
    const bits = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
    return (bits >>> (bit & 7)) & ((1 << count) - 1);
  }
}
