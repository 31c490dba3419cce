import rd, {
  type GlobalConfig,
  type IAdminClient,
  type KafkaConsumer,
  type Message as KafkaMessage,
  type TopicDescription,
} from '@confluentinc/kafka-javascript';
import { SinkError } from '../errors.ts';

/**
 * The only importer of the Kafka client: its raw KafkaConsumer, with promises in place of callbacks.
 * The classes are on the default import only (the package is CommonJS).
 */
export type Message = KafkaMessage;
export type Consumer = KafkaConsumer;

export const ASSIGN = -175;
export const REVOKE = -174;

export interface KafkaFault {
  readonly code: number;
  readonly message: string;
}

export interface RawPosition {
  topic: string;
  partition: number;
  offset: number;
  metadata?: string;
}

export interface ConsumerEvents {
  onRebalance(code: number, topicPartitions: { topic: string; partition: number }[]): void;
  onOffsetCommit(
    fault: KafkaFault | null,
    positions: { topic: string; partition: number; offset: number }[],
  ): void;
}

export function createConsumer(
  properties: Record<string, string | number | boolean>,
  events: ConsumerEvents,
): Consumer {
  const conf = {
    ...properties,
    rebalance_cb: (fault: KafkaFault, list: { topic: string; partition: number }[]) =>
      events.onRebalance(fault.code, list),
    offset_commit_cb: (
      fault: KafkaFault | null,
      list: { topic: string; partition: number; offset: number }[],
    ) => events.onOffsetCommit(fault, list),
  };
  // The typings know neither every librdkafka property nor the shape of the raw callbacks.
  const consumer = newConsumer(conf as unknown as GlobalConfig);
  firstMessageTimeoutOnly(consumer);
  return consumer;
}

/** A misspelt property, or a value that it does not take. */
function newConsumer(conf: GlobalConfig): Consumer {
  // Topic properties count only here: a second argument without it means `largest`, which skips without a word.
  const topicConf = { 'auto.offset.reset': 'error' } as const;
  try {
    return new rd.KafkaConsumer(conf, topicConf);
  } catch (error) {
    throw new SinkError('config_invalid', `kafka.options: ${(error as Error).message}`, error);
  }
}

/** Without it `consume(n)` waits its time-out once per message: six seconds on a quiet topic. */
function firstMessageTimeoutOnly(consumer: Consumer): void {
  const raw = consumer as unknown as { setDefaultIsTimeoutOnlyForFirstMessage(on: boolean): void };
  raw.setDefaultIsTimeoutOnlyForFirstMessage(true);
}

/** Connects within `timeoutMs`; the client's own reason (`event.error`) is part of the error. */
export function connect(consumer: Consumer, timeoutMs: number): Promise<void> {
  let reason = '';
  consumer.on('event.error', (error: { message?: string }) => {
    reason = error.message ?? String(error);
  });
  return new Promise((resolve, reject) => {
    consumer.connect({ timeout: timeoutMs }, (error) => {
      if (!error) return resolve();
      const why = reason || error.message;
      const code = /authenticat|sasl|ssl|certificate/i.test(why) ? 'kafka_auth' : 'kafka_unreachable';
      reject(new SinkError(code, `no connection to the brokers within ${timeoutMs / 1000} s: ${why}`, error));
    });
  });
}

export const promised = <T>(call: (done: (error: unknown, value: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));

export const consume = (consumer: Consumer, records: number): Promise<Message[]> =>
  promised((done) => consumer.consume(records, done));

export const committed = (
  consumer: Consumer,
  list: { topic: string; partition: number }[],
  timeoutMs: number,
) => promised<RawPosition[]>((done) => consumer.committed(list, timeoutMs, done as never));

export const watermarks = (consumer: Consumer, topic: string, partition: number, timeoutMs: number) =>
  promised<{ lowOffset: number; highOffset: number }>((done) =>
    consumer.queryWatermarkOffsets(topic, partition, timeoutMs, done as never),
  );

export const offsetsForTimes = (
  consumer: Consumer,
  list: { topic: string; partition: number; offset: number }[],
  timeoutMs: number,
) => promised<RawPosition[]>((done) => consumer.offsetsForTimes(list, timeoutMs, done as never));

/** Topic -> number of topic partitions, for `topic` or for all; a topic that is not there is left out. */
export async function topicSizes(
  consumer: Consumer,
  topic: string | null,
  timeoutMs: number,
): Promise<Map<string, number>> {
  const metadata = await promised<{ topics: { name: string; partitions: unknown[] }[] }>((done) =>
    consumer.getMetadata(
      { ...(topic === null ? { allTopics: true } : { topic }), timeout: timeoutMs } as never,
      done as never,
    ),
  );
  return new Map(
    metadata.topics.filter((t) => t.partitions.length > 0).map((t) => [t.name, t.partitions.length]),
  );
}

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** The typings do not know the text of an id. */
type Description = TopicDescription & { readonly topicId: { readonly base64: string } };

export interface TopicId {
  readonly topic: string;
  /** Null: the brokers have none (before Kafka 2.8). */
  readonly id: string | null;
}

/** Asks for the ids of those topics that are there. The client must not be closed while a question is under way. */
export function topicIdReader(
  consumer: Consumer,
): (topics: readonly string[], timeoutMs: number) => Promise<TopicId[]> {
  let admin: IAdminClient;
  // It copies a lock of the client, which nobody holds at this moment.
  consumer.once('ready', () => {
    admin = rd.AdminClient.createFrom(consumer);
  });
  return async (topics, timeout) => {
    const answer = await promised<Description[]>((done) =>
      admin.describeTopics([...topics], { timeout }, done as never),
    );
    return answer
      .filter(({ error }) => !error)
      .map(({ name, topicId: { base64 } }) => ({ topic: name, id: base64 === NO_ID ? null : base64 }));
  };
}

/** Only inside the revoke callback: whether the topic partitions are gone already. */
export const assignmentLost = (consumer: Consumer): boolean =>
  (consumer as unknown as { assignmentLost(): boolean }).assignmentLost();

/** Questions about topics, offsets and groups. */
export type Admin = IAdminClient;

/** Asked over the connections of a connected consumer, as long as that is open. */
export const adminOf = (consumer: Consumer): Admin => rd.AdminClient.createFrom(consumer);

/** Asked over connections of its own. */
export const createAdmin = (properties: Record<string, string | number | boolean>): Admin =>
  rd.AdminClient.create(properties as unknown as GlobalConfig);

/** Numbers of the brokers that the cluster has. */
export async function brokerIds(consumer: Consumer, timeoutMs: number): Promise<number[]> {
  const metadata = await promised<{ brokers: { id: number }[] }>((done) =>
    consumer.getMetadata({ allTopics: false, timeout: timeoutMs } as never, done as never),
  );
  return metadata.brokers.map(({ id }) => id);
}
