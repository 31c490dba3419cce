import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { count } from '../terminal/words.ts';
import { type Children, createChildren } from './children.ts';
import { latencies, type Sighting } from './latency.ts';
import { readLetters } from './letters.ts';
import type { Produced } from './messages.ts';
import {
  type KafkaPart,
  type Started,
  startCluster,
  startMaxCompute,
  startProducer,
  startService,
} from './parts.ts';
import { samples, total } from './prometheus.ts';
import { type Outcome, problems, report } from './report.ts';
import { seconds, type Terminal } from './terminal.ts';
import { openWarehouse, TABLE, type Warehouse } from './warehouse.ts';

/**
 * The whole route on one machine, each part a process: Kafka, the service, a local MaxCompute, and a
 * producer of order events. Nothing here reaches into the service: it is watched through its log,
 * `/metrics` and SQL, as any operator would.
 */
export interface DemoOptions {
  /** host:port of a real Kafka; absent: the built-in one. */
  readonly brokers?: string;
  readonly records: number;
  /** How long the producer takes. */
  readonly seconds: number;
}

const FLUSH_INTERVAL_MS = 5_000;
const WATCH_MS = 250;
const LOOK_MS = 300;
/** From the last record produced to the last one acknowledged. */
const FINISH_MS = 60_000;
const READY_MS = 30_000;
const STOP_MS = 10_000;
/** A query answers at most 10,000 rows. */
const SAMPLE_ROWS = 8_000;

interface Demo {
  readonly options: DemoOptions;
  readonly terminal: Terminal;
  readonly children: Children;
  readonly folder: string;
}

