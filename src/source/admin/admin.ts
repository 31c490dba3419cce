import { type Admin, type KafkaFault, promised } from '../client/client.ts';
import type { TopicPartition } from '../source.ts';

/** What the brokers tell about a topic. */
export interface TopicFacts {
  readonly topic: string;
  /** Leaders by topic partition; null: it has none at the moment. */
  readonly leaders: readonly (number | null)[];
  /** What this client may do with it; null: the brokers do not tell. */
  readonly rights: Rights | null;
  /** Why there is nothing to tell: code 3 unknown topic, 29 denied. */
  readonly fault: KafkaFault | null;
}

export interface Rights {
  readonly read: boolean;
  readonly describe: boolean;
  readonly write: boolean;
}

/** First offset and end of the log (high watermark) of one topic partition. */
export interface LogBounds extends TopicPartition {
  readonly low: number;
  readonly high: number;
}

// Kafka's numbers of the operations in access control lists.
const READ = 3;
const WRITE = 4;
const DESCRIBE = 8;

export function rightsOf(operations: readonly number[] | undefined): Rights | null {
  if (!operations) return null;
  const may = (operation: number) => operations.includes(operation);
  return { read: may(READ), describe: may(DESCRIBE), write: may(WRITE) };
}

/** Never creates a topic. */
export async function describeTopics(
  admin: Admin,
  topics: readonly string[],
  timeoutMs: number,
): Promise<TopicFacts[]> {
  if (topics.length === 0) return [];
  const options = { timeout: timeoutMs, includeAuthorizedOperations: true };
  const found = await promised<readonly Described[]>((done) =>
    admin.describeTopics([...topics], options, done as never),
  );
  return found.map(({ name, partitions, authorizedOperations, error }) => ({
    topic: name,
    leaders: partitions.map(({ leader }) => (leader && leader.id >= 0 ? leader.id : null)),
    rights: error ? null : rightsOf(authorizedOperations),
    fault: error ? { code: error.code, message: error.message } : null,
  }));
}

interface Described {
  readonly name: string;
  readonly partitions: readonly { readonly leader: { readonly id: number } | null }[];
  readonly authorizedOperations?: readonly number[];
  readonly error?: KafkaFault;
}

/** The client knows its OffsetSpec values by this number. */
const EARLIEST = { timestamp: -2 };
const LATEST = { timestamp: -1 };

/** Throws the fault of the first topic partition that cannot be asked. */
export async function logBounds(
  admin: Admin,
  list: readonly TopicPartition[],
  timeoutMs: number,
): Promise<LogBounds[]> {
  if (list.length === 0) return [];
  const ask = async (offset: object) => {
    const wanted = list.map(({ topic, partition }) => ({ topic, partition, offset }));
    const found = await promised<readonly Offset[]>((done) =>
      admin.listOffsets(wanted as never, { timeout: timeoutMs }, done as never),
    );
    const fault = found.find(({ error }) => error)?.error;
    if (fault) throw Object.assign(new Error(fault.message), { code: fault.code });
    return new Map(found.map((one) => [`${one.topic}-${one.partition}`, one.offset]));
  };
  const [lows, highs] = [await ask(EARLIEST), await ask(LATEST)];
  return list.map(({ topic, partition }) => {
    const key = `${topic}-${partition}`;
    return { topic, partition, low: lows.get(key) ?? 0, high: highs.get(key) ?? 0 };
  });
}

interface Offset extends TopicPartition {
  readonly offset: number;
  readonly error?: KafkaFault;
}
