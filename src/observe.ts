import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Snapshot } from './ops/health.ts';
import type { Metrics } from './ops/metrics.ts';
import type { Batch } from './sink/batch.ts';
import type { Coordinator } from './sink/coordinator.ts';
import type { CoordinatorEvents } from './sink/options.ts';
import { type Source, topicPartitionKey } from './source/source.ts';

/** What the coordinator tells, as metrics and one log line per change. */
export function coordinatorEvents(metrics: Metrics, log: Log): CoordinatorEvents {
  return {
    assigned(topicPartitions) {
      metrics.rebalances.inc();
      log.info({ topicPartitions }, 'topic partitions assigned');
    },
    revoked(lost) {
      if (lost) log.warn({}, 'topic partitions lost: the group did not hear from this member in time');
      else log.info({}, 'topic partitions revoked');
    },
    sealed: (batch) => metrics.batchesSealed.inc({ reason: batch.sealedBy! }),
    state: (batch) => log.debug({ batch: batch.id, state: batch.state }, 'batch state'),
    acknowledged(batch) {
      metrics.batchesAcknowledged.inc();
      metrics.rowsWritten.inc(batch.rows);
      for (const [phase, ms] of Object.entries(batch.phases))
        metrics.batchPhaseSeconds.observe({ phase }, ms / 1000);
      log.info(batchLine(batch), 'batch acknowledged');
    },
    abandoned(batch, reason) {
      metrics.batchesAbandoned.inc({ reason });
      log.warn({ ...batchLine(batch), reason }, 'batch abandoned: its records are read again');
    },
    rejected: (code) => metrics.recordsRejected.inc({ code }),
  };
}

function batchLine(batch: Batch): object {
  return {
    batch: batch.id,
    sealedBy: batch.sealedBy,
    records: batch.records,
    rows: batch.rows,
    rejected: batch.rejected,
    rowBytes: batch.rowBytes,
    tablePartitions: batch.upload.tablePartitions,
    fillMs: batch.phases.fill,
    uploadMs: batch.phases.upload,
    commitMs: batch.phases.commit,
    acknowledgeMs: batch.phases.acknowledge,
    offsets: [...batch.ranges.values()].map((r) => `${topicPartitionKey(r)}:${r.first}-${r.end}`).join(' '),
  };
}

export interface Observed {
  readonly coordinator: Coordinator;
  readonly source: Source;
  readonly budget: { readonly usedBytes: number; readonly limitBytes: number };
  readonly clock: Clock;
}

/** Gauges that are worked out when somebody asks. */
export function collect(metrics: Metrics, { coordinator, source, budget, clock }: Observed): void {
  metrics.memoryUsedBytes.set(budget.usedBytes);
  metrics.memoryBudgetBytes.set(budget.limitBytes);
  const { paused, topicPartitions } = source.snapshot();
  metrics.paused.set(paused ? 1 : 0);
  for (const state of ['open', 'sealed', 'uploaded', 'committed']) {
    metrics.batchState.set({ state }, coordinator.batches.filter((batch) => batch.state === state).length);
  }
  const oldest = oldestTimestamps(coordinator);
  metrics.acknowledgedOffset.reset();
  metrics.lagRecords.reset();
  metrics.lagSeconds.reset();
  for (const tp of topicPartitions) {
    const labels = { topic: tp.topic, partition: String(tp.partition) };
    metrics.acknowledgedOffset.set(labels, tp.acknowledged);
    if (tp.stableEnd === null) continue;
    const records = Math.max(0, tp.stableEnd - tp.acknowledged);
    const since = oldest.get(topicPartitionKey(tp));
    metrics.lagRecords.set(labels, records);
    metrics.lagSeconds.set(labels, since === undefined ? 0 : Math.max(0, clock.now() - since) / 1000);
  }
}

/** Record timestamp of the oldest unacknowledged record of each topic partition, ms. */
function oldestTimestamps(coordinator: Coordinator): Map<string, number> {
  const oldest = new Map<string, number>();
  for (const range of coordinator.unacknowledged()) {
    const key = topicPartitionKey(range);
    if (range.records > 0 && !Number.isNaN(range.firstTimestamp) && !oldest.has(key))
      oldest.set(key, range.firstTimestamp);
  }
  return oldest;
}

/** The facts that liveness and readiness are judged by; `observed` is null while the service starts. */
export function healthSnapshot(
  observed: Observed | null,
  now: number,
  flushIntervalMs: number,
  stopping: boolean,
): Snapshot {
  const source = observed?.source.snapshot();
  const batches = observed?.coordinator.batches ?? [];
  const oldest = batches.reduce<Batch | null>((a, b) => (a && a.since <= b.since ? a : b), null);
  return {
    now,
    lastTurnAt: observed?.coordinator.lastTurnAt ?? now,
    starting: observed === null,
    member: source?.member ?? false,
    topicPartitions: source?.topicPartitions.length ?? 0,
    refusal: source?.refusal ?? null,
    oldestStateSince: oldest?.since ?? null,
    state: oldest?.state ?? null,
    flushIntervalMs,
    decisionPending: null,
    stopping,
  };
}
