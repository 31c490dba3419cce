import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLike } from '../../../src/emulator/sql/wildcards.ts';

const regex = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[%]/g, '.*').replace(/_/g, '.').replaceAll('$', '\\$')}$`, 'su');

describe('wildcards', () => {
  it('mean what a regular expression of them means', () => {
    const text = fc.stringMatching(/^[ab$😀]{0,8}$/u);
    const pattern = fc.stringMatching(/^[ab$😀%_]{0,8}$/u);
    fc.assert(
      fc.property(text, pattern, (one, like) => isLike(one, like, '%', '_') === regex(like).test(one)),
      { numRuns: 2000 },
    );
  });

  it('end with many of them over a long text', () => {
    expect(isLike('a'.repeat(2000), `${'%a'.repeat(100)}b`, '%', '_')).toBe(false);
  });
});
