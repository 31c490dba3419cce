import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { common, joined, type Range, rangesOf, rangeText, total, without } from '../../src/audit/ranges.ts';

const range = fc.tuple(fc.nat(60), fc.nat(8)).map(([first, size]): Range => ({ first, end: first + size }));
const ranges = fc.array(range, { maxLength: 12 });

const offsetsOf = (list: readonly Range[]): number[] =>
  [
    ...new Set(list.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i))),
  ].sort((a, b) => a - b);

/** Ascending, and no two touch. */
const isList = (list: readonly Range[]): boolean =>
  list.every(({ first, end }, i) => first < end && (i === 0 || list[i - 1]!.end < first));

describe('offset ranges', () => {
  it('join, meet and subtract as sets of offsets do', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [left, right] = [joined(a), joined(b)];
        const [inLeft, inRight] = [offsetsOf(a), offsetsOf(b)];
        expect([isList(left), offsetsOf(left), total(left)]).toEqual([true, inLeft, inLeft.length]);
        const both = common(left, right);
        expect([isList(both), offsetsOf(both)]).toEqual([true, inLeft.filter((o) => inRight.includes(o))]);
        const rest = without(left, right);
        expect([isList(rest), offsetsOf(rest)]).toEqual([true, inLeft.filter((o) => !inRight.includes(o))]);
      }),
    );
  });

  it('are made of any offsets, repeated ones included', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40)), (offsets) => {
        const list = rangesOf(offsets);
        expect(isList(list)).toBe(true);
        expect(offsetsOf(list)).toEqual([...new Set(offsets)].sort((a, b) => a - b));
      }),
    );
  });

  it('name their last offset', () => {
    expect([rangeText({ first: 7, end: 8 }), rangeText({ first: 7, end: 20 })]).toEqual(['7', '7-19']);
  });
});
