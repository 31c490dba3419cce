import { systemClock } from '../../clock.ts';
import { SinkError } from '../../errors.ts';
import {
  adminOf,
  brokerIds,
  type Consumer,
  committed,
  connect,
  consume,
  createConsumer,
  type Message,
  offsetsForTimes,
  type RawPosition,
  REVOKE,
  topicSizes,
} from '../client/client.ts';
import { clientProperties, type KafkaSettings } from '../client/settings.ts';
import { within } from '../client/within.ts';
import { createPolling } from '../read/polling.ts';
import { type OffsetSpan, type ReadLimits, readSpans, type SpansRead } from '../read/read-spans.ts';
import { type Position, type TopicPartition, topicPartitionKey } from '../source.ts';
import { describeTopics, type LogBounds, logBounds, type TopicFacts } from './admin.ts';
import { describeGroup, type GroupFacts } from './group.ts';

/**
 * Looks at a cluster as the service would see it, and changes nothing: it never joins the group and never
 * commits. Faults of the client library come out with its number as `code`.
 */
export interface Probe {
  brokers(): Promise<number[]>;
  /** All topics that this client may see. */
  topicNames(): Promise<string[]>;
  topics(names: readonly string[]): Promise<TopicFacts[]>;
  bounds(list: readonly TopicPartition[]): Promise<LogBounds[]>;
  /** Offsets committed by the group. Throws `kafka_denied` when its coordinator refuses. */
  committed(list: readonly TopicPartition[]): Promise<RawPosition[]>;
  /** Really fetches, from `low` up to the end of each log. */
  fetch(bounds: readonly LogBounds[]): Promise<Fetched>;
  group(): Promise<GroupFacts>;
  /** The first offset of each log at or after the time, ms; the end of a log that has none. */
  offsetsAt(bounds: readonly LogBounds[], timestamp: number): Promise<Position[]>;
  /** Which of these offsets hold a record. Throws `kafka_denied`, and `offset_lost` for one that was deleted. */
  read(asked: readonly OffsetSpan[], limits: ReadLimits): Promise<SpansRead>;
  close(): Promise<void>;
}

export interface Fetched {
  /** Topic partitions that answered with their end or a record. */
  readonly answered: number;
  readonly records: readonly Message[];
  /** The first refusal; null: none. */
  readonly fault: SinkError | null;
}

const CONNECT_MS = 10_000;
const ASK_MS = 6_000;
/** With its last question: a cluster may have to make the topic of the offsets first. The step of a check has 15 s. */
const COORDINATOR_MS = 14_000;
const CLOSE_MS = 2_000;
const POLL_MS = 100;

/** Throws `kafka_auth`, `kafka_unreachable` or `config_invalid`. */
export async function openProbe(kafka: KafkaSettings, memoryBytes: number): Promise<Probe> {
  const properties = probeProperties(kafka, memoryBytes);
  const consumer: Consumer = createConsumer(properties, {
    onRebalance: (code) => code === REVOKE && consumer.unassign(),
    onOffsetCommit: () => undefined,
  });
  try {
    await connect(consumer, CONNECT_MS);
  } catch (error) {
    await close(consumer);
    throw error;
  }
  consumer.setDefaultConsumeTimeout(POLL_MS);
  const admin = adminOf(consumer);
  const { groupId } = kafka;
  const watched: Watched = { consumer, topicFault: null, groupFault: null };
  const polling = createPolling(consumer, kafka, systemClock);
  return {
    brokers: () => brokerIds(consumer, ASK_MS),
    topicNames: async () => [...(await topicSizes(consumer, null, ASK_MS)).keys()].sort(),
    topics: (names) => describeTopics(admin, names, ASK_MS),
    bounds: (list) => logBounds(admin, list, ASK_MS),
    committed: (list) => askCommitted(watched, list),
    fetch: (bounds) => fetchFrom(watched, bounds),
    group: () => describeGroup({ properties, groupId, timeoutMs: ASK_MS }),
    offsetsAt: (bounds, timestamp) => findOffsets(consumer, bounds, timestamp),
    read: (asked, limits) => readSpans(asked, { consumer, polling, clock: systemClock, limits }),
    close: () => close(consumer),
  };
}

