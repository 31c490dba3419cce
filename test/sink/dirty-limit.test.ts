import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDirtyLimit, type DirtyCounts } from '../../src/sink/dirty-limit.ts';

const WINDOW = 60_000;
const counts = (records: number, dirty: DirtyCounts['dirty']): DirtyCounts => ({
  records,
  dirty,
  last: null,
});
const bad = (n: number, records = n): DirtyCounts => counts(records, { invalid_json: n });

describe('the limit by count', () => {
  it('allows exactly so many within the window', () => {
    const limit = createDirtyLimit({ count: 3, percent: null, window: WINDOW });
    expect(limit.passed([bad(2), bad(1)], 0, false)).toBeNull();
    expect(limit.passed([bad(2), bad(2)], 0, false)).toMatch(
      /^4 dirty records, dirty.limit.count allows 3: /,
    );
    limit.acknowledged(bad(3), 0);
    expect(limit.passed([], WINDOW / 2, false)).toBeNull();
    expect(limit.passed([bad(1)], WINDOW / 2, false)).not.toBeNull();
    expect(limit.passed([bad(3)], WINDOW * 1.02, false), 'the former are too old').toBeNull();
  });

  it('of 0 allows none, and names the reasons, most first, and the last record', () => {
    const limit = createDirtyLimit({ count: 0, percent: null, window: WINDOW });
    expect(limit.passed([counts(9, {})], 0, true)).toBeNull();
    const last = {
      topic: 'orders',
      partition: 3,
      offset: 512,
      code: 'too_long',
      column: 'name',
      message: 'long',
    };
    expect(limit.passed([{ ...counts(9, { too_long: 2, invalid_json: 5 }), last }], 0, false)).toBe(
      '7 dirty records, dirty.limit.count allows 0: invalid_json 5, too_long 2; the last one: orders[3] offset 512: too_long: column name: long',
    );
  });

  it('counts what is within the window, to a sixtieth of it', () => {
    const event = fc.tuple(fc.nat(5 * WINDOW), fc.nat(4));
    fc.assert(
      fc.property(fc.array(event), fc.nat(5 * WINDOW), (events, now) => {
        const past = events.filter(([at]) => at <= now).sort(([a], [b]) => a - b);
        const within = (ms: number) => past.reduce((sum, [at, n]) => (at > now - ms ? sum + n : sum), 0);
        const passes = (count: number): boolean => {
          const limit = createDirtyLimit({ count, percent: null, window: WINDOW });
          for (const [at, n] of past) limit.acknowledged(bad(n), at);
          return limit.passed([], now, false) !== null;
        };
        const [least, most] = [within(WINDOW - WINDOW / 60), within(WINDOW)];
        if (least > 0) expect(passes(least - 1)).toBe(true);
        expect(passes(most)).toBe(false);
      }),
    );
  });

  it('forgets what it need not know', () => {
    const limit = createDirtyLimit({ count: 5, percent: null, window: WINDOW });
    for (let at = 0; at < 50 * WINDOW; at += WINDOW / 10) {
      limit.acknowledged(bad(0, 10), at);
      expect(limit.passed([], at, false)).toBeNull();
    }
  });
});

describe('the limit by percentage', () => {
  const limit = () => createDirtyLimit({ count: null, percent: 1, window: WINDOW });

  it('is judged at the seal of a batch, from 1,000 records on', () => {
    expect(limit().passed([bad(999)], 0, true)).toBeNull();
    expect(limit().passed([bad(11, 1000)], 0, false)).toBeNull();
    expect(limit().passed([bad(10, 1000)], 0, true)).toBeNull();
    expect(limit().passed([bad(11, 1000)], 0, true)).toMatch(
      /^11 of 1000 records are dirty \(1\.10 %\), dirty\.limit\.percent allows 1: /,
    );
  });

  it('is of all records within the window', () => {
    const one = limit();
    one.acknowledged(bad(0, 10_000), 0);
    expect(one.passed([bad(100, 1000)], 1, true)).toBeNull();
    expect(one.passed([bad(100, 1000)], WINDOW * 1.02, true)).not.toBeNull();
  });
});
