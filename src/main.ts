import { createBudget } from './budget.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config/schema.ts';
import { effectiveSettings } from './config/settings.ts';
import { connectMaxCompute, connectRegistry, connectTrail } from './connections.ts';
import { effectiveWorkers } from './encode/cpu.ts';
import { asSinkError, type SinkError } from './errors.ts';
import type { LedgerStore, LettersOfBatch, Sessions } from './ledger/ports.ts';
import { keptLetters, openLetters } from './letters.ts';
import { LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import { dirtyActions, fateOf } from './mapping/dirty.ts';
import { isPassing } from './maxcompute/error.ts';
import type { MaxCompute } from './maxcompute/maxcompute.ts';
import { tableName } from './maxcompute/wire.ts';
import { createObserver } from './observe/observe.ts';
import { createMetrics, type Metrics } from './ops/metrics.ts';
import { startServer } from './ops/server.ts';
import { type LoadedPlan, loadPlan } from './plan.ts';
import { openPlanner, type Planner } from './planner/planner.ts';
import { hasFirst, watchUnmapped } from './planner/unmapped.ts';
import { createRecover } from './recover.ts';
import { retry } from './retry.ts';
import { Coordinator } from './sink/coordinator.ts';
import type { Identity } from './sink/intend.ts';
import type { CoordinatorOptions } from './sink/options.ts';
import type { DeadLetters, Encoder, Tunnel } from './sink/ports.ts';
import { chunkBytesFor, clientQueueBytes, fetchProperties } from './source/client/settings.ts';
import { KafkaSource } from './source/consumer.ts';
import type { Source } from './source/source.ts';
import type { TrailEntry } from './trail/entry.ts';
import type { Trail } from './trail/trail.ts';
import { guardedTunnel } from './tunnel.ts';
import { VERSION } from './version.ts';

/** Share of `shutdown` that is kept for leaving the group. */
const LEAVE_MS = 2_000;

/** Sees each port before the service does; for those who run it under conditions of their own. */
export interface Wrappers {
  source(source: Source): Source;
  tunnel(tunnel: Tunnel): Tunnel;
  deadLetters(deadLetters: DeadLetters): DeadLetters;
  sessions(sessions: Sessions): Sessions;
  store(store: LedgerStore): LedgerStore;
  /** Those of recovered batches. */
  letters(letters: LettersOfBatch): LettersOfBatch;
}

const AS_THEY_ARE: Wrappers = {
  source: (source) => source,
  tunnel: (tunnel) => tunnel,
  deadLetters: (deadLetters) => deadLetters,
  sessions: (sessions) => sessions,
  store: (store) => store,
  letters: (letters) => letters,
};

/** Ends that stay in sight of `/ready` and the metrics for a while. */
const LINGERS: readonly string[] = ['decision_needed', 'ledger_unreadable'];

/**
 * Builds every object once, in the order of a record's route, runs until `stop` aborts or something
 * ends the service, and takes everything down in reverse. Resolves to null after a clean stop, else why.
 */
export async function runService(
  config: Config,
  log: Log,
  stop: AbortSignal,
  wrap: Partial<Wrappers> = {},
): Promise<SinkError | null> {
  const releasers: (() => Promise<unknown>)[] = [];
  try {
    return await serve(config, log, stop, { ...AS_THEY_ARE, ...wrap }, releasers);
  } catch (error) {
    return stop.aborted ? null : asSinkError(error);
  } finally {
    for (const release of releasers.reverse())
      await release().catch((error) => log.warn({ error }, 'while stopping'));
  }
}

async function serve(
  config: Config,
  ownLog: Log,
  stop: AbortSignal,
  wrap: Wrappers,
  releasers: (() => Promise<unknown>)[],
): Promise<SinkError | null> {
  const clock = systemClock;
  const metrics = createMetrics({ pipeline: config.name });
  const workers = effectiveWorkers(config.workers);
  const onEntry = (entry: TrailEntry) => trail?.tell(entry);
  const observer = createObserver({ config, metrics, log: ownLog, clock, workers, onEntry, stop });
  const { log } = observer;
  const trail = connectTrail(config, metrics, log);
  releasers.push(closesTrail(trail, config, stop));
  log.info(
    {
      version: VERSION,
      node: process.version,
      workers,
      kafkaClient: fetchProperties(config.memory),
      settings: effectiveSettings(config),
    },
    'starting',
  );

  if (config.http) {
    const server = await startServer({ ...config.http, metrics, ...observer });
    releasers.push(() => server.stop());
    log.info({ port: server.port }, 'http listening');
  }

  const maxcompute = connectMaxCompute(config, metrics, log);
  releasers.push(() => maxcompute.close());
  observer.waitsFor(`MaxCompute at ${config.maxcompute.endpoint}: table ${config.table.name}`);
  const loaded = await loadPlanInTime(config, maxcompute, log, stop);
  const { created, warnings } = loaded;
  if (created) log.info({ table: loaded.table.name, statement: created }, 'table created');
  if (warnings.length > 0)
    log.warn({ warnings }, 'the mapping leaves columns empty, may lose digits or has options without effect');

  const letters = await openLetters({ config, maxcompute, clock, log, stop });
  const deadLetters = letters.destination;
  releasers.push(() => deadLetters.stop());
  const unmapped = watchUnmapped(config, {
    ...{ maxcompute, metrics, clock, log },
    elected: () => hasFirst(kafka.snapshot().topicPartitions, config.kafka.topics),
  });
  const planner = openPlanner({
    ...{ first: loaded, workers, log, onUnmapped: unmapped.onUnmapped },
    async load(signal) {
      await unmapped.addWanted(planner.table, signal);
      return loadPlanInTime(config, maxcompute, log, signal);
    },
    onReplanned(differs) {
      metrics.replans.inc();
      if (differs) coordinator.onPlanChanged();
    },
  });
  releasers.push(() => planner.stop());

  const budget = createBudget(config.memory - clientQueueBytes(config.memory));
  const identity = identityOf(config, planner);
  const kafka = new KafkaSource({
    pipeline: config.name,
    table: tableName(config.maxcompute, config.table.name),
    exactlyOnce: config.guarantee === 'exactly_once',
    settleMs: config.ledger.settle,
    recover: createRecover({
      ...{ config, planned: planner, maxcompute, identity, clock, log, events: observer.recovery },
      ...{ letters: wrap.letters(deadLetters), sessions: wrap.sessions, store: wrap.store },
    }),
    kafka: config.kafka,
    startAt: config.kafka.startAt,
    memoryBytes: config.memory,
    chunks: chunksFor(config.memory, workers),
    budget,
    clock,
    log,
    onPause: observer.paused,
    onCommit: (result) => metrics.offsetCommits.inc({ result }),
    onRead: (tp, records, bytes) => {
      metrics.recordsRead.inc({ topic: tp.topic, partition: String(tp.partition) }, records);
      metrics.bytesRead.inc(bytes);
    },
  });
  const source = wrap.source(kafka);
  const settleLetters = letters.keepSettled((list) => kafka.read(list), stop);
  const coordinator = new Coordinator({
    source,
    encoder: measured(planner, metrics),
    schemas: connectRegistry(config, metrics, log),
    deadLetters: wrap.deadLetters(keptLetters(config, planner.plan, deadLetters)),
    identity: config.guarantee === 'exactly_once' ? identity : null,
    upload: {
      tunnel: wrap.tunnel(guardedTunnel(maxcompute, planner, log)),
      compression: config.maxcompute.compression,
      onSession: () => metrics.sessionsCreated.inc(),
      onBlock: (bytes) => {
        metrics.blocksUploaded.inc();
        metrics.blockBytes.inc(bytes);
      },
      onCommit: () => metrics.sessionsCommitted.inc(),
    },
    budget,
    flush: config.flush,
    dirty: dirtyOptions(config),
    deduplicates: config.table.deduplicate !== null,
    revokeMs: Math.min(LIMITS.revokeMs, maxPollIntervalMs(config) / 3),
    clock,
    log,
    events: {
      ...observer.events,
      assigned(topicPartitions) {
        observer.events.assigned(topicPartitions);
        settleLetters();
      },
    },
  });

  releasers.push(() => source.stop());
  observer.waitsFor(`Kafka at ${config.kafka.brokers.join(',')}`);
  await source.start(coordinator);
  observer.watch({ coordinator, source, pool: planner, budget });
  observer.waitsFor(null);
  const onStop = () => void coordinator.stop(Math.max(500, config.shutdown - LEAVE_MS));
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  const error = await coordinator.finished;
  observer.ends(error);
  if (config.http && error && LINGERS.includes(error.code)) {
    log.error(
      { code: error.code, error, forMs: LIMITS.decisionLingerMs },
      'a decision is needed: ending soon',
    );
    await source.stop();
    await clock.sleep(LIMITS.decisionLingerMs, stop).catch(() => undefined);
  }
  return error;
}

function identityOf(
  { maxcompute: { project, schema }, table, deadLetters }: Config,
  planner: Planner,
): Identity {
  return {
    to: { project, schema, table: table.name },
    cluster: null,
    letters: deadLetters.table,
    get mapping() {
      return planner.mapping;
    },
  };
}

/** What waits gets the time that is left of `shutdown`. */
function closesTrail(trail: Trail | null, config: Config, stop: AbortSignal): () => Promise<void> {
  let deadline: number | null = null;
  stop.addEventListener('abort', () => {
    deadline = systemClock.now() + config.shutdown;
  });
  return async () => {
    const left = deadline === null ? 0 : deadline - systemClock.now();
    await trail?.stop(Math.max(LIMITS.trailFlushMs, left));
  };
}

/** MaxCompute may be away when the service starts: it waits, `/ready` and the client's log lines say for what. */
function loadPlanInTime(
  config: Config,
  maxcompute: MaxCompute,
  log: Log,
  stop: AbortSignal,
): Promise<LoadedPlan> {
  return retry(() => loadPlan(config, maxcompute, stop), {
    clock: systemClock,
    signal: stop,
    attempts: Number.POSITIVE_INFINITY,
    baseMs: LIMITS.retryBaseMs,
    capMs: LIMITS.startRetryCapMs,
    decide: (error) => ({ retry: isPassing(error) }),
    onRetry(error, _waitMs, attempt) {
      if (attempt === 0) log.warn({ error }, 'MaxCompute is away: the start waits for it');
    },
  });
}

/** The pool, with the CPU time of its workers counted. */
const measured = (pool: Encoder, metrics: Metrics): Encoder => ({
  async run(job) {
    const result = await pool.run(job);
    metrics.workerCpuSeconds.inc(result.cpuMicros / 1e6);
    return result;
  },
});

/** A record on which workers die is no matter of theirs. */
function dirtyOptions({ dirty }: Config): NonNullable<CoordinatorOptions['dirty']> {
  return { limit: dirty.limit, crashes: fateOf(dirtyActions(dirty).worker_crash) };
}

const maxPollIntervalMs = (config: Config): number =>
  Number(config.kafka.options['max.poll.interval.ms'] ?? 300_000);

/** Chunks that may be away at one time: enough to keep the workers busy, at most a quarter of `memory`. */
function chunksFor(memoryBytes: number, workers: number): number {
  const fitting = Math.floor(memoryBytes / 4 / chunkBytesFor(memoryBytes));
  return Math.max(workers + 2, Math.min(2 * workers + 4, fitting));
}
