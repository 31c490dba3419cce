import type { Owned } from '../membership/owned.ts';
import { type TopicPartition, topicPartitionKey } from '../source.ts';

/**
 * How old the records are that wait in the log while nothing is read: just after the start, or while the
 * budget is used up by other topic partitions. Otherwise the records in hand tell it.
 */
export interface Unread {
  /**
   * Looks at what stands still before `end`. Once seen, its age counts from then; seen a second time, the
   * brokers are asked for the record's timestamp, once.
   */
  look(tp: Owned, end: number, now: number): Promise<void>;
  /** Timestamp of the first unread record, ms; null: unknown, or something behind it has been read. */
  since(tp: Owned): number | null;
}

/** The first offset whose record is not older than `ms`; negative when there is none. */
export type FirstOffsetAt = (tp: TopicPartition, ms: number) => Promise<number>;

interface Waiting {
  readonly offset: number;
  readonly seenAt: number;
  asked: boolean;
  /** Null: not asked yet, or nobody knows. */
  timestamp: number | null;
}

export function createUnread(firstOffsetAt: FirstOffsetAt): Unread {
  const waiting = new Map<string, Waiting>();
  const standsAt = (tp: Owned, offset: number) => tp.position === offset && tp.acknowledged === offset;

  return {
    async look(tp, end, now) {
      const key = topicPartitionKey(tp);
      const offset = tp.acknowledged;
      const known = waiting.get(key);
      if (!standsAt(tp, offset) || end <= offset) waiting.delete(key);
      else if (known?.offset !== offset)
        waiting.set(key, { offset, seenAt: now, asked: false, timestamp: null });
      else if (!known.asked) {
        known.timestamp = await timestampOf(offset, now, (ms) => firstOffsetAt(tp, ms));
        known.asked = true;
      }
    },
    since(tp) {
      const known = waiting.get(topicPartitionKey(tp));
      return known && standsAt(tp, known.offset) ? (known.timestamp ?? known.seenAt) : null;
    },
  };
}

const NEAR_MS = 1_000;
/** How exactly the age is found. */
const SHARE = 1 / 32;

/**
 * Kafka tells the offset for a time, not the time for an offset: goes back from `now` in doubled steps to a
 * time at which the log was not further than `offset`, then halves the gap. About 20 questions for a year.
 * Timestamps that do not grow with the offsets give the age of an older neighbour at worst. Null: nothing in
 * the log is that far (the record itself may have been compacted away).
 */
export async function timestampOf(
  offset: number,
  now: number,
  firstOffsetAt: (ms: number) => Promise<number>,
): Promise<number | null> {
  const isOlder = async (ms: number) => {
    const first = await firstOffsetAt(ms);
    return first < 0 || first > offset;
  };
  let late = now;
  let early = now - NEAR_MS;
  while (early > 0 && (await isOlder(early))) {
    late = early;
    early = now - 2 * (now - early);
  }
  if (early <= 0) return null;
  while (late - early > Math.max(NEAR_MS, (now - late) * SHARE)) {
    const middle = Math.floor((early + late) / 2);
    if (await isOlder(middle)) late = middle;
    else early = middle;
  }
  return early;
}
