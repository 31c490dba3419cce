import { malformed } from '../errors.ts';
import { tooLarge } from './value-checks.ts';

/**
 * Reads the primitives of the record format (protocol 5.1) at a cursor. The bytes end in zeros, so a read
 * may run past the data; whoever reads compares the cursor with the end afterwards. 64-bit numbers are left
 * in two signed halves, because a BigInt for each would cost more than all the rest.
 */
export class Scan {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  low = 0;
  high = 0;

  byte(): number {
    const value = this.bytes[this.at]!;
    this.at += 1;
    return value;
  }

  /** A tag: unsigned, at most 29 bits of field number; answered undivided. */
  tag(): number {
    const first = this.bytes[this.at]!;
    if (first < 128) {
      this.at += 1;
      return first;
    }
    return this.varint32() >>> 0;
  }

  /** Low 32 bits of a varint of up to ten bytes: some writers extend the sign. */
  varint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.at]!;
      this.at += 1;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw malformed('a number is longer than ten bytes');
  }

  /** A length or count, refused above `limit`. */
  length(limit: number): number {
    const value = this.varint32() >>> 0;
    if (value > limit) throw malformed(tooLarge(value));
    return value;
  }

  /** 0 or 1; answers the cursor behind it, the byte before it being the value. */
  boolean(): number {
    const value = this.byte();
    if (value > 1) throw malformed(`a BOOLEAN is 0 or 1, not ${value}`);
    return this.at;
  }

  /** Zig-zag number into `low` and `high`. */
  zigzag64(): void {
    const bytes = this.bytes;
    let at = this.at;
    let byte = bytes[at++]!;
    let low = byte & 127;
    let high = 0;
    if (byte >= 128) {
      byte = bytes[at++]!;
      low |= (byte & 127) << 7;
      if (byte >= 128) {
        byte = bytes[at++]!;
        low |= (byte & 127) << 14;
        if (byte >= 128) {
          byte = bytes[at++]!;
          low |= (byte & 127) << 21;
          if (byte >= 128) {
            byte = bytes[at++]!;
            low |= byte << 28;
            high = (byte & 127) >>> 4;
            for (let shift = 3; byte >= 128; shift += 7) {
              if (shift > 31) throw malformed('a number is longer than ten bytes');
              byte = bytes[at++]!;
              high |= (byte & 127) << shift;
            }
          }
        }
      }
    }
    this.at = at;
    const sign = -(low & 1);
    this.low = ((low >>> 1) | (high << 31)) ^ sign;
    this.high = (high >>> 1) ^ sign;
  }

  /** The number that `zigzag64` left. */
  bigint(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }

  /** The same as a Number: exact up to 2^53. */
  number(): number {
    return this.high * 4294967296 + (this.low >>> 0);
  }
}
