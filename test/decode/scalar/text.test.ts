import { describe, expect, it } from 'vitest';
import { Cell } from '../../../src/decode/cell/cell.ts';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import { textCell } from '../../../src/decode/scalar/text.ts';
import { decodeOnce, plain } from '../cells.ts';

const bytes = new Uint8Array(Buffer.from('xx王 \u{1F600}yy'));
const broken = new Uint8Array([0x61, 0xff]);

describe('text', () => {
  it('is the whole value', () => {
    expect(decodeOnce({ format: 'text', paths: [[], []] }, bytes)).toEqual({
      cells: [{ string: 'xx王 \u{1F600}yy' }, { string: 'xx王 \u{1F600}yy' }],
    });
    expect(decodeOnce({ format: 'text', paths: [[]] }, new Uint8Array(0))).toEqual({
      cells: [{ string: '' }],
    });
  });

  it('must be UTF-8', () => {
    expect(decodeOnce({ format: 'text', paths: [[]] }, broken)).toMatchObject({ dirty: 'invalid_utf8' });
    const long = Buffer.concat([Buffer.alloc(1000, 'a'), broken]);
    expect(decodeOnce({ format: 'text', paths: [[]] }, long)).toMatchObject({ dirty: 'invalid_utf8' });
  });

  it('fills one cell from a range', () => {
    const cell = new Cell();
    expect(textCell(cell, bytes, 2, 5)).toBe(null);
    expect(plain(cell)).toEqual({ string: '王' });
    expect(textCell(cell, bytes, 2, 4)).toMatchObject({ code: 'invalid_utf8' });
  });
});

describe('bytes', () => {
  it('are the whole value, whatever it is', () => {
    expect(decodeOnce({ format: 'bytes', paths: [[]] }, broken)).toEqual({ cells: [{ bytes: '61ff' }] });
  });
});

describe('a format without fields', () => {
  it('refuses a path', () => {
    expect(() => createDecoder({ format: 'text', paths: [[], ['a', 'b']] })).toThrow('a.b');
    expect(() => createDecoder({ format: 'bytes', paths: [[0]] })).toThrow('no fields');
  });
});
