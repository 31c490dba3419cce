import { SinkError } from '../../errors.ts';
import { type Consumer, topicSizes, watermarks } from '../client/client.ts';
import type { KafkaSettings } from '../client/settings.ts';
import { findStarts, type Inquiry, readTopics, resolveStartAt } from '../membership/assignment.ts';
import type { StartAt } from '../membership/start-at.ts';
import { type TopicPartition, topicPartitionKey } from '../source.ts';

/** `committed`: where the service would go on, the committed offsets or else `startAt`. `latest`: the newest records. */
export type ReadFrom = StartAt | 'committed';

/** Offsets of one log: its first record, where reading begins, and its end. */
export interface ReadLog extends TopicPartition {
  readonly first: number;
  readonly from: number;
  readonly end: number;
}

const CALL_MS = 10_000;

/** All of the configured topics. Throws `topic_missing` for one that is not there. */
export async function findTopicPartitions(
  consumer: Consumer,
  { topics, topicPattern }: Pick<KafkaSettings, 'topics' | 'topicPattern'>,
): Promise<TopicPartition[]> {
  const sizes = await topicSizes(consumer, null, CALL_MS);
  const pattern = topicPattern === null ? null : new RegExp(topicPattern);
  const wanted = pattern ? [...sizes.keys()].filter((topic) => pattern.test(topic)) : [...new Set(topics)];
  const missing = wanted.filter((topic) => !sizes.has(topic));
  if (missing.length > 0)
    throw new SinkError('topic_missing', `the brokers do not have: ${missing.join(', ')}`);
  return wanted
    .sort()
    .flatMap((topic) => Array.from({ length: sizes.get(topic)! }, (_, partition) => ({ topic, partition })));
}

/** `newest`: records before the end that `latest` means. One question after the other: each takes a thread of a small pool. */
export async function findLogs(
  inquiry: Inquiry,
  topicPartitions: readonly TopicPartition[],
  from: ReadFrom,
  newest: number,
): Promise<ReadLog[]> {
  const { consumer } = inquiry;
  // The decision of the service, which would throw `offset_lost` too.
  const starts =
    from === 'committed' ? await findStarts(inquiry, await readTopics(inquiry, topicPartitions)) : [];
  const committed = new Map(starts.map((start) => [topicPartitionKey(start), start.offset]));
  const startOf = async (tp: TopicPartition, first: number, end: number): Promise<number> => {
    if (from === 'committed') return committed.get(topicPartitionKey(tp))!;
    return from === 'latest' ? Math.max(first, end - newest) : resolveStartAt(consumer, tp, from, first, end);
  };
  const logs: ReadLog[] = [];
  for (const tp of topicPartitions) {
    const { lowOffset: first, highOffset: end } = await watermarks(consumer, tp.topic, tp.partition, CALL_MS);
    logs.push({ ...tp, first, from: await startOf(tp, first, end), end });
  }
  return logs;
}
