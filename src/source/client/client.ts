import rd, {
  type GlobalConfig,
  type IAdminClient,
  type KafkaConsumer,
  type Message as KafkaMessage,
  type Producer as KafkaProducer,
  type TopicDescription,
} from '@confluentinc/kafka-javascript';
import { SinkError } from '../../errors.ts';
import type { BrokerTrouble } from './broker-log.ts';
import { type ConnectionProperties, connectError, createAttempts } from './connect-error.ts';

/**
 * The only importer of the Kafka client: its raw KafkaConsumer, with promises in place of callbacks.
 * The classes are on the default import only (the package is CommonJS).
 */
export type Message = KafkaMessage;
export type Consumer = KafkaConsumer;
export type Producer = KafkaProducer;

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

/** A misspelt property, a value that it does not take, or a key that does not fit its certificate. */
function newConsumer(conf: GlobalConfig): Consumer {
  // Topic properties count only here: a second argument without it means `largest`, which skips without a word.
  const topicConf = { 'auto.offset.reset': 'error' } as const;
  try {
    return new rd.KafkaConsumer(conf, topicConf);
  } catch (error) {
    const why = `kafka.security or kafka.options: ${(error as Error).message}`;
    throw new SinkError('config_invalid', why, error);
  }
}

/** Without it `consume(n)` waits its time-out once per message: six seconds on a quiet topic. */
function firstMessageTimeoutOnly(consumer: Consumer): void {
  const raw = consumer as unknown as { setDefaultIsTimeoutOnlyForFirstMessage(on: boolean): void };
  raw.setDefaultIsTimeoutOnlyForFirstMessage(true);
}

/**
 * Connects within `timeoutMs`, and gives up sooner when every broker refuses for a reason that will not change.
 * The error says of each broker what went wrong: `kafka_auth` or `kafka_unreachable`.
 */
export async function connect(consumer: Consumer, timeoutMs: number): Promise<void> {
  const properties = propertiesOf(consumer);
  const attempts = createAttempts(properties);
  consumer.on('event.log', attempts.note);
  const restore = askInTurns(consumer, timeoutMs, attempts.hopeless);
  try {
    await promised((done) => consumer.connect({ timeout: timeoutMs }, done as never));
  } catch (error) {
    throw await connectError(properties, attempts.troubles(), timeoutMs, error);
  } finally {
    restore();
    consumer.off('event.log', attempts.note);
  }
}

/** The error for brokers that refuse a client which was connected before. */
export const refusal = (consumer: Consumer, troubles: readonly BrokerTrouble[]): Promise<SinkError> =>
  connectError(propertiesOf(consumer), troubles, 0, undefined);

const propertiesOf = (consumer: Consumer): ConnectionProperties =>
  (consumer as unknown as { globalConfig: ConnectionProperties }).globalConfig;

const FIRST_TURN_MS = 1_000;

/**
 * Connecting is one question for metadata, which nothing can end before its time-out. Asked in turns of
 * 1, 2, 4 ... seconds it can be given up in between.
 */
function askInTurns(consumer: Consumer, timeoutMs: number, hopeless: () => boolean): () => void {
  const raw = consumer as unknown as { getMetadata: AskMetadata };
  const ask = raw.getMetadata;
  const turn = (options: object, done: Parameters<AskMetadata>[1], turnMs: number, leftMs: number) =>
    ask.call(consumer, { ...options, timeout: Math.min(turnMs, leftMs) }, (error, metadata) => {
      if (!error || leftMs <= turnMs || hopeless()) done(error, metadata);
      else turn(options, done, turnMs * 2, leftMs - turnMs);
    });
  raw.getMetadata = (options, done) => turn(options, done, FIRST_TURN_MS, timeoutMs);
  return () => {
    raw.getMetadata = ask;
  };
}

type AskMetadata = (options: object, done: (error: unknown, metadata: unknown) => void) => void;

export const promised = <T>(call: (done: (error: unknown, value: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));

export const consume = (consumer: Consumer, records: number): Promise<Message[]> =>
  promised((done) => consumer.consume(records, done));

export const committed = (
  consumer: Consumer,
  list: { topic: string; partition: number }[],
  timeoutMs: number,
) =>
  promised<RawPosition[]>((done) => consumer.committed(list, timeoutMs, done as never)).then(withoutErrors);

export const watermarks = (consumer: Consumer, topic: string, partition: number, timeoutMs: number) =>
  promised<{ lowOffset: number; highOffset: number }>((done) =>
    consumer.queryWatermarkOffsets(topic, partition, timeoutMs, done as never),
  );

export const offsetsForTimes = (
  consumer: Consumer,
  list: { topic: string; partition: number; offset: number }[],
  timeoutMs: number,
) =>
  promised<RawPosition[]>((done) => consumer.offsetsForTimes(list, timeoutMs, done as never)).then(
    withoutErrors,
  );

/** An error stands in the place of a position, with its text for a code; taken for "no offset" it would lose records. */
function withoutErrors(positions: RawPosition[]): RawPosition[] {
  const error = positions.find((position) => position instanceof Error) as Error | undefined;
  if (error) throw Object.assign(new Error(error.message), { code: CODES[error.message] ?? FAILED });
  return positions;
}

const FAILED = -196;
const CODES: Readonly<Record<string, number>> = {
  'Broker: Topic authorization failed': 29,
  'Broker: Group authorization failed': 30,
};

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

/** Topic -> why the broker tells nothing of it, as the protocol's error code; absent: it does. */
export async function topicErrors(
  consumer: Consumer,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Map<string, number>> {
  const admin = rd.AdminClient.createFrom(consumer);
  const found = await promised<{ name: string; error?: { code: number } }[]>((done) =>
    admin.describeTopics([...topics], { timeout: timeoutMs }, done as never),
  );
  return new Map(found.flatMap(({ name, error }) => (error ? [[name, error.code] as const] : [])));
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

/** Delivery is told by the event `delivery-report`. */
export const createProducer = (properties: Record<string, string | number | boolean>): Producer =>
  new rd.Producer({ ...properties, dr_cb: true } as unknown as GlobalConfig);

export const connectProducer = (producer: Producer, timeout: number): Promise<unknown> =>
  promised((done) => producer.connect({ timeout }, done as never));
