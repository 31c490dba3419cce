import rd, { type GlobalConfig, type Message, type Producer } from '@confluentinc/kafka-javascript';
import { kafkaTool } from './java.ts';
import { endOffsets, startOffsets, uniqueName } from './topics.ts';
import { HUNG_MS } from './until.ts';

export interface TestRecord {
  /** Null: a tombstone. An empty value needs `produceEmptyValue`: this client writes null for it. */
  readonly value: Buffer | string | null;
  readonly key?: Buffer | string | null;
  /** Milliseconds; absent: now. */
  readonly timestamp?: number;
  readonly topicPartition?: number;
  readonly headers?: readonly (readonly [string, string | Buffer])[];
}

const TIMEOUT_MS = HUNG_MS;
/** librdkafka's "queue full": wait for room, then go on. */
const QUEUE_FULL = -184;

type Done = (error: unknown) => void;
const promised = (call: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));

/** Writes all records and waits for their acknowledgement; returns how many. Over 100,000 per second at 1 KB. */
export async function produce(
  bootstrap: string,
  topic: string,
  records: Iterable<TestRecord>,
  properties: Record<string, string | number | boolean> = {},
): Promise<number> {
  const { producer, failures } = await connected(bootstrap, properties);
  try {
    const count = await sendAll(producer, topic, records);
    if (failures.length > 0) throw failures[0];
    return count;
  } finally {
    await promised((done) => producer.disconnect(TIMEOUT_MS, done));
  }
}

async function connected(bootstrap: string, properties: Record<string, string | number | boolean>) {
  const failures: unknown[] = [];
  const producer = new rd.Producer({
    'bootstrap.servers': bootstrap,
    'linger.ms': 20,
    'batch.size': 1_000_000,
    'queue.buffering.max.messages': 200_000,
    'queue.buffering.max.kbytes': 262_144,
    'delivery.report.only.error': true,
    dr_cb: true,
    ...properties,
  } as GlobalConfig);
  producer.on('delivery-report', (error) => void (error && failures.push(error)));
  await promised((done) => producer.connect({ timeout: TIMEOUT_MS }, done));
  producer.setPollInterval(50);
  return { producer, failures };
}

async function sendAll(producer: Producer, topic: string, records: Iterable<TestRecord>): Promise<number> {
  let count = 0;
  for (const record of records) {
    while (!offer(producer, topic, record)) await room(producer);
    // A turn of the loop now and then, for delivery reports and other work of the test.
    if (++count % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await promised((done) => producer.flush(TIMEOUT_MS, done));
  return count;
}

const room = async (producer: Producer): Promise<void> => {
  producer.poll();
  await new Promise((resolve) => setTimeout(resolve, 5));
};

/** False when the client's queue is full. */
function offer(producer: Producer, topic: string, record: TestRecord): boolean {
  const { value, key = null, timestamp = null, topicPartition = null, headers = [] } = record;
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (bytes?.length === 0) throw new Error('an empty value would be written as null: use produceEmptyValue');
  const pairs = headers.map(([name, text]) => ({ [name]: text }));
  try {
    producer.produce(topic, topicPartition, bytes, key, timestamp, undefined, pairs);
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === QUEUE_FULL) return false;
    throw error;
  }
}

/** One record with an empty value, which is not a null one. Kafka's own tool writes it. */
export const produceEmptyValue = (bootstrap: string, topic: string): Promise<string> =>
  kafkaTool(
    'org.apache.kafka.tools.ConsoleProducer',
    ['--bootstrap-server', bootstrap, '--topic', topic],
    '\n',
  );

export interface Transaction {
  readonly commit: () => Promise<void>;
  readonly abort: () => Promise<void>;
}

/** Writes the records in a transaction that stays open until `commit` or `abort`. */
export async function transaction(
  bootstrap: string,
  topic: string,
  records: Iterable<TestRecord>,
): Promise<Transaction> {
  const { producer } = await connected(bootstrap, { 'transactional.id': uniqueName('tx') });
  await promised((done) => producer.initTransactions(TIMEOUT_MS, done));
  await promised((done) => producer.beginTransaction(done));
  await sendAll(producer, topic, records);
  const end = async (call: (done: Done) => void): Promise<void> => {
    await promised(call);
    await promised((done) => producer.disconnect(TIMEOUT_MS, done));
  };
  return {
    commit: () => end((done) => producer.commitTransaction(TIMEOUT_MS, done)),
    abort: () => end((done) => producer.abortTransaction(TIMEOUT_MS, done)),
  };
}

/** Every readable record of the topic up to its stable end, by topic partition and offset. */
export async function readAll(bootstrap: string, topic: string): Promise<Message[]> {
  const [from, to] = await Promise.all([startOffsets(bootstrap, topic), endOffsets(bootstrap, topic)]);
  const open = new Map([...to].filter(([partition, end]) => end > from.get(partition)!));
  const consumer = new rd.KafkaConsumer(
    {
      'bootstrap.servers': bootstrap,
      'group.id': uniqueName('reader'),
      'enable.auto.commit': false,
      'enable.partition.eof': true,
    } as GlobalConfig,
    {},
  );
  await promised((done) => consumer.connect({ timeout: TIMEOUT_MS }, done));
  try {
    consumer.on('partition.eof', ({ partition }) => void open.delete(partition));
    consumer.assign(
      [...open.keys()].map((partition) => ({ topic, partition, offset: from.get(partition)! })),
    );
    return await drain(consumer, open);
  } finally {
    await promised((done) => consumer.disconnect(done));
  }
}

async function drain(
  consumer: InstanceType<typeof rd.KafkaConsumer>,
  open: Map<number, number>,
): Promise<Message[]> {
  const found: Message[] = [];
  consumer.setDefaultConsumeTimeout(200);
  while (open.size > 0) {
    const batch = await new Promise<Message[]>((resolve, reject) =>
      consumer.consume(1000, (error, messages) => (error ? reject(error) : resolve(messages))),
    );
    for (const message of batch) found.push(message);
  }
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
