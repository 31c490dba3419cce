import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex } from '../src/regex.ts';

describe('a pattern', () => {
  it.each([
    ['^[a-z]+$', 'abc', true],
    ['^[a-z]+$', 'abc1', false],
    ['\\d{3}', 'in 1234', true],
    ['^\\p{L}+$', '王é', true],
    ['^\\p{Script=Han}$', '王', true],
    ['\\\\p{gc=Lu}', '\\p{gc=Lu}', true],
    ['^\\p{gc=Lu}$', 'A', true],
    ['^.$', '\u{1F600}', true],
    ['^\\u0041\\/\\x42$', 'A/B', true],
    ['^(?<year>\\d{4})$', '2026', true],
    ['', '', true],
    ['(?i)^ABC$', 'abc', true],
  ])('%s on %s', (pattern, text, expected) => expect(compileRegex(pattern).test(text)).toBe(expected));

  it('replaces every match, with groups as in JavaScript', () => {
    expect(compileRegex('(\\d)(\\d)').replace('12-34-5', '$2$1$$')).toBe('21$-43$-5');
    expect(compileRegex('(?<last>\\w)\\b').replace('ab cd', '<$<last>>')).toBe('a<b> c<d>');
    expect(compileRegex('x').replace('abc', 'y')).toBe('abc');
    expect(compileRegex('').replace('ab', '-')).toBe('-a-b-');
  });

  it('agrees with RegExp on plain patterns', () => {
    const part = fc.constantFrom('a', 'b', '[ab]', '.', 'a*', '(ab)+', 'b?', 'a|b', '^', '$', '[^a]');
    const pattern = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[abc]{0,8}$/), (source, text) => {
        expect(compileRegex(source).test(text)).toBe(new RegExp(source, 'u').test(text));
        expect(compileRegex(source).replace(text, '<$&>')).toBe(
          text.replace(new RegExp(source, 'gu'), '<$&>'),
        );
      }),
    );
  });
});

describe('a pattern that cannot be taken', () => {
  it.each([
    ['(?=a)b', /the pattern "\(\?=a\)b" cannot be used: .*no lookaround/],
    ['(?<!a)b', /no lookaround/],
    ['(a)\\1', /no backreferences/],
    ['(?<n>a)\\k<n>', /no backreferences/],
    ['[a', /"\[a" cannot be used: missing closing \]/],
    ['a{1,2000}', /invalid repeat count/],
    ['(a{1,1000}){1,1000}', /too large|repeat/],
  ])('%s', (pattern, expected) => expect(() => compileRegex(pattern)).toThrow(expected));

  it('is not told at length', () =>
    expect(() => compileRegex('('.repeat(20_000))).toThrow(/^the pattern .{0,300}$/));
});

describe('a pattern made to blow up', () => {
  it.each([
    ['(a+)+$', `${'a'.repeat(100_000)}b`],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(100_000)],
    ['(x+x+)+y$', `y${'x'.repeat(100_000)}`],
    ['(?:a?){500}a{500}b', 'a'.repeat(10_000)],
  ])('%s stays linear', (pattern, text) => expect(compileRegex(pattern).test(text)).toBe(false), 20_000);
});
