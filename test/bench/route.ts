import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import rd from '@confluentinc/kafka-javascript';
import { startKafka } from '../support/kafka.ts';
import { eventTime, order } from '../support/orders.ts';
import { startEmulatorChild, tempDir } from '../support/process.ts';
import { fetchedPart } from '../support/project.ts';
import { produce } from '../support/records.ts';
import { createTopic, uniqueName } from '../support/topics.ts';
import { emulatorLoad } from './emulator-load.ts';
import type { FormatCost } from './formats.ts';
import { latency } from './latency.ts';
import { bareReader, jvmReader, type Source } from './readers.ts';
import { type Results, type Round, report } from './report.ts';
import { type Place, wholeRoute } from './whole-route.ts';

/**
 * `make bench`: the whole route on a real Kafka and the emulator in count-only mode, beside the JVM's
 * ConsumerPerformance and bare Node consumers, in turn over the same records; prints Markdown.
 */
const RECORDS = Number(process.env.BENCH_RECORDS ?? 1_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const LATENCY_SECONDS = Number(process.env.BENCH_LATENCY_SECONDS ?? 30);
const TOPIC_PARTITIONS = 4;
const INTERVAL_S = 5;

const say = (text: string) => process.stderr.write(`bench: ${text}\n`);

async function fill(bootstrap: string): Promise<Source> {
  const topic = uniqueName('orders');
  await createTopic(bootstrap, topic, { topicPartitions: TOPIC_PARTITIONS });
  say(`writing ${RECORDS} records`);
  await produce(bootstrap, topic, orders());
  return { bootstrap, topic, topicPartitions: TOPIC_PARTITIONS, records: RECORDS };
}

function* orders() {
  for (let i = 0; i < RECORDS; i++) {
    yield { value: order(i), topicPartition: i % TOPIC_PARTITIONS, timestamp: eventTime(i) + 5_000 };
  }
}

async function round(place: Place, source: Source, number: number): Promise<Round> {
  const tell = async <T extends { rate: number; whole: { total: number } }>(
    name: string,
    run: Promise<T>,
  ) => {
    const { rate, whole } = await run;
    say(`round ${number}: ${name} ${Math.round(rate)} records/s, ${whole.total.toFixed(1)} CPU-s`);
    return run;
  };
  const jvm = await tell('JVM', jvmReader(source));
  const count = await tell('bare', bareReader(source, 'count'));
  const pack = await tell('pack', bareReader(source, 'pack'));
  const exactly = () => tell('exactly_once', wholeRoute(place, source, 'exactly_once'));
  const atLeast = () => tell('at_least_once', wholeRoute(place, source, 'at_least_once'));
  // In turn: whoever runs second has warmer caches.
  const first = number % 2 === 0 ? null : await exactly();
  const leastOnce = await atLeast();
  const route = first ?? (await exactly());
  return { jvm, count, pack, route, leastOnce };
}

/** What another file of this folder measures in a process of its own. */
async function measured<T>(name: string): Promise<T> {
  const script = path.join(import.meta.dirname, `${name}.js`);
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  return JSON.parse(stdout);
}

async function machine(): Promise<string> {
  const { stderr } = await promisify(execFile)('java', ['-version']);
  const java = /version "([^"]+)"/.exec(stderr)?.[1];
  const jar = readdirSync(fetchedPart('kafka-libs')).find((name) => name.startsWith('kafka-clients-'));
  const kafka = /kafka-clients-(.+)\.jar/.exec(jar ?? '')?.[1];
  const [{ model } = { model: 'unknown CPU' }] = cpus();
  return `${cpus().length} cores (${model.trim()}), Node ${process.versions.node}, librdkafka ${rd.librdkafkaVersion}, Kafka ${kafka}, Java ${java}.`;
}

const folder = tempDir('maxsink-bench-');
const kafka = await startKafka({ overrides: { 'group.coordinator.append.linger.ms': 5 }, heapMiB: 512 });
const emulator = await startEmulatorChild(['--count-only']);
try {
  const place = { emulator, folder };
  const source = await fill(kafka.bootstrap);
  const rounds: Round[] = [];
  for (let number = 1; number <= ROUNDS; number++) rounds.push(await round(place, source, number));
  say('decode');
  const decode = await measured<Results['decode']>('decode');
  const formats = await measured<FormatCost[]>('formats');
  say(`latency, ${LATENCY_SECONDS} s`);
  const flush = { interval: `${INTERVAL_S}s`, seconds: LATENCY_SECONDS };
  say('rows of 1 KB: the service sends them, the emulator keeps them');
  const sending = await wholeRoute(place, source, 'exactly_once', true);
  const load = { ...(await emulatorLoad(RECORDS, folder)), sendingRate: sending.rate };
  const times = await latency(place, kafka.bootstrap, flush);
  const results = { machine: await machine(), records: RECORDS, rounds, decode, formats, load };
  console.log(report({ ...results, latency: { ...times, intervalMs: INTERVAL_S * 1000 } }));
} finally {
  await emulator.stop();
  await kafka.stop();
  folder.remove();
}
process.exit();
