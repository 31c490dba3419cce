import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import { decodeOnce } from '../cells.ts';

const text = (encoding: string): DecoderSpec => ({ format: 'text', paths: [[]], encoding });
const json = (encoding: string): DecoderSpec => ({ format: 'json', paths: [['a']], encoding });
const utf16be = (value: string): Buffer => Buffer.from(value, 'utf16le').swap16();

const character = fc
  .nat(0x10ffff)
  .filter((point) => (point & 0x1f_f800) !== 0xd800 && point !== 0xfeff)
  .map((point) => String.fromCodePoint(point));

describe('text of another encoding', () => {
  it.each([
    ['gbk', [0xce, 0xd2, 0x41], '我A'],
    ['gbk', [0x80], '€'],
    ['gb18030', [0x81, 0x30, 0x81, 0x30], '\u0080'],
    ['GB2312', [0xce, 0xd2], '我'],
    ['big5', [0xa4, 0xa4], '中'],
    ['shift_jis', [0x82, 0xa0], 'あ'],
    ['euc-kr', [0xb0, 0xa1], '가'],
    ['latin1', [0x80, 0xe9, 0x81, 0x9f], '€é\u0081Ÿ'],
    ['iso-8859-15', [0xa4], '€'],
    ['windows-1251', [0x80], 'Ђ'],
    ['utf-16le', [0xff, 0xfe, 0x41, 0x00], 'A'],
    ['utf-16le', [0x3d, 0xd8, 0x00, 0xde], '\u{1F600}'],
    ['utf-16be', [0xfe, 0xff, 0x00, 0x41], 'A'],
    ['gbk', [], ''],
  ])('%s %j', (encoding, bytes, expected) =>
    expect(decodeOnce(text(encoding), Uint8Array.from(bytes))).toEqual({ cells: [{ string: expected }] }),
  );

  it('is JSON as well', () => {
    const value = '{"a":"我 \\u00e9 \u{1F600}"}';
    expect(decodeOnce(json('utf-16le'), Buffer.from(value, 'utf16le'))).toEqual({
      cells: [{ string: '我 é \u{1F600}' }],
    });
    expect(decodeOnce(json('utf-16be'), utf16be(`\ufeff${value}`))).toMatchObject({ cells: [{}] });
    expect(decodeOnce(json('utf-16be'), utf16be('{"a"'))).toMatchObject({ dirty: 'invalid_json' });
    const gbk = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xd0, 0x5c]), Buffer.from('"}')]);
    expect(decodeOnce(json('gbk'), gbk)).toEqual({ cells: [{ string: '衆' }] });
  });

  it('is itself, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(character, { maxLength: 20 }), (characters) => {
        const value = characters.join('');
        expect(decodeOnce(text('utf-16be'), utf16be(value))).toEqual({ cells: [{ string: value }] });
        expect(decodeOnce(text('utf8'), Buffer.from(value))).toEqual({ cells: [{ string: value }] });
      }),
    );
  });
});

describe('bytes that are no text', () => {
  it.each([
    ['gbk', [0x41, 0x42, 0xff, 0x43], 'gbk', 3],
    ['gbk', [0x41, 0xce], 'gbk', 3],
    ['utf-16le', [0x41, 0x00, 0x42], 'utf-16le', 4],
    ['utf-16le', [0x00, 0xd8, 0x41, 0x00], 'utf-16le', 4],
    ['shift_jis', [0x41, 0xff], 'shift_jis', 2],
  ])('%s %j', (encoding, bytes, name, at) =>
    expect(decodeOnce(text(encoding), Uint8Array.from(bytes))).toEqual({
      dirty: 'invalid_encoding',
      message: `the bytes are not valid ${name} text, at byte ${at}`,
    }),
  );

  it('are not searched at length', () =>
    expect(decodeOnce(text('gbk'), Buffer.alloc(100_000, 0xff))).toEqual({
      dirty: 'invalid_encoding',
      message: 'the bytes are not valid gbk text',
    }));

  it('do not spoil the record that follows', () => {
    expect(decodeOnce(text('gbk'), Uint8Array.of(0xce))).toMatchObject({ dirty: 'invalid_encoding' });
    expect(decodeOnce(text('gbk'), Uint8Array.of(0x41))).toEqual({ cells: [{ string: 'A' }] });
  });
});
