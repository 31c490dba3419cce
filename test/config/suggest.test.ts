import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from '../../src/config/suggest.ts';

describe('suggest', () => {
  const keys = ['brokers', 'topics', 'topicPattern', 'groupId', 'instanceId', 'startAt', 'to'];
  it.each([
    ['topic', 'topics'],
    ['group_id', 'groupId'],
    ['group-id', 'groupId'],
    ['GROUPID', 'groupId'],
    ['gruopId', 'groupId'],
    ['startat', 'startAt'],
    ['ot', 'to'],
    ['broker', 'brokers'],
  ])('%s means %s', (word, meant) => expect(suggest(word, keys)).toBe(meant));

  it.each(['password', 'x', 'zzzzzz', ''])('%j means none', (word) =>
    expect(suggest(word, keys)).toBeUndefined(),
  );
});

describe('edit distance', () => {
  it('is zero for equal words only, and the same both ways', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });

  it('counts a swap of neighbours once', () => expect(editDistance('form', 'from')).toBe(1));
});
