import { describe, expect, it } from 'vitest';
import { copiesNotes, maybeCopies } from '../../src/audit/copies.ts';
import type { TopicPartitionReport } from '../../src/audit/report.ts';
import { type Facts, isFinding, judge } from '../../src/audit/verdict.ts';

/** Ten offsets with two rows and a dead letter; a record at 3, one at 4 that was not read, three in gaps not listed. */
const facts: Facts = {
  ...{ topic: 'orders', partition: 0, first: 0, end: 10, logStart: 0, offsets: 2, surplus: 0 },
  gaps: [{ first: 1, end: 6 }],
  letters: [{ first: 1, end: 2 }],
  duplicates: [],
  replayed: [],
};
const verdict = judge(facts, {
  records: [{ first: 3, end: 4 }],
  leftOut: [],
  unread: [{ first: 4, end: 5 }],
});

describe('rows that are left out as copies', () => {
  it('are no finding, and whatever else is found stays', () => {
    expect(isFinding(verdict)).toBe(true);
    const forgiven = maybeCopies(verdict);
    expect(isFinding(forgiven)).toBe(false);
    expect(forgiven.copies).toEqual({ offsets: 5, ranges: [{ first: 3, end: 5 }] });
    expect([forgiven.rejected, forgiven.empty]).toEqual([verdict.rejected, verdict.empty]);
    expect(isFinding(maybeCopies({ ...verdict, surplus: 1 }))).toBe(true);
    expect(isFinding(maybeCopies({ ...verdict, both: [{ first: 1, end: 2 }] }))).toBe(true);
  });

  it('are told, with where their numbers stand', () => {
    const one = {
      topic: 'orders',
      partition: 0,
      verdict: maybeCopies(verdict),
    } as unknown as TopicPartitionReport;
    expect(copiesNotes([one])).toEqual([
      expect.stringMatching(/^orders-0: 5 offsets in neither .* hold copies, or are missing: 3/),
      expect.stringContaining('table.deduplicate'),
    ]);
    expect(copiesNotes([{ ...one, verdict }])).toEqual([]);
  });
});
