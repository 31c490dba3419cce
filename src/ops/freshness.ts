import { LIMITS } from '../limits.ts';

/** What a batch wrote to one table partition; event times in ms, Infinity and -Infinity when there are none. */
export interface Written {
  readonly tablePartition: string;
  readonly rows: number;
  readonly oldestEvent: number;
  readonly newestEvent: number;
}

export interface FreshTablePartition extends Written {
  /** When rows last became visible, ms. */
  readonly lastWrittenAt: number;
}

/**
 * The table partitions that this process has written to, since its start: rows and event times. Only those with
 * the newest event times are kept: a replay through years must not make a metric for each of their hours.
 */
export interface Freshness {
  add(written: readonly Written[], now: number): void;
  /** Newest event times first. */
  list(): readonly FreshTablePartition[];
}

export function createFreshness(most: number = LIMITS.freshTablePartitions): Freshness {
  const known = new Map<string, FreshTablePartition>();
  const list = () => [...known.values()].sort(newestFirst);
  return {
    add(written, now) {
      for (const one of written) known.set(one.tablePartition, join(known.get(one.tablePartition), one, now));
      for (const { tablePartition } of list().slice(most)) known.delete(tablePartition);
    },
    list,
  };
}

function join(before: FreshTablePartition | undefined, written: Written, now: number): FreshTablePartition {
  return {
    tablePartition: written.tablePartition,
    rows: (before?.rows ?? 0) + written.rows,
    oldestEvent: Math.min(before?.oldestEvent ?? Number.POSITIVE_INFINITY, written.oldestEvent),
    newestEvent: Math.max(before?.newestEvent ?? Number.NEGATIVE_INFINITY, written.newestEvent),
    lastWrittenAt: now,
  };
}

/** Without event times: the last written first. */
const newestFirst = (a: FreshTablePartition, b: FreshTablePartition): number =>
  a.newestEvent === b.newestEvent ? b.lastWrittenAt - a.lastWrittenAt : b.newestEvent - a.newestEvent;