/** Those of the service, but no static membership, and quick answers. */
function probeProperties(
  kafka: KafkaSettings,
  memoryBytes: number,
): Record<string, string | number | boolean> {
  return {
    ...clientProperties({ ...kafka, instanceId: null }, memoryBytes),
    'statistics.interval.ms': 0,
    'fetch.wait.max.ms': 50,
  };
}

/** The consumer, and what its consume calls have told: a refused group is told there, and only once. */
interface Watched {
  readonly consumer: Consumer;
  topicFault: SinkError | null;
  groupFault: SinkError | null;
}

/**
 * A refused group never gets an answer: the refusal comes as an error of consume calls. None of them is left open
 * behind the answer: it would take the first records of what is read next, and nobody would see them.
 */
async function askCommitted(watched: Watched, list: readonly TopicPartition[]): Promise<RawPosition[]> {
  // The library would hold the question until its time is up.
  if (!watched.groupFault) await poll(watched, () => undefined);
  if (watched.groupFault) throw watched.groupFault;
  if (list.length === 0) return [];
  let waiting = true;
  const answer = askUntilFound(watched.consumer, list).finally(() => {
    waiting = false;
  });
  answer.catch(() => undefined); // told below
  while (waiting && !watched.groupFault) await poll(watched, () => undefined);
  if (watched.groupFault) throw watched.groupFault;
  return answer;
}

/** Coordinator loading, not available, not the coordinator: so answers a cluster whose first group this is. */
const NOT_YET: readonly unknown[] = [14, 15, 16];
const ASK_AGAIN_MS = 200;

/** Outside a group nobody asks again but ourselves. */
async function askUntilFound(consumer: Consumer, list: readonly TopicPartition[]): Promise<RawPosition[]> {
  const lastAt = systemClock.now() + COORDINATOR_MS - ASK_MS - ASK_AGAIN_MS;
  for (;;) {
    try {
      return await committed(consumer, [...list], ASK_MS);
    } catch (error) {
      if (!NOT_YET.includes((error as { code?: unknown }).code) || systemClock.now() > lastAt) throw error;
      await systemClock.sleep(ASK_AGAIN_MS);
    }
  }
}

async function fetchFrom(watched: Watched, bounds: readonly LogBounds[]): Promise<Fetched> {
  const { consumer } = watched;
  const answered = new Set<string>();
  const records: Message[] = [];
  const onEnd = (end: TopicPartition) => void answered.add(topicPartitionKey(end));
  const onRecord = (message: Message) => {
    onEnd(message);
    records.push(message);
  };
  watched.topicFault = null;
  consumer.on('partition.eof', onEnd);
  consumer.assign(bounds.map(({ topic, partition, low }) => ({ topic, partition, offset: low })));
  try {
    const end = systemClock.now() + ASK_MS;
    const waiting = () => answered.size < bounds.length && systemClock.now() < end;
    while (waiting() && !watched.topicFault) await poll(watched, onRecord);
  } finally {
    consumer.unassign();
    consumer.off('partition.eof', onEnd);
  }
  return { answered: answered.size, records, fault: watched.topicFault };
}

const TOPIC_DENIED = 29;
const GROUP_DENIED = 30;

/** One consume call. Errors other than refusals pass by themselves, or end the time. */
async function poll(watched: Watched, onRecord: (message: Message) => void): Promise<void> {
  try {
    for (const message of await consume(watched.consumer, 100)) onRecord(message);
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    const fault = new SinkError('kafka_denied', message, error);
    if (code === TOPIC_DENIED) watched.topicFault ??= fault;
    if (code === GROUP_DENIED) watched.groupFault ??= fault;
    await systemClock.sleep(POLL_MS);
  }
}

async function findOffsets(
  consumer: Consumer,
  bounds: readonly LogBounds[],
  timestamp: number,
): Promise<Position[]> {
  if (bounds.length === 0) return [];
  const asked = bounds.map(({ topic, partition }) => ({ topic, partition, offset: timestamp }));
  const found = new Map(
    (await offsetsForTimes(consumer, asked, ASK_MS)).map((one) => [topicPartitionKey(one), one.offset]),
  );
  return bounds.map(({ topic, partition, high }) => {
    const offset = found.get(topicPartitionKey({ topic, partition })) ?? -1;
    return { topic, partition, offset: offset >= 0 ? offset : high };
  });
}

const close = (consumer: Consumer): Promise<void> =>
  within(CLOSE_MS, new Promise((resolve) => void consumer.disconnect(() => resolve())));
