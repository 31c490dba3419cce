import { type OrderProducer, openProducer } from './cluster.ts';
import { type AcknowledgedMessage, type Produced, stay, tell, tellFailure } from './messages.ts';
import { orderRecord } from './orders.ts';
import { createPace, type Pace } from './pace.ts';

/**
 * `node producer-process.js BROKERS TOPIC TOPIC_PARTITIONS RECORDS SECONDS`: order events at an even
 * pace, held back while too much is unacknowledged.
 */
const TICK_MS = 20;
const PROGRESS_MS = 250;
/** Under the 5 MB that the built-in Kafka keeps, with room for what it counts beside key and value. */
const AHEAD_BYTES = 3_000_000;
const RECORD_OVERHEAD_BYTES = 70;

const [brokers = '', topic = '', ...numbers] = process.argv.slice(2);
const [topicPartitions = 0, records = 0, seconds = 1] = numbers.map(Number);

interface Run {
  readonly producer: OrderProducer;
  readonly pace: Pace;
  /** Number of the next record. */
  next: number;
  broken: number;
}

async function produceAll(run: Run): Promise<void> {
  const startedAt = performance.now();
  while (run.next < records) {
    const share = (performance.now() - startedAt) / (seconds * 1000);
    const due = Math.min(records, Math.ceil(share * records));
    while (run.next < due && sendNext(run));
    await pause();
  }
}

/** False when the topic partition whose turn it is must wait. */
function sendNext(run: Run): boolean {
  const topicPartition = run.next % topicPartitions;
  if (!run.pace.open(topicPartition)) return false;
  const now = Date.now();
  const { key, value, broken } = orderRecord(run.next, now);
  run.producer.send(topicPartition, key, value, now);
  run.pace.add(topicPartition, key.length + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES);
  run.next++;
  if (broken) run.broken++;
  return true;
}

const produced = ({ producer, next, broken }: Run): Produced => ({
  records: producer.delivered,
  good: next - broken,
  broken,
  ends: producer.ends,
});

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TICK_MS));

stay();
try {
  const producer = await openProducer(brokers, topic, topicPartitions, tellFailure);
  const run: Run = { producer, pace: createPace(topicPartitions, AHEAD_BYTES), next: 0, broken: 0 };
  process.on('message', ({ acknowledged }: AcknowledgedMessage) => {
    for (const [tp, offset] of Object.entries(acknowledged)) run.pace.acknowledge(Number(tp), offset);
  });
  const progress = setInterval(() => tell({ kind: 'progress', ...produced(run) }), PROGRESS_MS);
  await produceAll(run);
  clearInterval(progress);
  await producer.flush();
  while (producer.delivered < records) await pause();
  tell({ kind: 'done', ...produced(run) });
} catch (error) {
  tellFailure(error);
}
