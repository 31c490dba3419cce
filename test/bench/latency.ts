import { openProducer } from '../../src/demo/cluster.ts';
import { latencies, quantile, type RowTime, type Sighting } from '../../src/demo/latency.ts';
import { eventTime, order } from '../support/orders.ts';
import { createTopic, uniqueName } from '../support/topics.ts';
import { sleep, until } from '../support/until.ts';
import { type Place, startOrders, stats } from './whole-route.ts';

export interface Latency {
  readonly rows: number;
  /** Record produced to row queryable, ms. */
  readonly p50: number;
  readonly p99: number;
}

const RATE = 1000;
const TOPIC_PARTITIONS = 4;
const TICK_MS = 20;

/** Record to queryable at 1,000 records per second. The emulator's counters stand for the query. */
export async function latency(
  place: Place,
  bootstrap: string,
  { interval, seconds }: { interval: string; seconds: number },
): Promise<Latency> {
  const topic = await createTopic(bootstrap, uniqueName('trickle'), { topicPartitions: TOPIC_PARTITIONS });
  const { service, table } = await startOrders(place, { bootstrap, topic }, { interval, origin: true });
  await service.waitFor('topic partitions assigned');
  const watch = watchTable(place, table);
  const rows = await producePaced(bootstrap, topic, RATE * seconds);
  await until(() => watch.rows() >= rows.length, { what: 'all rows', deadlineMs: 60_000 });
  const sightings = await watch.stop();
  await service.stop();
  const sorted = latencies(rows, sightings);
  if (sorted.length !== rows.length) throw new Error(`${sorted.length} of ${rows.length} rows were seen`);
  return { rows: rows.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}

async function producePaced(bootstrap: string, topic: string, records: number): Promise<RowTime[]> {
  const fail = (error: Error) => {
    throw error;
  };
  const producer = await openProducer(bootstrap, topic, TOPIC_PARTITIONS, fail);
  const rows: RowTime[] = [];
  for (const startedAt = Date.now(); rows.length < records; await sleep(TICK_MS)) {
    const due = Math.min(records, Math.floor(((Date.now() - startedAt) * RATE) / 1000));
    while (rows.length < due) rows.push(send(rows.length));
  }
  await producer.flush();
  return rows;

  function send(i: number): RowTime {
    const topicPartition = i % TOPIC_PARTITIONS;
    const producedAt = Date.now();
    producer.send(topicPartition, `${i}`, order(i), eventTime(i));
    return { group: `${topicPartition}`, offset: Math.floor(i / TOPIC_PARTITIONS), producedAt };
  }
}

/** Asks again and again; offsets count as seen only while none before them is missing. */
function watchTable({ emulator }: Place, table: string) {
  const sightings: Sighting[] = [];
  const last = new Map<number, number>();
  let rows = 0;
  let watching = true;
  const watch = async () => {
    for (; watching; await sleep(TICK_MS)) {
      const found = (await stats(emulator)).tables[table]!;
      const at = Date.now();
      for (const { topicPartition, first, last: offset, missing } of found.offsets ?? []) {
        if (first > 0 || missing > 0 || last.get(topicPartition) === offset) continue;
        last.set(topicPartition, offset);
        sightings.push({ group: `${topicPartition}`, offset, at });
      }
      rows = found.rows;
    }
  };
  const done = watch();
  return {
    rows: () => rows,
    async stop() {
      watching = false;
      await done;
      return sightings;
    },
  };
}
