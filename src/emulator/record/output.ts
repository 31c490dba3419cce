/** Room for any number or tag: a write of one needs no more. */
const NUMBER_BYTES = 16;

const whole = new BigInt64Array(1);
const halves = new Int32Array(whole.buffer);

/** Writes the primitives of the record format (protocol 5.1) into bytes that grow. */
export class Output {
  bytes: Buffer;
  at = 0;
  /** Halves of the number that was written last, as the checksum takes them. */
  low = 0;
  high = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.at + size));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.at++] = value;
  }

  /** An unsigned 32-bit number. */
  varint32(value: number): void {
    this.reserve(NUMBER_BYTES);
    let rest = value >>> 0;
    for (; rest > 127; rest >>>= 7) this.bytes[this.at++] = (rest & 127) | 128;
    this.bytes[this.at++] = rest;
  }

  /** A signed 32-bit number in zig-zag form, which is the same in 64 bits. */
  zigzag32(value: number): void {
    this.low = value;
    this.high = value >> 31;
    this.varint32((value << 1) ^ (value >> 31));
  }

  zigzag64(value: bigint): void {
    whole[0] = value;
    const low = halves[0]!;
    const high = halves[1]!;
    this.low = low;
    this.high = high;
    const sign = high >> 31;
    this.varint64((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
  }

  private varint64(low: number, high: number): void {
    this.reserve(NUMBER_BYTES);
    let below = low >>> 0;
    let above = high >>> 0;
    while (above > 0) {
      this.bytes[this.at++] = (below & 127) | 128;
      below = ((below >>> 7) | (above << 25)) >>> 0;
      above >>>= 7;
    }
    this.varint32(below);
  }

  /** A length and the text in UTF-8; answers where the text begins. */
  text(value: string): number {
    const length = Buffer.byteLength(value);
    this.varint32(length);
    this.reserve(length);
    this.at += this.bytes.write(value, this.at, length, 'utf8');
    return this.at - length;
  }

  /** A length and the bytes; answers where the bytes begin. */
  binary(value: Uint8Array): number {
    this.varint32(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.at);
    this.at += value.length;
    return this.at - value.length;
  }

  float(value: number): number {
    this.reserve(4);
    this.at = this.bytes.writeFloatLE(value, this.at);
    return this.at - 4;
  }

  double(value: number): number {
    this.reserve(8);
    this.at = this.bytes.writeDoubleLE(value, this.at);
    return this.at - 8;
  }

  /** What was written since the last call. */
  take(): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, this.at));
    this.at = 0;
    return taken;
  }
}
