import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Range, rangesOf, total } from '../../src/audit/ranges.ts';
import { allGaps, beginning, type Facts, isFinding, judge, questions } from '../../src/audit/verdict.ts';

const tp = { topic: 'orders', partition: 0 };
const span = (first: number, end: number): Range => ({ first, end });

/** Offsets 0 to 9: rows at all but those. */
const facts = (over: Partial<Facts> = {}): Facts => {
  const gaps = over.gaps ?? [];
  const none = { letters: [], replayed: [], duplicates: [], surplus: 0, logStart: 0 };
  return { ...tp, ...span(0, 10), ...none, offsets: 10 - total(gaps), ...over, gaps };
};
const silent = { records: [], leftOut: [], unread: [] };

describe('the verdict', () => {
  it.each([
    ['a row each', facts(), silent, {}],
    [
      'a dead letter in the gap',
      facts({ gaps: [span(3, 5)], letters: [span(3, 5)] }),
      silent,
      { rejected: 2 },
    ],
    [
      'a record in the gap',
      facts({ gaps: [span(3, 5)] }),
      { records: [span(3, 5)], leftOut: [], unread: [] },
      { missing: [span(3, 5)] },
    ],
    [
      'the end of a transaction in it',
      facts({ gaps: [span(3, 5)] }),
      { records: [span(3, 4)], leftOut: [], unread: [] },
      { missing: [span(3, 4)], empty: 1 },
    ],
    [
      'a record that is filtered, and one that is lost',
      facts({ gaps: [span(3, 6)] }),
      { records: [span(3, 4)], leftOut: [span(4, 5)], unread: [] },
      { missing: [span(3, 4)], leftOut: 1, empty: 1 },
    ],
    ['no record in the gap', facts({ gaps: [span(3, 5)] }), silent, { empty: 2 }],
    [
      'half of it deleted',
      facts({ gaps: [span(3, 5)], logStart: 4 }),
      { records: [span(4, 5)], leftOut: [], unread: [] },
      { deleted: [span(3, 4)], missing: [span(4, 5)] },
    ],
    [
      'not read in time',
      facts({ gaps: [span(3, 5)] }),
      { records: [], leftOut: [], unread: [span(4, 5)] },
      { unread: [span(4, 5)], empty: 1 },
    ],
    [
      'a row and a dead letter',
      facts({ letters: [span(7, 8)] }),
      silent,
      { both: [span(7, 8)], rejected: 1 },
    ],
    ['dead letters beyond', facts({ letters: [span(12, 14)] }), silent, {}],
    ['rows too many', facts({ surplus: 3 }), silent, { surplus: 3 }],
    ['gaps not listed', facts({ offsets: 5, gaps: [span(0, 2)] }), silent, { empty: 2, unlisted: 3 }],
    [
      'as many dead letters as gaps not listed',
      facts({ offsets: 5, gaps: [span(0, 2)], letters: [span(4, 7)] }),
      silent,
      { empty: 2, rejected: 3 },
    ],
  ] as const)('%s', (_, given, answer, wanted) => {
    const clean = {
      missing: [],
      duplicates: [],
      both: [],
      unread: [],
      deleted: [],
      surplus: 0,
      unlisted: 0,
      empty: 0,
      leftOut: 0,
      rejected: 0,
    };
    const verdict = judge(given, answer);
    expect(verdict).toEqual({ ...clean, ...wanted });
    const kinds = ['missing', 'both', 'unread', 'surplus', 'unlisted'] as const;
    expect(isFinding(verdict)).toBe(kinds.some((kind) => kind in wanted));
  });

  it('finds nothing in a dead letter that is a row by a replay', () => {
    const given = facts({ letters: [span(7, 8)], replayed: [span(7, 8)] });
    const verdict = judge(given, silent);
    expect(verdict).toMatchObject({ both: [], rejected: 1 });
    expect(isFinding(verdict)).toBe(false);
  });

  it('says of every offset what a look at each one says', () => {
    const offset = fc.record({
      row: fc.boolean(),
      letter: fc.boolean(),
      record: fc.boolean(),
      filtered: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(offset, { maxLength: 40 }), fc.nat(40), fc.nat(40), (list, start, first) => {
        const end = list.length;
        const from = Math.min(first, end);
        const where = (test: (one: (typeof list)[number], at: number) => boolean): Range[] =>
          rangesOf(list.flatMap((one, at) => (at >= from && test(one, at) ? [at] : [])));
        const rows = list.flatMap(({ row }, at) => (row && at >= from ? [at] : []));
        const inside = where(({ row }, at) => !row && at > (rows[0] ?? end) && at < (rows.at(-1) ?? -1));
        const gaps = allGaps(span(from, end), inside, rows[0] ?? null, rows.at(-1) ?? null);
        expect(gaps).toEqual(where(({ row }) => !row));
        const letters = rangesOf(list.flatMap(({ letter }, at) => (letter ? [at] : [])));
        const given = { ...tp, ...span(from, end), gaps, letters, logStart: start, offsets: rows.length };
        const isAsked = ({ row, letter }: (typeof list)[number], at: number) =>
          !row && !letter && at >= start;
        const asked = where(isAsked);
        expect(questions(given)).toEqual(asked);
        const verdict = judge(
          { ...given, replayed: [], duplicates: [], surplus: 0 },
          {
            records: where((one, at) => isAsked(one, at) && one.record && !one.filtered),
            leftOut: where((one, at) => isAsked(one, at) && one.record && one.filtered),
            unread: [],
          },
        );
        expect(verdict.missing).toEqual(where((one, at) => isAsked(one, at) && one.record && !one.filtered));
        expect(verdict.leftOut).toBe(
          total(where((one, at) => isAsked(one, at) && one.record && one.filtered)),
        );
        expect(verdict.deleted).toEqual(where(({ row, letter }, at) => !row && !letter && at < start));
        expect(verdict.both).toEqual(where(({ row, letter }) => row && letter));
        expect(verdict.unlisted).toBe(0);
        const { missing, deleted, both, rejected, empty, leftOut } = verdict;
        const lost = total(missing) + total(deleted);
        expect(rows.length + rejected - total(both) + lost + empty + leftOut).toBe(end - from);
      }),
    );
  });
});

describe('where an audit begins', () => {
  const common = { from: null, startAt: 100, end: 500, firstRow: 120, firstLetter: null };
  it.each([
    ['the log, when a group begins there', {}, 100],
    ['the first row, when the log begins later by now', { startAt: 300 }, 120],
    ['the log too, when a dead letter is first', { firstLetter: 110 }, 100],
    ['a dead letter before the log', { firstLetter: 90 }, 90],
    ['the first row, with latest', { startAt: null }, 120],
    ['the first dead letter, with latest', { startAt: null, firstLetter: 105 }, 105],
    ['the end, with latest and nothing there', { startAt: null, firstRow: null }, 500],
    ['the time that was asked for', { from: 300 }, 300],
    ['the end, when that is later', { from: 600 }, 500],
  ])('%s', (_, over, wanted) => {
    expect(beginning({ ...common, ...over })).toBe(wanted);
  });
});
