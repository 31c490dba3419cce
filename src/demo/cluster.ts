import rd, {
  type GlobalConfig,
  type LibrdKafkaError,
  type Metadata,
  type Producer,
} from '@confluentinc/kafka-javascript';

/**
 * The demo's own use of the Kafka client, in processes of their own: librdkafka's mock cluster, or a
 * topic on a real Kafka, and a producer.
 */
export interface Cluster {
  /** host:port */
  readonly brokers: string;
  readonly topicPartitions: number;
  /** Ends the mock cluster, or removes the topic from the real one. */
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const TOPIC_PARTITIONS = 4;
const ASK_MS = 100;
const ASK_TURNS = 50;

/** A broker on a free port of 127.0.0.1, all in memory; each topic has 4 topic partitions. */
export async function startMockCluster(topic: string): Promise<Cluster> {
  // The typings do not know the property.
  const host = new rd.Producer({ 'test.mock.num.brokers': 1 } as GlobalConfig);
  const { brokers } = await connect(host);
  const topicPartitions = await createByAsking(host, topic);
  const addresses = brokers.map((broker) => `${broker.host}:${broker.port}`).join(',');
  return { brokers: addresses, topicPartitions, close: () => disconnect(host) };
}

/** A new topic on a real Kafka. */
export async function useKafka(brokers: string, topic: string): Promise<Cluster> {
  const client = new rd.Producer({ 'bootstrap.servers': brokers });
  await connect(client);
  const admin = rd.AdminClient.createFrom(client);
  const newTopic = { topic, num_partitions: TOPIC_PARTITIONS, replication_factor: 1 };
  await done((end) => admin.createTopic(newTopic, CONNECT_MS, end));
  return {
    brokers,
    topicPartitions: TOPIC_PARTITIONS,
    async close() {
      await done((end) => admin.deleteTopic(topic, CONNECT_MS, end));
      await disconnect(client);
    },
  };
}

export interface OrderProducer {
  send(topicPartition: number, key: string, value: Buffer | null, timestamp: number): void;
  /** Per topic partition: the offset after the last record that the broker has confirmed. */
  readonly ends: readonly number[];
  /** Records confirmed. */
  readonly delivered: number;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** `onFailure` is told of the first record that the broker did not take. */
export async function openProducer(
  brokers: string,
  topic: string,
  topicPartitions: number,
  onFailure: (error: Error) => void,
): Promise<OrderProducer> {
  const producer = new rd.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    'linger.ms': 20,
    dr_cb: true,
  });
  const ends = new Array<number>(topicPartitions).fill(0);
  let delivered = 0;
  producer.on(
    'delivery-report',
    (error: LibrdKafkaError | null, report: { partition: number; offset: number }) => {
      if (error) return onFailure(new Error(error.message));
      delivered++;
      ends[report.partition] = Math.max(ends[report.partition]!, report.offset + 1);
    },
  );
  await connect(producer);
  producer.setPollInterval(20);
  return {
    send: (topicPartition, key, value, timestamp) =>
      producer.produce(topic, topicPartition, value, key, timestamp),
    ends,
    get delivered() {
      return delivered;
    },
    flush: () => done((end) => producer.flush(CONNECT_MS, end)),
    close: () => disconnect(producer),
  };
}

function connect(client: Producer): Promise<Metadata> {
  let reason = '';
  client.on('event.error', (error) => {
    reason = error.message;
  });
  return new Promise((resolve, reject) => {
    client.connect({ timeout: CONNECT_MS }, (error, metadata) => {
      if (error) reject(new Error(reason || error.message));
      else resolve(metadata);
    });
  });
}

/** A producer that asks for a topic creates it in the mock cluster; the first answers may not know it yet. */
async function createByAsking(client: Producer, topic: string): Promise<number> {
  for (let turn = 0; turn < ASK_TURNS; turn++) {
    const metadata = await new Promise<Metadata>((resolve, reject) => {
      client.getMetadata({ topic, timeout: CONNECT_MS }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
    const found = metadata.topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
    if (found > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  throw new Error(`the built-in Kafka did not create the topic ${topic}`);
}

const disconnect = (client: Producer): Promise<void> => done((end) => client.disconnect(CONNECT_MS, end));

const done = (call: (end: (error: LibrdKafkaError | null | undefined) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
