import type { Config } from '../config/schema.ts';
import { SinkError } from '../errors.ts';
import type { LogBounds } from '../source/admin/admin.ts';
import type { Probe } from '../source/admin/probe.ts';
import type { OffsetSpan, ReadLimits, SpansRead } from '../source/read/read-spans.ts';
import { type TopicPartition, topicPartitionKey } from '../source/source.ts';

/** What Kafka knows of one topic partition. */
export interface KafkaFacts extends LogBounds {
  /** Null: the group has committed nothing. */
  readonly committed: number | null;
  /** An intent stands at the committed offset. */
  readonly intent: boolean;
  /** First and last offset of the times that were asked for; null: not asked. */
  readonly from: number | null;
  readonly to: number | null;
  /** Where a group begins that has committed nothing; null: at the end. */
  readonly startAt: number | null;
}

export interface TimeWindow {
  /** Record timestamps, ms; null: open. */
  readonly from: number | null;
  readonly to: number | null;
}

/** The topics of the configuration. Throws `topic_missing` when there is none. */
export async function topicsOf(probe: Probe, { topics, topicPattern }: Config['kafka']): Promise<string[]> {
  if (topics !== null) return [...new Set(topics)].sort();
  const pattern = new RegExp(topicPattern ?? '');
  const found = (await probe.topicNames()).filter((name) => pattern.test(name));
  if (found.length > 0) return found;
  throw new SinkError('topic_missing', `the brokers have no topic that matches ${topicPattern}`);
}

/**
 * Committed offsets first, everything else after them: what is below them was in the table, or a dead letter in a
 * file that counts, before they were committed, so a service that is at work gives no false alarm.
 */
export async function kafkaFacts(
  probe: Probe,
  topics: readonly string[],
  startAt: Config['kafka']['startAt'],
  window: TimeWindow,
): Promise<KafkaFacts[]> {
  const list = await topicPartitionsOf(probe, topics);
  const committed = new Map((await probe.committed(list)).map((one) => [topicPartitionKey(one), one]));
  const bounds = await probe.bounds(list);
  const at = async (timestamp: number | null) =>
    timestamp === null ? null : (await probe.offsetsAt(bounds, timestamp)).map(({ offset }) => offset);
  const from = await at(window.from);
  const to = await at(window.to);
  const starts = typeof startAt === 'object' ? await at(startAt.timestamp) : null;
  return bounds.map((one, i) => {
    const { offset = -1, metadata = '' } = committed.get(topicPartitionKey(one)) ?? {};
    return {
      ...one,
      committed: typeof offset === 'number' && offset >= 0 ? offset : null,
      intent: INTENT.test(metadata),
      ...{ from: from?.[i] ?? null, to: to?.[i] ?? null },
      startAt: startAt === 'earliest' ? one.low : (starts?.[i] ?? null),
    };
  });
}

/** In the metadata of a commit (`source/membership/note.ts`). */
const INTENT = /^maxsink\d+;(?:.*;)?i=[^;]/;

async function topicPartitionsOf(probe: Probe, topics: readonly string[]): Promise<TopicPartition[]> {
  const found = await probe.topics(topics);
  const faulty = found.find(({ fault }) => fault);
  if (faulty?.fault) {
    const code = faulty.fault.code === TOPIC_DENIED ? 'kafka_denied' : 'topic_missing';
    throw new SinkError(code, `topic ${faulty.topic}: ${faulty.fault.message}`, faulty.fault);
  }
  return found
    .toSorted((a, b) => (a.topic < b.topic ? -1 : 1))
    .flatMap(({ topic, leaders }) => leaders.map((_, partition) => ({ topic, partition })));
}

const TOPIC_DENIED = 29;
/** Retention may delete what is about to be read. */
const TRIES = 3;

export interface LogLook {
  /** Where each log begins, by topic and topic partition. */
  readonly starts: ReadonlyMap<string, number>;
  readonly read: SpansRead;
}

/** Reads what `questions` wants to know when the logs begin at `starts`. */
export async function askLogs(
  probe: Probe,
  list: readonly TopicPartition[],
  questions: (starts: ReadonlyMap<string, number>) => OffsetSpan[],
  limits: ReadLimits,
): Promise<LogLook> {
  for (let tries = 1; ; tries += 1) {
    const starts = new Map((await probe.bounds(list)).map((one) => [topicPartitionKey(one), one.low]));
    const asked = questions(starts);
    if (asked.length === 0) return { starts, read: { records: [], leftOut: [], unread: [] } };
    try {
      return { starts, read: await probe.read(asked, limits) };
    } catch (error) {
      const gone = error instanceof SinkError && error.code === 'offset_lost';
      if (!gone || tries === TRIES) throw error;
    }
  }
}
