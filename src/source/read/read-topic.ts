import type { Clock } from '../../clock.ts';
import { SinkError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { type Consumer, connect, createConsumer, type Message, watermarks } from '../client/client.ts';
import { clientProperties, type KafkaSettings } from '../client/settings.ts';
import { within } from '../client/within.ts';
import { type Position, type TopicPartition, topicPartitionKey } from '../source.ts';
import { createPolling, type Polling } from './polling.ts';
import { findTopicPartitions } from './read-logs.ts';

const CONNECT_MS = 15_000;
const ASK_MS = 10_000;
const CLOSE_MS = 5_000;
const MEMORY_BYTES = 32 * 1024 * 1024;

/**
 * Every record that is in the topic when this begins, in no order over its topic partitions, outside any group.
 * Ends with `kafka_unreachable` when nothing comes for `silenceMs`; throws `kafka_auth`, `kafka_denied` and
 * `topic_missing` too.
 */
export async function* readTopic(
  kafka: KafkaSettings,
  topic: string,
  clock: Clock,
  silenceMs: number,
): AsyncGenerator<Message> {
  const one = { ...kafka, topics: [topic], topicPattern: null, instanceId: null };
  const properties = { ...clientProperties(one, MEMORY_BYTES), 'statistics.interval.ms': 0 };
  const consumer = createConsumer(properties, {
    onRebalance: () => undefined,
    onOffsetCommit: () => undefined,
  });
  const polling = createPolling(consumer, one, clock);
  try {
    await connect(consumer, CONNECT_MS);
    consumer.setDefaultConsumeTimeout(LIMITS.pollWaitMs);
    const list = await polling.answer(() => findTopicPartitions(consumer, one), clock.now() + silenceMs);
    const logs = await polling.answer(() => boundsOf(consumer, list), clock.now() + silenceMs);
    const open = new Map(
      logs.filter((log) => log.offset < log.end).map((log) => [topicPartitionKey(log), log]),
    );
    consumer.assign([...open.values()]);
    yield* readUp(open, polling, clock, silenceMs);
  } finally {
    await within(CLOSE_MS, new Promise<void>((resolve) => void consumer.disconnect(() => resolve())));
  }
}

/** From `offset`, its first record, to `end`. */
interface Log extends Position {
  readonly end: number;
}

/** One question after the other: each takes a thread of a small pool. */
async function boundsOf(consumer: Consumer, list: readonly TopicPartition[]): Promise<Log[]> {
  const logs: Log[] = [];
  for (const { topic, partition } of list) {
    const { lowOffset: offset, highOffset: end } = await watermarks(consumer, topic, partition, ASK_MS);
    logs.push({ topic, partition, offset, end });
  }
  return logs;
}

async function* readUp(
  open: Map<string, Log>,
  polling: Polling,
  clock: Clock,
  silenceMs: number,
): AsyncGenerator<Message> {
  const done = (tp: TopicPartition) => void open.delete(topicPartitionKey(tp));
  for (let heardAt = clock.now(); open.size > 0; ) {
    for (const message of await polling.poll()) {
      heardAt = clock.now();
      const log = open.get(topicPartitionKey(message));
      if (!log || message.offset >= log.end) {
        done(message);
        continue;
      }
      yield message;
      heardAt = clock.now();
      if (message.offset + 1 >= log.end) done(message);
    }
    // Behind the last record there may be the ends of transactions only.
    for (const end of polling.ends()) done(end);
    if (clock.now() - heardAt < silenceMs) continue;
    const why = polling.trouble ?? 'nothing came';
    throw new SinkError('kafka_unreachable', `the topic could not be read to its end: ${why}`);
  }
}
