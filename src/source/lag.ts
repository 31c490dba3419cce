import type { Consumer } from './client.ts';
import { watermarks } from './client.ts';
import type { Owned } from './membership.ts';
import { type TopicPartition, topicPartitionKey } from './source.ts';

/**
 * Ends of the log, for lag. The stable end (what a reader of committed records can see) comes from the
 * client's statistics; while an open transaction holds it back it is below the high watermark, and
 * then only the statistics are right. Otherwise the asked high watermark is fresher.
 */
export interface LogEnds {
  /** The `event.stats` text of the client. */
  onStatistics(json: string): void;
  /** Asks again, unless it was asked a moment ago for the same list. */
  refresh(owned: readonly Owned[], now: number): void;
  stableEnd(tp: TopicPartition): number | null;
}

const REFRESH_MS = 5_000;
const ASK_MS = 5_000;

interface TopicStatistics {
  partitions?: Record<string, { ls_offset: number; hi_offset: number }>;
}

/** `onBehind`: the log starts at `low` now, and meanwhile nothing was read of `tp`, which stands before it. */
export function createLogEnds(consumer: Consumer, onBehind: (tp: Owned, low: number) => void): LogEnds {
  const highs = new Map<string, number>();
  const held = new Map<string, number>();
  let list: readonly Owned[] = [];
  let askedAt = 0;
  let asking = false;

  /** One question at a time: each takes a thread of the pool that consume calls need. */
  async function ask(owned: readonly Owned[]): Promise<void> {
    for (const tp of owned) {
      const { position } = tp;
      const { lowOffset, highOffset } = await watermarks(consumer, tp.topic, tp.partition, ASK_MS);
      highs.set(topicPartitionKey(tp), highOffset);
      if (lowOffset > position && tp.position === position) onBehind(tp, lowOffset);
    }
  }

  return {
    onStatistics(json) {
      const { topics = {} } = JSON.parse(json) as { topics?: Record<string, TopicStatistics> };
      for (const [topic, { partitions = {} }] of Object.entries(topics)) {
        for (const [number, { ls_offset, hi_offset }] of Object.entries(partitions)) {
          const key = topicPartitionKey({ topic, partition: Number(number) });
          if (ls_offset >= 0 && ls_offset < hi_offset) held.set(key, ls_offset);
          else held.delete(key);
        }
      }
    },
    refresh(owned, now) {
      if (asking || (owned === list && now - askedAt < REFRESH_MS)) return;
      list = owned;
      askedAt = now;
      asking = true;
      ask(owned)
        .catch(() => undefined) // an outage shows in the client's own errors; the last known ends stay
        .finally(() => {
          asking = false;
        });
    },
    stableEnd(tp) {
      const key = topicPartitionKey(tp);
      return held.get(key) ?? highs.get(key) ?? null;
    },
  };
}
