import { type Consumer, offsetsForTimes } from '../client/client.ts';
import type { Owned } from '../membership/owned.ts';
import { type TopicPartition, type TopicPartitionLag, topicPartitionKey } from '../source.ts';
import { createUnread, type FirstOffsetAt } from './unread.ts';

/**
 * Ends of the log, for lag. The stable end (what a reader of committed records can see) comes from the
 * client's statistics; while an open transaction holds it back it is below the high watermark, and
 * then only the statistics are right. Otherwise the asked high watermark is fresher.
 */
export interface LogEnds {
  /** The `event.stats` text of the client. */
  onStatistics(json: string): void;
  /** The high watermark as it was asked; looks besides at the records that wait before it. */
  onHigh(tp: Owned, high: number, now: number): Promise<void>;
  lag(tp: Owned): TopicPartitionLag;
}

interface TopicStatistics {
  partitions?: Record<string, { ls_offset: number; hi_offset: number }>;
}

const ASK_MS = 5_000;

export function createLogEnds(consumer: Consumer): LogEnds {
  const highs = new Map<string, number>();
  const held = new Map<string, number>();
  const firstOffsetAt: FirstOffsetAt = async ({ topic, partition }, ms) => {
    const [found] = await offsetsForTimes(consumer, [{ topic, partition, offset: ms }], ASK_MS);
    return found?.offset ?? -1;
  };
  const unread = createUnread(firstOffsetAt);

  const stableEnd = (tp: TopicPartition): number | null => {
    const key = topicPartitionKey(tp);
    return held.get(key) ?? highs.get(key) ?? null;
  };

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
    onHigh(tp, high, now) {
      highs.set(topicPartitionKey(tp), high);
      return unread.look(tp, stableEnd(tp) ?? high, now);
    },
    lag(tp) {
      const { topic, partition, acknowledged, position } = tp;
      const known = stableEnd(tp);
      // What has been read was there: the answer may be some seconds old.
      const end = known === null ? null : Math.max(known, position);
      return { topic, partition, acknowledged, position, stableEnd: end, unreadSince: unread.since(tp) };
    },
  };
}
