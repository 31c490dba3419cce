import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMask, MASKS, type MaskSpec } from '../../../src/mapping/conceal/mask.ts';

const WHOLE = '******';
const named = (name: (typeof MASKS)[number]) => createMask({ kind: 'named', name });
const ends = (keepFirst: number, keepLast: number, mark = '*') =>
  createMask({ kind: 'ends', keepFirst, keepLast, with: mark });
const pattern = (text: string, replacement: string) =>
  createMask({ kind: 'pattern', pattern: text, replacement });

describe('masks by name', () => {
  it.each([
    ['phone', '13800138000', '138****8000'],
    ['phone', '+8613800138000', '+86138****8000'],
    ['phone', '+86 138-0013-8000', '+86 138-****-8000'],
    ['phone', '0086-13800138000', '0086-138****8000'],
    ['phone', '1380013800', WHOLE],
    ['phone', '138001380001', WHOLE],
    ['phone', '021-55551234', WHOLE],
    ['phone', 'call 13800138000', WHOLE],
    ['phone', '1', WHOLE],
    ['phone', '', ''],
    ['id_card', '11010519491231002X', '110***********002X'],
    ['id_card', '110105194912310', '110********2310'],
    ['id_card', '1101051949123100', WHOLE],
    ['id_card', '11010519491231002Y', WHOLE],
    ['bank_card', '6222021234567890123', '***************0123'],
    ['bank_card', '6222 0212 3456 7890', '**** **** **** 7890'],
    ['bank_card', '62220212345', WHOLE],
    ['bank_card', '6222  0212 3456 7890', WHOLE],
    ['email', 'zhang.san@example.com', 'z***@example.com'],
    ['email', 'z@example.com', '***@example.com'],
    ['email', '张三@例子.公司', '张***@例子.公司'],
    ['email', 'zhang@localhost', WHOLE],
    ['email', 'a@b@example.com', WHOLE],
    ['email', 'no address', WHOLE],
    ['name', '张三', '张*'],
    ['name', '欧阳娜娜', '欧***'],
    ['name', '𠮷田', '𠮷*'],
    ['name', '张', WHOLE],
    ['name', 'John Smith', 'J*********'],
    ['name', 'x'.repeat(65), WHOLE],
  ] as const)('%s: %s is %s', (name, text, masked) => expect(named(name)(text)).toBe(masked));
});

describe('masks with ends that stay', () => {
  it.each([
    [3, 4, '13800138000', '138****8000'],
    [0, 4, '13800138000', '*******8000'],
    [1, 0, '张三', '张*'],
    [1, 0, '张', WHOLE],
    [3, 4, '1234567890', WHOLE],
    [3, 4, '12345678', WHOLE],
    [0, 0, 'abc', '***'],
    [1, 1, '𠮷a𠮷', '𠮷*𠮷'],
  ])('%i and %i of %s: %s', (first, last, text, masked) => expect(ends(first, last)(text)).toBe(masked));

  it('take another mark', () => expect(ends(1, 1, '#')('abcde')).toBe('a###e'));
});

describe('masks by a pattern', () => {
  it('replace each match', () => {
    expect(pattern('[0-9]', '#')('京A12345')).toBe('京A#####');
    expect(pattern('^(\\w\\w).*$', '$1…')('abcdef')).toBe('ab…');
  });

  it('hide a text that the pattern does not match', () =>
    expect(pattern('[0-9]', '#')('secret')).toBe(WHOLE));

  it('take no longer for an evil pattern', () => {
    const started = process.cpuUsage().user;
    pattern('^(a+)+$', 'x')(`${'a'.repeat(50_000)}!`);
    expect(process.cpuUsage().user - started).toBeLessThan(5_000_000);
  });
});

/** Characters of the masked text, in order, that the original has at the same place from the beginning or the end. */
function keptOf(text: string, masked: string): { first: number; last: number } {
  const [a, b] = [[...text], [...masked]];
  let first = 0;
  while (first < Math.min(a.length, b.length) && a[first] === b[first]) first++;
  let last = 0;
  while (last < Math.min(a.length, b.length) - first && a.at(-1 - last) === b.at(-1 - last)) last++;
  return { first, last };
}

/** Without the characters that masks put in. */
const texts = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('*', '+'));

describe('every text', () => {
  it('keeps of its characters what was asked for, and at most two thirds of them', () => {
    fc.assert(
      fc.property(texts, fc.nat(8), fc.nat(8), (text, first, last) => {
        const kept = keptOf(text, ends(first, last)(text));
        expect(kept.first).toBeLessThanOrEqual(first);
        expect(kept.last).toBeLessThanOrEqual(last);
        expect((kept.first + kept.last) * 3).toBeLessThanOrEqual([...text].length * 2);
      }),
    );
  });

  const KEPT: Record<(typeof MASKS)[number], number> = {
    phone: 8,
    id_card: 7,
    bank_card: 4,
    email: 1,
    name: 1,
  };
  const shaped = fc.oneof(
    texts,
    fc.stringMatching(/^(\+86[ -]?)?1[0-9]{9,11}$/),
    fc.stringMatching(/^[0-9]{14,19}X?$/),
    fc.stringMatching(/^[0-9]{4}( [0-9]{3,4}){2,4}$/),
    fc.emailAddress(),
    fc.string({ unit: fc.constantFrom('张', '欧', '阳', '𠮷'), maxLength: 5 }),
  );

  it.each(MASKS)('of a %s only the stated digits or letters stay, or nothing', (name) => {
    const mask = named(name);
    fc.assert(
      fc.property(shaped, (text) => {
        const masked = mask(text);
        if (masked === WHOLE || (text === '' && masked === '')) return;
        expect(masked).toContain('*');
        // The prefix of a number and the domain of an address are no secrets.
        const shown = masked
          .replace(/^(\+86|0086|86)/, '')
          .replace(/@.*$/u, '')
          .replace(/[*\s-]/gu, '');
        expect([...shown].length).toBeLessThanOrEqual(KEPT[name]);
      }),
      { numRuns: 300 },
    );
  });

  it('is never given back as it was, unless it is empty', () => {
    const spec: fc.Arbitrary<MaskSpec> = fc.oneof(
      fc.constantFrom(...MASKS).map((name) => ({ kind: 'named', name }) as const),
      fc.record({
        kind: fc.constant('ends' as const),
        keepFirst: fc.nat(9),
        keepLast: fc.nat(9),
        with: fc.constant('*'),
      }),
    );
    fc.assert(
      fc.property(spec, shaped, (one, text) => {
        if (text !== '') expect(createMask(one)(text)).not.toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
