import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unzstd } from '../../../src/decode/compression/zstd.ts';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import type { Compression } from '../../../src/decode/format.ts';
import { LIMITS } from '../../../src/limits.ts';
import { type Decoded, decodeOnce, run } from '../cells.ts';
import { ZSTD_SAMPLES } from './zstd-samples.ts';

const json = (compression: Compression): DecoderSpec => ({ format: 'json', paths: [['a']], compression });
const text = (compression: Compression): DecoderSpec => ({ format: 'text', paths: [[]], compression });

/** A frame of zstd as anybody can write it: a block as it is, or of one repeated byte. */
function frame(blocks: readonly (Uint8Array | { byte: number; count: number })[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58)];
  blocks.forEach((block, i) => {
    const last = i === blocks.length - 1 ? 1 : 0;
    const [type, size, body] =
      block instanceof Uint8Array ? [0, block.length, block] : [1, block.count, Uint8Array.of(block.byte)];
    const header = (size << 3) | (type << 1) | last;
    parts.push(Uint8Array.of(header & 255, (header >> 8) & 255, header >> 16), body);
  });
  return new Uint8Array(Buffer.concat(parts));
}

const bytesOf = (content: string): Uint8Array => new Uint8Array(Buffer.from(content));
const zstd = (content: string): Uint8Array => frame([bytesOf(content)]);
const skipped = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9);
const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

describe('a compressed value', () => {
  it('is decoded as what it was', () => {
    expect(decodeOnce(json('none'), bytesOf('{"a":1}'))).toEqual({ cells: [{ number: '1' }] });
    for (const long of ['', 'x'.repeat(100_000)]) {
      const value = `{"a":1,"b":"${long}"}`;
      expect(decodeOnce(json('gzip'), zlib.gzipSync(value))).toEqual({ cells: [{ number: '1' }] });
      expect(decodeOnce(json('zstd'), frame([bytesOf(value)]))).toEqual({ cells: [{ number: '1' }] });
    }
    expect(decodeOnce(json('gzip'), zlib.gzipSync('{'))).toMatchObject({ dirty: 'invalid_json' });
  });

  it('may be in several parts', () => {
    const parts = ['{"a"', ':1', '}', ''];
    const members = concat(...parts.map((part) => zlib.gzipSync(part)));
    expect(decodeOnce(json('gzip'), members)).toEqual({ cells: [{ number: '1' }] });
    const frames = concat(skipped, ...parts.map(zstd), skipped);
    expect(decodeOnce(json('zstd'), frames)).toEqual({ cells: [{ number: '1' }] });
  });

  it('may be of any format and encoding', () => {
    const gbk = zlib.gzipSync(Uint8Array.of(0xce, 0xd2));
    expect(decodeOnce({ ...text('gzip'), encoding: 'gbk' }, gbk)).toEqual({ cells: [{ string: '我' }] });
    expect(
      decodeOnce(
        { format: 'integer', paths: [[]], compression: 'gzip' },
        zlib.gzipSync(Uint8Array.of(0, 0, 0, 5)),
      ),
    ).toEqual({ cells: [{ integer: 5n }] });
  });

  it('names its schema inside', () => {
    const spec: DecoderSpec = { format: 'avro', paths: [[]], compression: 'gzip' };
    const decoder = createDecoder(spec);
    const value = (number: number) => new Uint8Array(zlib.gzipSync(Uint8Array.of(0, 0, 0, 0, 9, number * 2)));
    const [first, second] = [value(1), value(2)];
    expect(decoder.schemas!.unknown(first, 0, first.length)).toBe(9);
    decoder.schemas!.add(9, { type: 'AVRO', text: '"int"', references: [] });
    expect(decoder.schemas!.unknown(first, 0, first.length)).toBe(null);
    const decoded = (bytes: Uint8Array): Decoded => run(decoder, spec.paths, bytes, 0, bytes.length);
    expect([decoded(first), decoded(first), decoded(second)]).toEqual(
      [1n, 1n, 2n].map((integer) => ({ cells: [{ integer }] })),
    );
    expect(decoder.schemas!.unknown(Uint8Array.of(0, 0, 0, 0, 9, 2), 0, 6)).toBe(null);
  });

  it.each([
    ['gzip', bytesOf('{"a":1}'), /inflated with gzip: it does not begin with 1f 8b/],
    ['gzip', new Uint8Array(0), /does not begin/],
    ['gzip', zlib.gzipSync('{"a":1}').subarray(0, 12), /unexpected end/],
    ['gzip', concat(zlib.gzipSync('{}'), bytesOf('more')), /incorrect header/],
    ['gzip', zlib.gzipSync('{"a":1}').fill(0, 19, 23), /incorrect data check/],
    ['zstd', bytesOf('{"a":1}'), /inflated with zstd: it does not begin with 28 b5 2f fd/],
    ['zstd', new Uint8Array(0), /it is empty/],
    ['zstd', zstd('{"a":1}').subarray(0, 12), /ends too early/],
    ['zstd', concat(zstd('{}'), bytesOf('more')), /does not begin/],
    ['zstd', skipped.subarray(0, 9), /ends too early/],
    ['zstd', zlib.gzipSync('{}'), /does not begin/],
  ] as const)('%s is dirty when it is none: number %#', (compression, bytes, message) =>
    expect(decodeOnce(json(compression), bytes)).toEqual({
      dirty: 'bad_compression',
      message: expect.stringMatching(message),
    }),
  );
});

describe('a value made to be endless', () => {
  const tooLong = {
    dirty: 'bad_compression',
    message: expect.stringContaining(`longer than ${LIMITS.inflatedBytes}`),
  };

  it('gzip', () => {
    const million = zlib.gzipSync(Buffer.alloc(LIMITS.inflatedBytes / 8 + 1));
    const bomb = concat(...Array.from({ length: 8 }, () => million));
    expect(decodeOnce(text('gzip'), bomb)).toEqual(tooLong);
  });

  it('zstd', () => {
    const blocks = Array.from({ length: 1100 }, () => ({ byte: 0x61, count: 128 * 1024 }));
    expect(decodeOnce(text('zstd'), frame(blocks))).toEqual(tooLong);
  });
});

describe('zstd', () => {
  it('does not believe the lengths of matches', () => {
    // 98,047 matches of 65,539 bytes in one block: 6 GB in 21 bytes.
    const block = [0, 255, 255, 255, 0x54, 0, 0, 52, 1, 1, 1, 1];
    const value = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, (block.length << 3) | 5, 0, 0, ...block);
    expect(() => unzstd(value)).toThrow('an offset points before the beginning');
  });

  it.each(ZSTD_SAMPLES)('$name', ({ content, base64 }) => {
    const inflated = unzstd(new Uint8Array(Buffer.from(base64, 'base64')));
    expect(Buffer.compare(inflated, content)).toBe(0);
  });

  it('that is broken is never endless, and never a fault of another kind', () => {
    const samples = ZSTD_SAMPLES.map(({ base64 }) => Buffer.from(base64, 'base64'));
    const strike = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(strike, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        (sample, strikes, cut) => {
          const broken = new Uint8Array(sample);
          for (const [at, byte] of strikes) broken[at % broken.length] = byte;
          try {
            unzstd(cut % 3 === 0 ? broken.subarray(0, cut % broken.length) : broken);
          } catch (error) {
            expect((error as Error).constructor).toBe(Error);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
