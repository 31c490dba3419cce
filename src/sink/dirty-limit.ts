import { addCounts, type DirtyRecord, dirtyText, totalOf } from './left-out.ts';

/** `dirty.limit` of the configuration; null: no such limit. */
export interface DirtyLimits {
  /** Dirty records that are still allowed. */
  readonly count: number | null;
  /** 0 to 100. */
  readonly percent: number | null;
  /** ms. */
  readonly window: number;
}

/** What was read, and what of it was dirty: dead letters and skipped records, by code. */
export interface DirtyCounts {
  readonly records: number;
  readonly dirty: Readonly<Record<string, number>>;
  readonly last: DirtyRecord | null;
}

/**
 * Dirty records within the last `window`: those of the batches in hand, and of those acknowledged, for `window` after
 * they were sealed. Batches in hand are given each time, so what is abandoned and read again counts once.
 */
export interface DirtyLimit {
  acknowledged(counts: DirtyCounts, sealedAt: number): void;
  /** Which limit is passed, in words; null: none. `sealing`: a percentage is judged only then. */
  passed(inHand: Iterable<DirtyCounts>, now: number, sealing: boolean): string | null;
}

/** A percentage of fewer records says nothing. */
const FEWEST_RECORDS = 1_000;
const BUCKETS = 60;

interface Bucket extends DirtyCounts {
  /** Start of its time, in buckets since 1970. */
  readonly number: number;
}

export function createDirtyLimit({ count, percent, window }: DirtyLimits): DirtyLimit {
  const bucketMs = Math.max(1, window / BUCKETS);
  const buckets = new Map<number, Bucket>();
  const numberOf = (at: number) => Math.floor(at / bucketMs);

  function within(inHand: Iterable<DirtyCounts>, now: number): DirtyCounts {
    for (const number of buckets.keys()) if (number <= numberOf(now - window)) buckets.delete(number);
    let sum: DirtyCounts = NONE;
    for (const one of buckets.values()) sum = added(sum, one);
    for (const one of inHand) sum = added(sum, one);
    return sum;
  }

  return {
    acknowledged(counts, sealedAt) {
      if (count === null && percent === null) return;
      const number = numberOf(sealedAt);
      buckets.set(number, { ...added(buckets.get(number) ?? NONE, counts), number });
    },
    passed(inHand, now, sealing) {
      if (count === null && (percent === null || !sealing)) return null;
      const { records, dirty, last } = within(inHand, now);
      const total = totalOf(dirty);
      const text = (limit: string) =>
        `${limit}: ${byCode(dirty)}${last ? `; the last one: ${dirtyText(last)}` : ''}`;
      if (count !== null && total > count)
        return text(`${total} dirty records, dirty.limit.count allows ${count}`);
      const share = (100 * total) / records;
      if (percent !== null && sealing && records >= FEWEST_RECORDS && share > percent)
        return text(
          `${total} of ${records} records are dirty (${share.toFixed(2)} %), dirty.limit.percent allows ${percent}`,
        );
      return null;
    },
  };
}

const NONE: DirtyCounts = { records: 0, dirty: {}, last: null };

const added = (a: DirtyCounts, b: DirtyCounts): DirtyCounts => ({
  records: a.records + b.records,
  dirty: addCounts(a.dirty, b.dirty),
  last: b.last ?? a.last,
});

/** `invalid_json 9, too_long 3`, most first. */
const byCode = (dirty: DirtyCounts['dirty']): string =>
  Object.entries(dirty)
    .sort(([, a], [, b]) => b - a)
    .map(([code, n]) => `${code} ${n}`)
    .join(', ');
