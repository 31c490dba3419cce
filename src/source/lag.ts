import { type TopicPartition, topicPartitionKey } from './source.ts';

/**
 * Ends of the log, for lag. The stable end (what a reader of committed records can see) comes from the
 * client's statistics; while an open transaction holds it back it is below the high watermark, and
 * then only the statistics are right. Otherwise the asked high watermark is fresher.
 */
export interface LogEnds {
  /** The `event.stats` text of the client. */
  onStatistics(json: string): void;
  /** The high watermark as it was asked. */
  onHigh(tp: TopicPartition, high: number): void;
  stableEnd(tp: TopicPartition): number | null;
}

interface TopicStatistics {
  partitions?: Record<string, { ls_offset: number; hi_offset: number }>;
}

export function createLogEnds(): LogEnds {
  const highs = new Map<string, number>();
  const held = new Map<string, number>();
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
    onHigh: (tp, high) => void highs.set(topicPartitionKey(tp), high),
    stableEnd(tp) {
      const key = topicPartitionKey(tp);
      return held.get(key) ?? highs.get(key) ?? null;
    },
  };
}
