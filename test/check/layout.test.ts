import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padded, table, textWidth, wrap } from '../../src/check/layout.ts';

describe('text in columns', () => {
  it('knows how wide characters are', () => {
    expect(textWidth('abc')).toBe(3);
    expect(textWidth('订单')).toBe(4);
    expect(textWidth('ü—')).toBe(2);
    expect(padded('订', 4)).toBe('订  ');
  });

  it('wraps at blanks, and inside a word only when it is too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a abcdefgh b', 5)).toEqual(['a', 'abcde', 'fgh b']);
    expect(wrap('one\ntwo', 20)).toEqual(['one', 'two']);
    expect(wrap('', 5)).toEqual(['']);
  });

  it('loses no word and makes no line too long', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '订', ' ', '-') }),
        fc.integer({ min: 4, max: 40 }),
        (text, width) => {
          const lines = wrap(text, width);
          expect(lines.every((line) => textWidth(line) <= width)).toBe(true);
          expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        },
      ),
    );
  });

  it('aligns a table and lets the widest column give way', () => {
    expect(
      table(
        ['a', 'text'],
        [
          ['1', 'one two three'],
          ['22', 'x'],
        ],
        12,
      ),
    ).toEqual(['a   text', '--  --------', '1   one two', '    three', '22  x']);
  });

  it('keeps tables within the width', () => {
    const cells = fc.array(fc.tuple(fc.string(), fc.string(), fc.string()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(cells, fc.integer({ min: 40, max: 120 }), (rows, width) => {
        const clean = rows.map((row) => row.map((cell) => cell.replaceAll(/\s/g, ' ')));
        expect(table(['a', 'b', 'c'], clean, width).every((line) => textWidth(line) <= width)).toBe(true);
      }),
    );
  });
});
