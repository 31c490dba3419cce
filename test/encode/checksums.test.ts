import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adler32, combineAdler32 } from '../../src/encode/adler32.ts';
import {
  CRC_START,
  combineCrc32c,
  crc32c,
  crc32cOfUint32,
  finishCrc,
  stepByte,
  stepColumn,
  stepColumnInt64,
  stepInt32,
} from '../../src/encode/crc32c.ts';
import { plainCrc32c } from './stream.ts';

const ascii = (text: string) => new TextEncoder().encode(text);
const text = fc.uint8Array({ maxLength: 300 });
const int32 = fc.integer();

describe('CRC-32C', () => {
  it('gives the check value of the polynomial', () => {
    expect(crc32c(ascii('123456789'), 0, 9)).toBe(0xe3069283);
    expect(crc32c(ascii(''), 0, 0)).toBe(0);
  });

  it('equals a bit by bit calculation over any range', () => {
    fc.assert(
      fc.property(text, fc.nat(20), (bytes, skip) => {
        const start = Math.min(skip, bytes.length);
        expect(crc32c(bytes, start, bytes.length)).toBe(plainCrc32c(bytes.subarray(start)));
      }),
    );
  });

  it('goes on from a former checksum and combines two, both like the whole', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const whole = plainCrc32c(Buffer.concat([a, b]));
        const first = crc32c(a, 0, a.length);
        expect(crc32c(b, 0, b.length, first)).toBe(whole);
        expect(combineCrc32c(first, crc32c(b, 0, b.length), b.length)).toBe(whole);
      }),
    );
  });

  it('combines over lengths beyond 32 bits', () => {
    // With 0 in second place it is the shift by a length alone, and shifts add up.
    const length = fc.nat(2 ** 40);
    fc.assert(
      fc.property(fc.integer(), length, length, (crc, a, b) => {
        expect(combineCrc32c(combineCrc32c(crc, 0, a), 0, b)).toBe(combineCrc32c(crc, 0, a + b));
      }),
    );
  });

  it('steps over integers as over their little endian bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), int32, int32, fc.nat(255), (column, low, high, byte) => {
        const bytes = Buffer.alloc(17);
        bytes.writeInt32LE(column, 0);
        bytes.writeInt32LE(low, 4);
        bytes.writeInt32LE(high, 8);
        bytes.writeInt32LE(low, 12);
        bytes[16] = byte;
        const register = stepInt32(stepColumnInt64(CRC_START, column, low, high), low);
        expect(finishCrc(stepByte(register, byte))).toBe(plainCrc32c(bytes));
        expect(crc32cOfUint32(low >>> 0, plainCrc32c(bytes.subarray(0, 12)))).toBe(
          plainCrc32c(bytes.subarray(0, 16)),
        );
        // Inside a container there is no column number.
        expect(finishCrc(stepColumnInt64(CRC_START, 0, low, high))).toBe(plainCrc32c(bytes.subarray(4, 12)));
        expect(stepColumn(register, column)).toBe(stepInt32(register, column));
        expect(stepColumn(register, 0)).toBe(register);
      }),
    );
  });
});

describe('Adler-32', () => {
  it('gives the check value of the RFC family', () => {
    expect(adler32(ascii('Wikipedia'), 0, 9)).toBe(0x11e60398);
    expect(adler32(ascii(''), 0, 0)).toBe(1);
  });

  it('equals a byte by byte calculation, also where the sums are largest', () => {
    const worst = new Uint8Array(100_003).fill(255);
    const highest = 0xfff0fff0;
    expect(adler32(worst, 0, worst.length, highest)).toBe(plainAdler32(worst, highest));
    fc.assert(
      fc.property(text, fc.nat(20), (bytes, skip) => {
        const start = Math.min(skip, bytes.length);
        expect(adler32(bytes, start, bytes.length)).toBe(plainAdler32(bytes.subarray(start), 1));
      }),
    );
  });

  it('goes on from a former checksum and combines two, both like the whole', () => {
    const long = fc.uint8Array({ maxLength: 20 }).map((seed) => Buffer.alloc(seed.length * 7_001, seed));
    fc.assert(
      fc.property(long, fc.oneof(long, text), (a, b) => {
        const whole = plainAdler32(Buffer.concat([a, b]), 1);
        const first = adler32(a, 0, a.length);
        expect(adler32(b, 0, b.length, first)).toBe(whole);
        expect(combineAdler32(first, adler32(b, 0, b.length), b.length)).toBe(whole);
      }),
    );
  });
});

function plainAdler32(bytes: Uint8Array, seed: number): number {
  let a = seed % 65_536;
  let b = Math.floor(seed / 65_536);
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}
