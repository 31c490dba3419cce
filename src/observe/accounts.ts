import type { Clock } from '../clock.ts';
import { LIMITS } from '../limits.ts';
import type { Log } from '../log.ts';
import { createFreshness } from '../ops/freshness.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { BatchStatus, RecordsStatus } from '../ops/status.ts';
import type { Batch } from '../sink/batch.ts';
import { addLeftOut, type LeftOut, NOTHING_LEFT_OUT, totalOf } from '../sink/left-out.ts';
import type { CoordinatorEvents } from '../sink/options.ts';
import { entryOf, offsetsText, type TrailEntry, trailFields } from '../trail/entry.ts';
import { batchStatus } from './status.ts';

/** What the coordinator tells, as metrics and one log line per change; with what is remembered of it. */
export function createAccounts(
  metrics: Metrics,
  clock: Clock,
  log: Log,
  onEntry: (entry: TrailEntry) => void,
) {
  const freshness = createFreshness();
  const acknowledged: BatchStatus[] = [];
  const rejected: Record<string, number> = {};
  const sums = { acknowledged: 0, rows: 0, deadLetters: 0, filtered: 0, skipped: 0, deduplicated: 0 };
  let leftOut = NOTHING_LEFT_OUT;
  let extraRows = 0;
  const completeness = () => {
    const { acknowledged, rows, deadLetters, filtered, skipped, deduplicated } = sums;
    const accounted = rows - extraRows + deadLetters + filtered + skipped + deduplicated;
    return acknowledged === 0 ? 1 : accounted / acknowledged;
  };
  const dirtyRatio = () => {
    const total = (of: (batch: BatchStatus) => number) => acknowledged.reduce((n, one) => n + of(one), 0);
    return (
      total((one) => one.deadLetters) /
      Math.max(
        1,
        total((one) => one.records),
      )
    );
  };

  /** Two counts of the same records, by those who read them and by those who wrote them. */
  function account(batch: Batch): void {
    const records = [...batch.ranges.values()].reduce((sum, range) => sum + range.records, 0);
    const rows = batch.upload.facts().reduce((sum, target) => sum + target.rowsInBlocks, 0);
    sums.acknowledged += records;
    sums.rows += rows;
    extraRows += batch.extraRows;
    sums.deadLetters += batch.rejected;
    metrics.recordsAcknowledged.inc(records);
    metrics.recordsAccounted.inc({ outcome: 'row' }, rows - batch.extraRows);
    metrics.recordsAccounted.inc({ outcome: 'dead_letter' }, batch.rejected);
    accountLeftOut(batch.leftOut);
    acknowledged.unshift(batchStatus(batch, clock.now()));
    acknowledged.length = Math.min(acknowledged.length, LIMITS.rememberedBatches);
    metrics.completeness.set(completeness());
    metrics.dirtyRatio.set(dirtyRatio());
  }

  function accountLeftOut(one: LeftOut): void {
    const { filtered, deduplicated } = one;
    const skipped = totalOf(one.skipped);
    leftOut = addLeftOut(leftOut, one);
    sums.filtered += filtered;
    sums.skipped += skipped;
    sums.deduplicated += deduplicated;
    for (const [outcome, n] of Object.entries({ filtered, skipped, deduplicated }))
      metrics.recordsAccounted.inc({ outcome }, n);
    metrics.recordsFiltered.inc(filtered);
    metrics.recordsDeduplicated.inc(deduplicated);
    for (const [code, n] of Object.entries(one.skipped)) metrics.recordsSkipped.inc({ code }, n);
    for (const { code, action, values } of one.mended) metrics.valuesMended.inc({ code, action }, values);
  }

  const events: CoordinatorEvents = {
    assigned(topicPartitions) {
      metrics.rebalances.inc({ kind: 'assigned' });
      log.info({ topicPartitions }, 'topic partitions assigned');
    },
    revoked(lost) {
      metrics.rebalances.inc({ kind: lost ? 'lost' : 'revoked' });
      if (lost) log.warn({}, 'topic partitions lost: the group did not hear from this member in time');
      else log.info({}, 'topic partitions revoked');
    },
    sealed: (batch) => metrics.batchesSealed.inc({ reason: batch.sealedBy! }),
    state(batch) {
      log.debug({ batch: batch.id, state: batch.state }, 'batch state');
      if (batch.state !== 'committed') return;
      metrics.rowsWritten.inc(batch.rows);
      metrics.rowBytes.inc(batch.rowBytes);
      freshness.add(batch.upload.facts(), clock.now());
    },
    acknowledged(batch) {
      metrics.batchesAcknowledged.inc();
      account(batch);
      for (const [phase, ms] of Object.entries(batch.phases))
        metrics.batchPhaseSeconds.observe({ phase }, ms / 1000);
      const entry = entryOf(batch);
      log.info({ ...batchLine(batch), ...trailFields(entry) }, 'batch acknowledged');
      onEntry(entry);
    },
    abandoned(batch, reason) {
      metrics.batchesAbandoned.inc({ reason });
      log.warn({ ...batchLine(batch), reason }, 'batch abandoned: its records are read again');
    },
    rejected(code) {
      metrics.recordsRejected.inc({ code });
      rejected[code] = (rejected[code] ?? 0) + 1;
    },
  };
  const records = (): RecordsStatus => ({
    ...sums,
    completeness: completeness(),
    dirtyRatio: dirtyRatio(),
    rejected: { ...rejected },
    skippedByCode: leftOut.skipped,
    mended: leftOut.mended,
  });
  return { events, records, acknowledged: acknowledged as readonly BatchStatus[], freshness };
}

function batchLine(batch: Batch): object {
  return {
    batch: batch.id,
    sealedBy: batch.sealedBy,
    records: batch.records,
    rows: batch.rows,
    deadLetters: batch.rejected,
    ...leftOutFields(batch.leftOut),
    rowBytes: batch.rowBytes,
    tablePartitions: batch.upload.tablePartitions,
    fillMs: batch.phases.fill,
    uploadMs: batch.phases.upload,
    intendMs: batch.phases.intend,
    commitMs: batch.phases.commit,
    acknowledgeMs: batch.phases.acknowledge,
    offsets: offsetsText([...batch.ranges.values()]),
  };
}

/** What there is, in detail; the entry of the trail has the totals. */
function leftOutFields({ skipped, mended }: LeftOut): object {
  return {
    ...(totalOf(skipped) > 0 ? { skippedByCode: skipped } : {}),
    ...(mended.length > 0 ? { mended } : {}),
  };
}
