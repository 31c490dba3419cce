import { describe, expect, it } from 'vitest';
import { parseScript } from '../../../src/emulator/sql/script.ts';
import { placesIn, position, tokenize } from '../../../src/emulator/sql/tokens.ts';

const MEGABYTES = 2_000_000;

describe('tokens of a statement', () => {
  it('are words, names, texts and symbols, without blanks and comments', () => {
    const sql = "a1 `b``c`'d\\'e'\"f\" /* g ' */ -- h '\n,\u3000\u4e2d\u6587";
    expect(tokenize(sql).map(({ kind, text }) => [kind, text])).toEqual([
      ['word', 'a1'],
      ['quoted', 'b`c'],
      ['text', "d'e"],
      ['text', 'f'],
      ['symbol', ','],
      ['word', '\u4e2d\u6587'],
    ]);
    for (const { kind, text, start, end } of tokenize(sql))
      if (kind === 'word') expect(sql.slice(start, end)).toBe(text);
  });

  it.each(["'a", '"a', '`a', "a 'b\\'", '`a``', '/* a', 'a /*/'])('are none where %s does not end', (sql) => {
    expect(() => tokenize(`1\n${sql}`)).toThrow(/^ODPS-0130161:\[2,\d\] Parse exception - unterminated /);
  });

  it.each([
    ['comments that do not end', '/*'],
    ['quotes behind backslashes', "\\'"],
    ['back quotes', '`'],
    ['minus signs', '-'],
    ['blanks', ' '],
    ['stars and slashes', '*/'],
  ])('are cut in one pass through %s', (_what, part) => {
    const text = part.repeat(MEGABYTES / part.length);
    for (const sql of [text, `'${text}`, `SELECT ${text} /*${text}`]) {
      try {
        tokenize(sql);
      } catch (error) {
        expect(String(error)).toContain('unterminated');
      }
    }
  });

  it('may be texts of megabytes', () => {
    const long = "a\\'".repeat(MEGABYTES / 4);
    expect(tokenize(`'${long}'`)[0]?.text).toHaveLength(MEGABYTES / 2);
  });
});

describe('places in a text', () => {
  it('are lines and columns from 1', () => {
    const sql = 'a\n\nbc\n';
    expect([0, 1, 2, 3, 4, 5, 6].map(placesIn(sql))).toEqual([
      '1,1',
      '1,2',
      '2,1',
      '3,1',
      '3,2',
      '3,3',
      '4,1',
    ]);
    expect(position(sql, 4)).toBe('3,2');
  });

  it('are found for every statement of a long script', () => {
    const one = 'DROP TABLE IF EXISTS t;\n';
    const { statements } = parseScript(one.repeat(MEGABYTES / one.length));
    const last = statements.at(-1);
    expect(last && 'name' in last && last.name?.at).toBe(`${statements.length},22`);
  });
});