/** Whether every record came where it belongs. Rejects when a part fails, or with the reason of `stop`. */
export async function runDemo(options: DemoOptions, terminal: Terminal, stop: AbortSignal): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'maxsink-demo-'));
  const children = createChildren(stop);
  try {
    const outcome = await play({ options, terminal, children, folder });
    for (const line of report(outcome, terminal)) terminal.line(line);
    return problems(outcome).length === 0;
  } catch (error) {
    throw await children.cause(error);
  } finally {
    await children.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function play(demo: Demo): Promise<Outcome> {
  const { options, terminal, children } = demo;
  const suffix = randomBytes(3).toString('hex');
  const topic = options.brokers === undefined ? 'orders' : `maxsink-demo-orders-${suffix}`;
  terminal.line(terminal.bold('maxsink demo: Kafka -> maxsink -> MaxCompute, all on this machine'));
  terminal.line();

  const kafka = await startCluster(children, topic, options.brokers);
  const kind = options.brokers === undefined ? 'Kafka (built in)' : 'Kafka';
  started(
    terminal,
    kind,
    `${kafka.at.brokers}, topic ${topic}, ${kafka.at.topicPartitions} topic partitions`,
  );

  const accessKey = randomBytes(12).toString('hex');
  const maxcompute = await startMaxCompute(children, accessKey);
  const warehouse = openWarehouse(maxcompute.at, accessKey, children.signal);
  await warehouse.createTable();
  started(terminal, 'MaxCompute (local)', `${maxcompute.at}, table ${TABLE}, by dt and hr of the event time`);

  const deadLetters = join(demo.folder, 'dead-letters');
  const given = { topic, brokers: kafka.at.brokers, endpoint: maxcompute.at, accessKey, deadLetters };
  // What it says while it starts is about the demo's own configuration.
  let show = (_: Record<string, unknown>): void => undefined;
  const service = await startService(children, given, (line) => show(line));
  await isReady(service, kafka.at.topicPartitions, children.signal);
  const usual = options.brokers === undefined ? NO_TOPIC_IDS : null;
  show = (line) => void (usual?.test(String(line.msg)) || showLog(terminal, line));
  started(terminal, 'maxsink', `${service.at}, flush.interval ${seconds(FLUSH_INTERVAL_MS)}`);
  terminal.line();

  const watched = await watch(demo, topic, kafka.at, service.at, warehouse);
  const code = await service.child.stop(STOP_MS);
  if (code !== 0)
    throw new Error(`maxsink ended with exit code ${code} on SIGTERM\n${service.child.lastLines()}`);
  const latencyStep = Math.max(1, Math.ceil(watched.produced.records / SAMPLE_ROWS));
  const outcome = {
    ...watched,
    tablePartitions: await warehouse.byTablePartition(),
    counts: await warehouse.counts(),
    letters: await readLetters(deadLetters),
    latencies: latencies(await warehouse.sample(latencyStep), watched.sightings),
    latencyStep,
    flushIntervalMs: FLUSH_INTERVAL_MS,
    pollMs: LOOK_MS,
  };
  await warehouse.close();
  return outcome;
}

const started = (terminal: Terminal, part: string, where: string): void =>
  terminal.line(`  ${part.padEnd(18)}  ${terminal.dim(where)}`);

/** All topic partitions are assigned to the service. */
async function isReady(
  { child, at }: Started<string>,
  topicPartitions: number,
  signal: AbortSignal,
): Promise<void> {
  let why = '';
  for (let waited = 0; waited < READY_MS; waited += WATCH_MS) {
    const answer = await fetch(`${at}/ready`, { signal });
    const { reason } = (await answer.json()) as { reason: string };
    why = reason;
    if (answer.ok && reason.includes(`${topicPartitions} topic partitions`)) return;
    await systemClock.sleep(WATCH_MS, signal);
  }
  throw new Error(`maxsink is not ready after ${seconds(READY_MS)}: ${why}\n${child.lastLines()}`);
}

/** What maxsink says of the built-in Kafka, which does not answer this question: no news for who looks at the demo. */
const NO_TOPIC_IDS = /^no topic ids/;

function showLog(terminal: Terminal, line: Record<string, unknown>): void {
  const {
    msg,
    level,
    rows,
    deadLetters,
    tablePartitions,
    fillMs,
    uploadMs,
    intendMs,
    commitMs,
    acknowledgeMs,
  } = line;
  if (msg === 'batch acknowledged') {
    const what = `${count(Number(rows))} rows into ${tablePartitions} table partitions, ${deadLetters} dead letters`;
    const phases = Object.entries({
      fill: fillMs,
      upload: uploadMs,
      intend: intendMs,
      commit: commitMs,
      acknowledge: acknowledgeMs,
    });
    const times = phases.map(([phase, ms]) => `${phase} ${seconds(Number(ms))}`).join(', ');
    terminal.line(`  batch  ${what}  ${terminal.dim(times)}`);
  }
  if (level !== 'warn' && level !== 'error') return;
  const { message } = (line.error ?? {}) as { message?: string };
  const told = Array.isArray(line.warnings) ? line.warnings.join('; ') : message;
  const cause = told === undefined || told === msg ? '' : `: ${told}`;
  terminal.line(terminal.bad(`  maxsink ${level}: ${msg}${cause}`));
}

interface Watched {
  readonly produced: Produced;
  readonly producedMs: number;
  readonly sightings: readonly Sighting[];
}

/** Lets the producer run, shows how far everything is, and returns when the last record is acknowledged. */
async function watch(
  demo: Demo,
  topic: string,
  kafka: KafkaPart,
  url: string,
  warehouse: Warehouse,
): Promise<Watched> {
  const { options, terminal, children } = demo;
  const { signal } = children;
  const startedAt = performance.now();
  let produced: Produced = { records: 0, good: 0, broken: 0, ends: [] };
  let producedMs: number | null = null;
  let failure: Error | null = null;
  const producer = startProducer(children, { ...kafka, ...options, topic }, (message) => {
    if (message.kind === 'failed') {
      failure = new Error(`the producer: ${message.message}`);
      return;
    }
    produced = message;
    if (message.kind === 'done') producedMs = performance.now() - startedAt;
  });
  const looking = lookOn(warehouse, signal);
  try {
    for (;;) {
      const metrics = await (await fetch(`${url}/metrics`, { signal })).text();
      const acknowledged = acknowledgedOffsets(metrics);
      producer.send({ acknowledged });
      terminal.status(statusText(performance.now() - startedAt, produced, metrics));
      if (failure !== null) throw failure;
      if (producedMs !== null) {
        if (produced.ends.every((end, tp) => (acknowledged[tp] ?? 0) >= end)) break;
        const waited = performance.now() - startedAt - producedMs;
        if (waited > FINISH_MS)
          throw new Error(`maxsink has not acknowledged every record after ${seconds(waited)}`);
      }
      await systemClock.sleep(WATCH_MS, signal);
    }
  } finally {
    looking.stop();
  }
  return { produced, producedMs, sightings: await looking.sightings };
}

function acknowledgedOffsets(metrics: string): Record<number, number> {
  const offsets = samples(metrics, 'maxsink_acknowledged_offset');
  return Object.fromEntries(offsets.map(({ labels, value }) => [Number(labels.partition), value]));
}

function statusText(elapsedMs: number, produced: Produced, metrics: string): string {
  const rows = total(metrics, 'maxsink_rows_written_total');
  const letters = total(metrics, 'maxsink_records_rejected_total');
  const facts = [
    `produced ${count(produced.records)}`,
    `rows ${count(rows)}`,
    `dead letters ${count(letters)}`,
    `on the way ${count(Math.max(0, produced.records - rows - letters))}`,
  ];
  return `${`${Math.round(elapsedMs / 1000)} s`.padStart(6)}  ${facts.join('   ')}`;
}

/** Asks in SQL, again and again, what can be seen; one last time after `stop`. */
function lookOn(
  warehouse: Warehouse,
  signal: AbortSignal,
): { stop(): void; readonly sightings: Promise<Sighting[]> } {
  const sightings: Sighting[] = [];
  let stopped = false;
  const run = async () => {
    for (let last = false; !last; ) {
      last = stopped;
      sightings.push(...(await warehouse.look()));
      if (!last) await systemClock.sleep(LOOK_MS, signal);
    }
    return sightings;
  };
  const all = run();
  all.catch(() => undefined);
  return {
    stop: () => {
      stopped = true;
    },
    sightings: all,
  };
}
