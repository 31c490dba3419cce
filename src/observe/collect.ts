import type { Budget } from '../budget.ts';
import type { EncodePool } from '../encode/pool.ts';
import type { Freshness } from '../ops/freshness.ts';
import { stuckAfterMs } from '../ops/health.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Coordinator } from '../sink/coordinator.ts';
import { type Source, type TopicPartitionLag, topicPartitionKey } from '../source/source.ts';

/** The parts of a running service, as far as they are looked at. */
export interface Parts {
  readonly coordinator: Pick<Coordinator, 'batches' | 'unacknowledged' | 'lastTurnAt'>;
  readonly source: Pick<Source, 'snapshot'>;
  readonly pool: Pick<EncodePool, 'workers' | 'busy' | 'cpuMicros'>;
  readonly budget: Pick<Budget, 'usedBytes' | 'limitBytes'>;
}

export interface Lag extends TopicPartitionLag {
  /** Null: the end of the log is not known yet. */
  readonly records: number | null;
  readonly seconds: number | null;
}

/**
 * Lag of each topic partition. Its age is that of the oldest record in hand; with nothing in hand, that of the
 * first record in the log; and 0 when nothing is behind, or only what no reader sees (ends of transactions).
 */
export function lagOf({ coordinator, source }: Parts, now: number): Lag[] {
  const oldest = oldestTimestamps(coordinator);
  return source.snapshot().topicPartitions.map((tp) => {
    if (tp.stableEnd === null) return { ...tp, records: null, seconds: null };
    const records = Math.max(0, tp.stableEnd - tp.acknowledged);
    const since = oldest.get(topicPartitionKey(tp)) ?? tp.unreadSince;
    const behind = records > 0 && since !== null;
    return { ...tp, records, seconds: behind ? Math.max(0, now - since) / 1000 : 0 };
  });
}

/** Record timestamp of the oldest unacknowledged record of each topic partition, ms. */
function oldestTimestamps(coordinator: Parts['coordinator']): Map<string, number> {
  const oldest = new Map<string, number>();
  for (const range of coordinator.unacknowledged()) {
    const key = topicPartitionKey(range);
    if (range.records > 0 && !Number.isNaN(range.firstTimestamp) && !oldest.has(key))
      oldest.set(key, range.firstTimestamp);
  }
  return oldest;
}

/** Gauges that are worked out when somebody asks. */
export function collect(metrics: Metrics, parts: Parts, flushIntervalMs: number, now: number): void {
  const { coordinator, source, pool, budget } = parts;
  metrics.memoryUsedBytes.set(budget.usedBytes);
  metrics.memoryBudgetBytes.set(budget.limitBytes);
  metrics.workersBusy.set(pool.busy);
  const { paused, member, topicPartitions } = source.snapshot();
  metrics.paused.set(paused ? 1 : 0);
  metrics.member.set(member ? 1 : 0);
  metrics.topicPartitions.set(topicPartitions.length);
  collectBatches(metrics, coordinator.batches, flushIntervalMs, now);
  metrics.acknowledgedOffset.reset();
  metrics.lagRecords.reset();
  metrics.lagSeconds.reset();
  for (const { topic, partition, acknowledged, records, seconds } of lagOf(parts, now)) {
    const labels = { topic, partition: String(partition) };
    metrics.acknowledgedOffset.set(labels, acknowledged);
    if (records !== null) metrics.lagRecords.set(labels, records);
    if (seconds !== null) metrics.lagSeconds.set(labels, seconds);
  }
}

function collectBatches(
  metrics: Metrics,
  batches: Coordinator['batches'],
  flushIntervalMs: number,
  now: number,
): void {
  for (const state of ['open', 'sealed', 'uploaded', 'intended', 'committed']) {
    metrics.batchState.set({ state }, batches.filter((batch) => batch.state === state).length);
  }
  const stuck = batches.filter((batch) => now - batch.since > stuckAfterMs(flushIntervalMs));
  metrics.batchesStuck.set(stuck.length);
  metrics.sessionsOpen.set(batches.reduce((sum, batch) => sum + batch.upload.tablePartitions, 0));
}

export function collectFreshness(metrics: Metrics, freshness: Freshness): void {
  metrics.lastWritten.reset();
  metrics.newestEvent.reset();
  metrics.oldestEvent.reset();
  for (const { tablePartition, lastWrittenAt, newestEvent, oldestEvent } of freshness.list()) {
    const labels = { table_partition: tablePartition };
    metrics.lastWritten.set(labels, lastWrittenAt / 1000);
    if (!Number.isFinite(newestEvent)) continue;
    metrics.newestEvent.set(labels, newestEvent / 1000);
    metrics.oldestEvent.set(labels, oldestEvent / 1000);
  }
}
