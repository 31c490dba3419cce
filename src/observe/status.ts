import type { Config } from '../config/schema.ts';
import { effectiveSettings } from '../config/settings.ts';
import type { PendingIntent } from '../ledger/work.ts';
import { cleanFields, cleanText } from '../log.ts';
import type { FreshTablePartition } from '../ops/freshness.ts';
import type { Health } from '../ops/health.ts';
import type { Problem } from '../ops/problems.ts';
import type {
  BatchStatus,
  MemoryStatus,
  PendingIntentStatus,
  ProblemStatus,
  RecordsStatus,
  Status,
  TablePartitionStatus,
  TopicPartitionStatus,
} from '../ops/status.ts';
import { type Batch, waitsFor } from '../sink/batch.ts';
import { totalOf } from '../sink/left-out.ts';
import { topicPartitionKey } from '../source/source.ts';
import { VERSION } from '../version.ts';
import { type Lag, lagOf, type Parts } from './collect.ts';

/** What the status is made of; times in ms. */
export interface Facts {
  readonly config: Config;
  readonly now: number;
  readonly startedAt: number;
  readonly live: Health;
  readonly ready: Health;
  readonly workers: number;
  readonly records: RecordsStatus;
  readonly acknowledged: readonly BatchStatus[];
  /** Intents of earlier owners that are being settled. */
  readonly found: readonly PendingIntent[];
  readonly tablePartitions: readonly FreshTablePartition[];
  readonly problems: readonly Problem[];
  /** Null while the service starts. */
  readonly parts: Parts | null;
}

export function statusOf(facts: Facts): Status {
  const { config, now, startedAt, live, ready, workers, records, acknowledged, parts } = facts;
  const { project, schema } = config.maxcompute;
  return {
    version: VERSION,
    node: process.version,
    name: config.name,
    group: config.kafka.groupId,
    guarantee: config.guarantee,
    topics: config.kafka.topics?.join(', ') ?? config.kafka.topicPattern ?? '',
    table: [project, ...(schema === null ? [] : [schema]), config.table.name].join('.'),
    now: iso(now),
    startedAt: iso(startedAt),
    uptimeSeconds: (now - startedAt) / 1000,
    health: { live, ready },
    records,
    topicPartitions: parts === null ? [] : lagOf(parts, now).map(topicPartitionStatus),
    pendingIntents: [
      ...facts.found.map((one) => foundStatus(one, now)),
      ...(parts?.coordinator.batches ?? []).flatMap((batch) => ownIntentStatus(batch, now)),
    ],
    batches: (parts?.coordinator.batches ?? []).map((batch) => batchStatus(batch, now)),
    acknowledged,
    tablePartitions: facts.tablePartitions.map(tablePartitionStatus),
    problems: facts.problems.map(problemStatus),
    memory: memoryStatus(parts, config.memory),
    workers: {
      threads: workers,
      busy: parts?.pool.busy ?? 0,
      cpuSeconds: (parts?.pool.cpuMicros ?? 0) / 1e6,
    },
    settings: cleanFields(effectiveSettings(config)),
  };
}

/** Safe for any number: a time that no date can hold is shown as the nearest that one can. */
const iso = (ms: number): string => new Date(Math.max(-8.64e15, Math.min(8.64e15, ms))).toISOString();

function topicPartitionStatus(lag: Lag): TopicPartitionStatus {
  const { topic, partition, acknowledged, position, stableEnd, records, seconds } = lag;
  return {
    ...{ topic, partition, acknowledged, position, stableEnd },
    ...{ lagRecords: records, lagSeconds: seconds },
  };
}

export function batchStatus(batch: Batch, now: number): BatchStatus {
  const { id, state, since, openedAt, sealedBy, records, rows, rejected, rowBytes, phases } = batch;
  const { filtered, skipped, deduplicated } = batch.leftOut;
  return {
    ...{ id, state, sealedBy, records, rows, deadLetters: rejected, rowBytes },
    ...{ filtered, skipped: totalOf(skipped), deduplicated },
    since: iso(since),
    waitsFor: cleanText(waitsFor(batch)) || null,
    ageSeconds: Math.max(0, now - openedAt) / 1000,
    phases: Object.fromEntries(Object.entries(phases).map(([phase, ms]) => [phase, ms / 1000])),
    sessions: batch.upload.facts().map((target) => ({
      tablePartition: target.tablePartition,
      session: target.sessionId,
      blocks: target.blocks,
      rows: target.rows,
    })),
    ranges: [...batch.ranges.values()].map(({ topic, partition, first, end }) => {
      return { topic, partition, first, end };
    }),
  };
}

function foundStatus(found: PendingIntent, now: number): PendingIntentStatus {
  const { batch, row, why, createdAt, topicPartitions } = found;
  return {
    ...{
      batch,
      state: 'found',
      row: row === 0 ? null : row,
      waitsFor: cleanText(why),
      written: iso(createdAt),
    },
    ageSeconds: Math.max(0, now - createdAt) / 1000,
    topicPartitions: topicPartitions.map(topicPartitionKey),
  };
}

function ownIntentStatus(batch: Batch, now: number): PendingIntentStatus[] {
  const { id, state, intentAt, ranges } = batch;
  if (intentAt === null) return [];
  return [
    {
      ...{ batch: id, state, row: null, waitsFor: null, written: iso(intentAt) },
      ageSeconds: Math.max(0, now - intentAt) / 1000,
      topicPartitions: [...ranges.keys()],
    },
  ];
}

function tablePartitionStatus(fresh: FreshTablePartition): TablePartitionStatus {
  const { tablePartition, rows, lastWrittenAt, oldestEvent, newestEvent } = fresh;
  const event = (ms: number) => (Number.isFinite(ms) ? iso(ms) : null);
  return {
    ...{ tablePartition, rows, lastWritten: iso(lastWrittenAt) },
    ...{ oldestEvent: event(oldestEvent), newestEvent: event(newestEvent) },
  };
}

function problemStatus({ level, code, message, firstAt, lastAt, count }: Problem): ProblemStatus {
  return { level, code, message, first: iso(firstAt), last: iso(lastAt), count };
}

function memoryStatus(parts: Parts | null, budgetBytes: number): MemoryStatus {
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    usedBytes: parts?.budget.usedBytes ?? 0,
    budgetBytes: parts?.budget.limitBytes ?? budgetBytes,
    paused: parts?.source.snapshot().paused ?? false,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    externalBytes: external,
  };
}
