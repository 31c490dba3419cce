import rd, {
  type GlobalConfig,
  type IAdminClient,
  type LibrdKafkaError,
  type ListOffsetsResult,
  type TopicDescription,
} from '@confluentinc/kafka-javascript';
import { HUNG_MS, sleep, until } from './until.ts';

const TIMEOUT_MS = HUNG_MS;
let counter = 0;

/** A name for a topic or a group that no other test uses. */
export const uniqueName = (prefix: string): string =>
  `${prefix}-${process.pid}-${Date.now().toString(36)}-${counter++}`;

type Done<T> = (error: LibrdKafkaError, value?: T) => void;

/** One admin call: connects, asks, disconnects. */
async function admin<T = void>(
  bootstrap: string,
  call: (client: IAdminClient, done: Done<T>) => void,
): Promise<T> {
  const client = rd.AdminClient.create({ 'bootstrap.servers': bootstrap } as GlobalConfig);
  try {
    return await new Promise<T>((resolve, reject) => {
      call(client, (error, value) => (error ? reject(error) : resolve(value as T)));
    });
  } finally {
    client.disconnect();
  }
}

export interface TopicOptions {
  readonly topicPartitions?: number;
  readonly replicas?: number;
  readonly config?: Record<string, string>;
}

/** Creates a topic and waits until the broker lists it. */
export async function createTopic(
  bootstrap: string,
  topic: string,
  options: TopicOptions = {},
): Promise<string> {
  const { topicPartitions: num_partitions = 4, replicas: replication_factor = 1, config = {} } = options;
  const wanted = { topic, num_partitions, replication_factor, config };
  await admin(bootstrap, (client, done) => client.createTopic(wanted, TIMEOUT_MS, done));
  await until(async () => (await listTopics(bootstrap)).includes(topic), { what: `topic ${topic}` });
  return topic;
}

/** Returns when the topic is gone; the group's committed offsets go with it. */
export async function deleteTopic(bootstrap: string, topic: string): Promise<void> {
  await admin(bootstrap, (client, done) => client.deleteTopic(topic, TIMEOUT_MS, done));
  await until(async () => !(await listTopics(bootstrap)).includes(topic), { what: `${topic} deleted` });
}

/** Adds topic partitions up to `total`, and waits until the broker tells of them: a producer would not know them. */
export async function addTopicPartitions(bootstrap: string, topic: string, total: number): Promise<void> {
  await admin(bootstrap, (client, done) => client.createPartitions(topic, total, TIMEOUT_MS, done));
  await until(async () => (await topicSize(bootstrap, topic)) === total, { what: `${total} of ${topic}` });
}

export const listTopics = (bootstrap: string): Promise<string[]> =>
  admin<string[]>(bootstrap, (client, done) => client.listTopics({ timeout: TIMEOUT_MS }, done));

export const topicSize = (bootstrap: string, topic: string): Promise<number> =>
  leaders(bootstrap, topic).then(({ length }) => length);

/** Number of the broker that leads each topic partition; null: none at the moment. */
export async function leaders(bootstrap: string, topic: string): Promise<(number | null)[]> {
  const [description] = await admin<TopicDescription[]>(bootstrap, (client, done) =>
    client.describeTopics([topic], { timeout: TIMEOUT_MS }, done),
  );
  return description!.partitions.map(({ leader }) => leader?.id ?? null);
}

/** Makes everything before `offset` unreadable: what retention does. */
export const deleteRecords = (
  bootstrap: string,
  topic: string,
  partition: number,
  offset: number,
): Promise<unknown> =>
  admin<unknown>(bootstrap, (client, done) =>
    client.deleteRecords([{ topic, partition, offset }], { timeout: TIMEOUT_MS }, done),
  );

export interface Committed {
  readonly offset: number;
  readonly metadata: string;
}

/**
 * Topic partition -> what the group has committed; one without a commit is left out. Asked as a consumer that is not
 * in the group: an admin client ends the process (SIGSEGV) when the coordinator is elsewhere, or not there yet.
 */
export async function committedOffsets(
  bootstrap: string,
  group: string,
  topic: string,
): Promise<Map<number, Committed>> {
  const partitions = (await indexes(bootstrap, topic)).map((partition) => ({ topic, partition }));
  const found = await asConsumer(bootstrap, group, (consumer) =>
    whenCoordinated(() => promised<Position[]>((done) => consumer.committed(partitions, TIMEOUT_MS, done))),
  );
  const known = found.filter(({ offset = -1 }) => offset >= 0);
  return new Map(
    known.map(({ partition, offset, metadata }) => [
      partition,
      { offset: offset!, metadata: metadata ?? '' },
    ]),
  );
}

interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset?: number;
  readonly metadata?: string;
}

/** Commits as a client without a group membership, which Kafka allows while nobody is in the group. */
export const commitOffsets = (
  bootstrap: string,
  group: string,
  positions: readonly Position[],
): Promise<void> =>
  asConsumer(bootstrap, group, (consumer) =>
    whenCoordinated(async () => void consumer.commitSync([...positions] as never)),
  );

/** Connects a client that has the group's name and does not join it. */
async function asConsumer<T>(
  bootstrap: string,
  group: string,
  work: (consumer: rd.KafkaConsumer) => Promise<T>,
): Promise<T> {
  const consumer = new rd.KafkaConsumer(
    { 'bootstrap.servers': bootstrap, 'group.id': group, 'enable.auto.commit': false } as GlobalConfig,
    {},
  );
  await promised((done) => consumer.connect({ timeout: TIMEOUT_MS }, done));
  try {
    return await work(consumer);
  } finally {
    await new Promise<void>((resolve) => consumer.disconnect(() => resolve()));
  }
}

const promised = <T>(call: (done: (error: LibrdKafkaError | null, value?: unknown) => void) => void) =>
  new Promise<T>((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value as T))));

/** Coordinator loading, not available, not the coordinator: so answers a cluster whose first group this is. */
const NOT_YET: readonly number[] = [14, 15, 16];

async function whenCoordinated<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + TIMEOUT_MS; ; await sleep(100)) {
    try {
      return await ask();
    } catch (error) {
      if (!NOT_YET.includes((error as LibrdKafkaError).code) || Date.now() >= end) throw error;
    }
  }
}

const indexes = async (bootstrap: string, topic: string): Promise<number[]> =>
  Array.from({ length: await topicSize(bootstrap, topic) }, (_, index) => index);

/** The client knows its OffsetSpec values by this number. */
const LATEST = { timestamp: -1 };
const EARLIEST = { timestamp: -2 };

/** Topic partition -> end. `stable`: before the first open transaction, as read_committed sees it. */
export const endOffsets = (bootstrap: string, topic: string, kind: 'stable' | 'high' = 'stable') =>
  offsets(bootstrap, topic, LATEST, kind);

export const startOffsets = (bootstrap: string, topic: string) => offsets(bootstrap, topic, EARLIEST, 'high');

async function offsets(
  bootstrap: string,
  topic: string,
  offset: { timestamp: number },
  kind: 'stable' | 'high',
) {
  const wanted = (await indexes(bootstrap, topic)).map((partition) => ({ topic, partition, offset }));
  const options = { timeout: TIMEOUT_MS, isolationLevel: kind === 'stable' ? 1 : 0 };
  const found = await admin<ListOffsetsResult[]>(bootstrap, (client, done) =>
    client.listOffsets(wanted, options, done),
  );
  const fault = found.find(({ error }) => error)?.error;
  if (fault) throw Object.assign(new Error(fault.message), { code: fault.code });
  return new Map(found.map((one) => [one.partition, one.offset]));
}
