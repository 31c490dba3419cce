import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, displayWidth, padded, printable, wrap } from '../../src/terminal/text.ts';

describe('text in a terminal', () => {
  it('Chinese characters and emoji are two cells wide, accents none', () => {
    expect(['a', '杭州', 'Ｚ', '😀', 'e\u0301', ''].map(displayWidth)).toEqual([1, 4, 2, 2, 1, 0]);
  });

  it('is cut with an ellipsis only when it does not fit', () => {
    expect([cut('abcd', 4), cut('abcde', 4), cut('杭州市', 6), cut('杭州市', 5), cut('杭州市', 4)]).toEqual([
      'abcd',
      'abc…',
      '杭州市',
      '杭州…',
      '杭…',
    ]);
  });

  const anything = fc.string({ unit: 'grapheme', maxLength: 40 });

  it('never is wider than asked for, and keeps what fits', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 50 }), (text, width) => {
        const kept = cut(text, width);
        expect(displayWidth(kept)).toBeLessThanOrEqual(width);
        expect(kept === text).toBe(displayWidth(text) <= width);
      }),
    );
  });

  it('nothing of a record reaches the terminal as a command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/\p{Cc}|\p{Cf}|[\u2028\u2029]/u);
      }),
    );
    expect(printable('a\tb\u001b]0;x\u0007\u202e')).toBe('a\\tb\\u{1b}]0;x\\u{7}\\u{202e}');
    expect(printable('杭州 é 😀')).toBe('杭州 é 😀');
  });

  it('knows how wide other characters are, and fills up to a width', () => {
    expect(displayWidth('abc')).toBe(3);
    expect(displayWidth('订单')).toBe(4);
    expect(displayWidth('ü—')).toBe(2);
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
          expect(lines.every((line) => displayWidth(line) <= width)).toBe(true);
          expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        },
      ),
    );
  });
});
