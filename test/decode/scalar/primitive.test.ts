import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import type { Format } from '../../../src/decode/format.ts';
import { decodesWhole, hasFields } from '../../../src/decode/whole.ts';
import { decodeOnce } from '../cells.ts';

const spec = (format: Format): DecoderSpec => ({ format, paths: [[], []] });
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

describe("numbers in Kafka's own encodings", () => {
  it.each([
    ['short', 'ffff', { integer: -1n }],
    ['short', '7fff', { integer: 32_767n }],
    ['integer', '80000000', { integer: -2_147_483_648n }],
    ['long', '7fffffffffffffff', { integer: 9_223_372_036_854_775_807n }],
    ['long', '8000000000000000', { integer: -9_223_372_036_854_775_808n }],
    ['long', '0000000000000005', { integer: 5n }],
    ['float', '3f800000', { double: 1 }],
    ['float', '7f800000', { double: Number.POSITIVE_INFINITY }],
    ['double', '3ff8000000000000', { double: 1.5 }],
    ['double', '7ff8000000000000', { double: Number.NaN }],
  ] as const)('%s %s', (format, bytes, expected) =>
    expect(decodeOnce(spec(format), hex(bytes))).toEqual({ cells: [expected, expected] }),
  );

  it.each(['short', 'integer', 'long', 'float', 'double'] as const)('%s has its length', (format) => {
    for (const bytes of ['', '00', '000000', '000000000000000000'])
      expect(decodeOnce(spec(format), hex(bytes))).toMatchObject({ dirty: 'wrong_length' });
    expect(decodeOnce(spec(format), hex('00'))).toMatchObject({
      message: expect.stringMatching(/of format \w+ has \d bytes, not 1$/),
    });
    expect(() => createDecoder({ format, paths: [['a']] })).toThrow('no fields');
    expect(hasFields(format)).toBe(false);
  });
});

describe('the whole value in a column', () => {
  it.each([
    [{ format: 'text' }, 'STRING', false],
    [{ format: 'text', encoding: 'UTF8', compression: 'none' }, 'STRING', false],
    [{ format: 'text', encoding: 'gbk' }, 'STRING', true],
    [{ format: 'bytes', compression: 'gzip' }, 'BINARY', true],
    [{ format: 'bytes' }, 'BINARY', false],
    [{ format: 'json' }, 'STRING', false],
    [{ format: 'json' }, 'JSON', true],
    [{ format: 'json', compression: 'zstd' }, 'STRING', true],
    [{ format: 'json', compression: 'zstd' }, 'BINARY', false],
    [{ format: 'jsonschema' }, 'STRING', true],
    [{ format: 'jsonschema' }, 'BINARY', false],
    [{ format: 'avro' }, 'BIGINT', true],
    [{ format: 'long' }, 'BIGINT', true],
    [{ format: 'long' }, 'BINARY', false],
  ] as const)('%j into %s: decoded is %s', (options, type, decoded) =>
    expect(decodesWhole(options, type)).toBe(decoded),
  );
});
