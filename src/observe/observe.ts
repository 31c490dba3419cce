import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { SinkError } from '../errors.ts';
import type { RecoveryEvents } from '../ledger/work.ts';
import { cleanText, type Log } from '../log.ts';
import { live, ready, type Snapshot } from '../ops/health.ts';
import type { Metrics } from '../ops/metrics.ts';
import { createProblems, type Problems } from '../ops/problems.ts';
import type { Status } from '../ops/status.ts';
import { type Batch, waitsFor } from '../sink/batch.ts';
import type { CoordinatorEvents } from '../sink/options.ts';
import type { TrailEntry } from '../trail/entry.ts';
import { VERSION } from '../version.ts';
import { createAccounts } from './accounts.ts';
import { collect, collectFreshness, type Parts } from './collect.ts';
import { createRecoveries } from './recoveries.ts';
import { statusOf } from './status.ts';

/** Sees all that happens: as metrics, as log lines, for health and for the status page. */
export interface Observer {
  /** Lines of this log go to the log below; warnings and errors are remembered for the status. */
  readonly log: Log;
  readonly events: CoordinatorEvents;
  readonly recovery: RecoveryEvents;
  /** What ends the service; where its operator has to decide something, that is pending from now on. */
  ends(error: SinkError | null): void;
  /** While the service starts: whom it waits for; null: it has started. */
  waitsFor(what: string | null): void;
  /** From now on these parts are looked at. */
  watch(parts: Parts): void;
  paused(on: boolean): void;
  snapshot(): Snapshot;
  status(): Status;
}

export interface ObserverOptions {
  readonly config: Config;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Worker threads. */
  readonly workers: number;
  /** What was acknowledged, for the audit trail besides the log. */
  onEntry(entry: TrailEntry): void;
  readonly stop: AbortSignal;
}

export function createObserver(options: ObserverOptions): Observer {
  const { config, metrics, clock, workers, stop } = options;
  const startedAt = clock.now();
  const problems = createProblems();
  const log = remembering(options.log, problems, clock);
  const accounts = createAccounts(metrics, clock, log, options.onEntry);
  const recoveries = createRecoveries(metrics, clock, log, options.onEntry);
  stop.addEventListener('abort', recoveries.leave, { once: true });
  const pauses = createPauses(metrics, clock, log, stop);
  const flushIntervalMs = config.flush.interval;
  let parts: Parts | null = null;
  let waitsFor: string | null = 'its own start';
  let decisionPending: string | null = null;

  setConstants(metrics, config, workers);
  const snapshot = () =>
    snapshotOf(parts, {
      ...{ now: clock.now(), waitsFor, decisionPending, flushIntervalMs, stopping: stop.aborted },
      recovery: recoveries.oldest(),
    });
  metrics.onCollect(() => {
    if (parts) collect(metrics, parts, flushIntervalMs, clock.now());
    collectFreshness(metrics, accounts.freshness);
    metrics.decisionPending.set(snapshot().decisionPending === null ? 0 : 1);
    pauses.settle();
    recoveries.settle();
  });

  return {
    log,
    events: accounts.events,
    recovery: recoveries.events,
    ends(error) {
      if (error?.exit === DECISION) decisionPending = cleanText(`${error.message} (${error.hint})`);
    },
    waitsFor: (what) => {
      waitsFor = what === null ? null : cleanText(what);
    },
    watch: (running) => {
      parts = running;
    },
    paused: pauses.changed,
    snapshot,
    status() {
      const seen = snapshot();
      return statusOf({
        ...{ config, now: seen.now, startedAt, workers, parts },
        ...{ live: live(seen), ready: ready(seen) },
        ...{ records: accounts.records(), acknowledged: accounts.acknowledged, found: recoveries.found() },
        ...{ tablePartitions: accounts.freshness.list(), problems: problems.list() },
      });
    },
  };
}

/** Exit code of what only the operator can decide. */
const DECISION = 4;

/** Metrics that never change. */
function setConstants(metrics: Metrics, config: Config, workers: number): void {
  const { guarantee, kafka, maxcompute, table } = config;
  metrics.buildInfo.set({ version: VERSION, node: process.version }, 1);
  metrics.pipelineInfo.set(
    { group: kafka.groupId, project: maxcompute.project, table: table.name, guarantee },
    1,
  );
  metrics.flushIntervalSeconds.set(config.flush.interval / 1000);
  metrics.workers.set(workers);
  metrics.completeness.set(1);
  metrics.member.set(0);
}

/** How often and how long reading was paused; a pause counts while it lasts. */
function createPauses(metrics: Metrics, clock: Clock, log: Log, stop: AbortSignal) {
  let since: number | null = null;
  function settle(): void {
    if (since === null) return;
    const now = clock.now();
    metrics.pauseSeconds.inc(Math.max(0, now - since) / 1000);
    since = now;
  }
  function changed(on: boolean): void {
    settle();
    since = null;
    // The last pause is the service's own: nothing more is wanted.
    if (stop.aborted) return;
    if (on) {
      since = clock.now();
      metrics.pauses.inc();
    }
    log.info({}, on ? 'reading paused: the memory budget is used up' : 'reading resumed');
  }
  return { settle, changed };
}

/** The facts that liveness and readiness are judged by; `parts` is null while the service starts. */
function snapshotOf(
  parts: Parts | null,
  given: Pick<Snapshot, 'now' | 'waitsFor' | 'decisionPending' | 'recovery' | 'flushIntervalMs' | 'stopping'>,
): Snapshot {
  const source = parts?.source.snapshot();
  const batches = parts?.coordinator.batches ?? [];
  const oldest = batches.reduce<Batch | null>((a, b) => (a && a.since <= b.since ? a : b), null);
  return {
    ...given,
    lastTurnAt: parts?.coordinator.lastTurnAt ?? given.now,
    member: source?.member ?? false,
    topicPartitions: source?.topicPartitions.length ?? 0,
    refusal: source?.refusal ?? null,
    openingSince: source?.openingSince ?? null,
    oldestStateSince: oldest?.since ?? null,
    state: oldest?.state ?? null,
    stateWaitsFor: oldest === null ? '' : cleanText(waitsFor(oldest)),
  };
}

/** A log whose warnings and errors are remembered besides, without secrets. */
function remembering(log: Log, problems: Problems, clock: Clock): Log {
  const tell = (level: 'warn' | 'error') => (fields: object, message: string) => {
    const { code, text } = problemOf(fields as ProblemFields, message);
    problems.add({ level, code, message: cleanText(text) }, message, clock.now());
    log[level](fields, message);
  };
  return {
    ...log,
    warn: tell('warn'),
    error: tell('error'),
    child: (fields) => remembering(log.child(fields), problems, clock),
  };
}

interface ProblemFields {
  readonly error?: unknown;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly why?: unknown;
  readonly warnings?: readonly string[];
}

function problemOf({ error, code, reason, why, warnings }: ProblemFields, message: string) {
  const detail = error instanceof Error ? error.message : (error ?? why ?? reason ?? warnings?.join('; '));
  const name = error instanceof SinkError ? error.code : (code ?? reason ?? 'warning');
  return { code: String(name), text: detail === undefined ? message : `${message}: ${String(detail)}` };
}
