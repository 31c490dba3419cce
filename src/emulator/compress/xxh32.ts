const PRIME1 = 0x9e3779b1;
const PRIME2 = 0x85ebca77;
const PRIME3 = 0xc2b2ae3d;
const PRIME4 = 0x27d4eb2f;
const PRIME5 = 0x165667b1;
const STRIPE = 16;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const round = (lane: number, word: number): number =>
  Math.imul(rotate((lane + Math.imul(word, PRIME2)) | 0, 13), PRIME1);

/** XXH32 with seed 0, fed in pieces: the checksum of LZ4 frames. */
export class Xxh32 {
  private readonly lanes = Int32Array.of(PRIME1 + PRIME2, PRIME2, 0, -PRIME1);
  private readonly held = Buffer.alloc(STRIPE);
  private filled = 0;
  private total = 0;

  update(bytes: Buffer): this {
    this.total += bytes.length;
    let at = 0;
    if (this.filled > 0) {
      at = bytes.copy(this.held, this.filled);
      this.filled += at;
      if (this.filled < STRIPE) return this;
      this.stripes(this.held, 0);
    }
    at = this.stripes(bytes, at);
    this.filled = bytes.copy(this.held, 0, at);
    return this;
  }

  digest(): number {
    let hash = this.total >= STRIPE ? this.merged() : PRIME5;
    hash = (hash + this.total) | 0;
    let at = 0;
    for (; at + 4 <= this.filled; at += 4) {
      hash = Math.imul(rotate((hash + Math.imul(this.held.readInt32LE(at), PRIME3)) | 0, 17), PRIME4);
    }
    for (; at < this.filled; at += 1) {
      hash = Math.imul(rotate((hash + Math.imul(this.held[at]!, PRIME5)) | 0, 11), PRIME1);
    }
    return avalanche(hash);
  }

  /** Takes all whole stripes from `start` on; answers where the rest begins. */
  private stripes(bytes: Buffer, start: number): number {
    let [a, b, c, d] = this.lanes as unknown as [number, number, number, number];
    const word = (at: number) =>
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    let at = start;
    for (; at + STRIPE <= bytes.length; at += STRIPE) {
      a = round(a, word(at));
      b = round(b, word(at + 4));
      c = round(c, word(at + 8));
      d = round(d, word(at + 12));
    }
    this.lanes.set([a, b, c, d]);
    return at;
  }

  private merged(): number {
    const [a, b, c, d] = this.lanes as unknown as [number, number, number, number];
    return rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
  }
}

function avalanche(value: number): number {
  let hash = Math.imul(value ^ (value >>> 15), PRIME2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export const xxh32 = (bytes: Buffer): number => new Xxh32().update(bytes).digest();
