import type { Clock } from '../../clock.ts';
import { LIMITS } from '../../limits.ts';
import { type Consumer, connect, createConsumer, type Message, topicIdReader } from '../client/client.ts';
import { clientProperties, type KafkaSettings } from '../client/settings.ts';
import { within } from '../client/within.ts';
import type { Inquiry } from '../membership/assignment.ts';
import type { StartAt } from '../membership/start-at.ts';
import { type TopicPartition, topicPartitionKey } from '../source.ts';
import { createTopicIds } from '../topics/topic-ids.ts';
import { createPolling, type Polling } from './polling.ts';
import { findLogs, findTopicPartitions, type ReadFrom, type ReadLog } from './read-logs.ts';

export type { ReadFrom, ReadLog } from './read-logs.ts';

export interface ReaderSettings extends KafkaSettings {
  readonly startAt: StartAt;
}

/** Reads a bounded number of records beside the group: it joins nothing and commits nothing. */
export interface Reader {
  readonly topicPartitions: readonly TopicPartition[];
  /**
   * At most `records`, from all topic partitions alike; it ends when they are there, at the ends of all logs, or
   * after `timeoutMs`. Throws `kafka_denied`, `kafka_unreachable`, and `offset_lost` as the service would.
   */
  read(records: number, from: ReadFrom, timeoutMs: number): Promise<Reading>;
  close(): Promise<void>;
}

export interface Reading {
  /** By topic, topic partition and offset. */
  readonly messages: readonly Message[];
  readonly ended: 'records' | 'log_end' | 'deadline';
  readonly logs: readonly ReadLog[];
  /** The last complaint of the client; null: none. */
  readonly trouble: string | null;
}

const CLOSE_MS = 5_000;
/** What the client may fetch ahead is small: most of it would be thrown away. */
const MEMORY_BYTES = 8 * 1024 * 1024;

/** Throws `kafka_unreachable`, `kafka_auth`, `kafka_denied`, and `topic_missing` for a topic that is not there. */
export async function openReader(kafka: ReaderSettings, clock: Clock, timeoutMs: number): Promise<Reader> {
  const consumer = createConsumer(readerProperties(kafka), {
    onRebalance: () => undefined,
    onOffsetCommit: () => undefined,
  });
  const topicIds = createTopicIds(topicIdReader(consumer), () => undefined);
  const polling = createPolling(consumer, kafka, clock);
  const deadline = clock.now() + timeoutMs;
  try {
    await connect(consumer, timeoutMs);
    consumer.setDefaultConsumeTimeout(LIMITS.pollWaitMs);
    const topicPartitions = await polling.answer(() => findTopicPartitions(consumer, kafka), deadline);
    const topicsAtStart = Promise.resolve(new Map(topicPartitions.map(({ topic }) => [topic, null])));
    const { groupId, startAt } = kafka;
    const asked = { consumer, topicIds, groupId, pipeline: '', table: null, startAt, topicsAtStart };
    const inquiry = { ...asked, log: { warn: () => undefined } };
    return {
      topicPartitions,
      read: createRead({ consumer, inquiry, clock, polling, topicPartitions }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    await topicIds.stop();
    await within(CLOSE_MS, new Promise<void>((resolve) => void consumer.disconnect(() => resolve())));
  }
}

/** Those of the service, without static membership; an end is told without a long wait for more. */
const readerProperties = (kafka: ReaderSettings): Record<string, string | number | boolean> => ({
  ...clientProperties({ ...kafka, instanceId: null }, MEMORY_BYTES),
  'statistics.interval.ms': 0,
  'fetch.wait.max.ms': 50,
});

interface Context {
  readonly consumer: Consumer;
  readonly inquiry: Inquiry;
  readonly clock: Clock;
  readonly polling: Polling;
  readonly topicPartitions: readonly TopicPartition[];
}

/** A log on its way: `wanted` more records in this round. */
interface Open extends ReadLog {
  position: number;
  wanted: number;
  ended: boolean;
}

function createRead({ consumer, inquiry, clock, polling, topicPartitions }: Context): Reader['read'] {
  /** Up to `share` records of each log; what comes beyond that is read again in the next round. */
  async function round(logs: readonly Open[], share: number, deadline: number): Promise<Message[]> {
    const byKey = new Map(logs.map((log) => [topicPartitionKey(log), Object.assign(log, { wanted: share })]));
    const taken: Message[] = [];
    polling.ends(); // Those met before do not count for what is read now.
    consumer.assign(logs.map(({ topic, partition, position }) => ({ topic, partition, offset: position })));
    while (logs.some((log) => log.wanted > 0 && !log.ended) && clock.now() < deadline) {
      for (const message of await polling.poll())
        if (take(byKey.get(topicPartitionKey(message)), message)) taken.push(message);
      for (const end of polling.ends()) finish(byKey.get(topicPartitionKey(end)));
    }
    return taken;
  }

  return async (records, from, timeoutMs) => {
    const deadline = clock.now() + timeoutMs;
    const share = Math.ceil(records / Math.max(1, topicPartitions.length));
    const find = () => findLogs(inquiry, topicPartitions, from, share);
    const logs = await polling.answer(find, deadline);
    const open = logs.map((log): Open => {
      return { ...log, position: log.from, wanted: 0, ended: log.from >= log.end };
    });
    const messages: Message[] = [];
    for (;;) {
      const left = open.filter((log) => !log.ended);
      if (left.length === 0 || messages.length >= records || clock.now() >= deadline) break;
      messages.push(...(await round(left, Math.ceil((records - messages.length) / left.length), deadline)));
    }
    const atEnd = open.every((log) => log.ended) ? 'log_end' : 'deadline';
    return {
      messages: messages.sort(byPlace).slice(0, records),
      ended: messages.length >= records ? 'records' : atEnd,
      logs,
      trouble: polling.trouble,
    };
  };
}

function take(log: Open | undefined, message: Message): boolean {
  if (!log || log.wanted === 0 || message.offset < log.position) return false;
  log.position = message.offset + 1;
  log.wanted -= 1;
  log.ended = log.position >= log.end;
  return true;
}

/** The client met the end, behind control records or before an open transaction; what it skipped is to be read again. */
function finish(log: Open | undefined): void {
  if (log && log.wanted > 0) log.ended = true;
}

const byPlace = (a: Message, b: Message): number =>
  a.topic === b.topic ? a.partition - b.partition || a.offset - b.offset : a.topic < b.topic ? -1 : 1;
