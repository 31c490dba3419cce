import { ERRORS, REJECTIONS } from '../errors.ts';
import { MENDINGS } from '../mapping/dirty.ts';

/**
 * Every metric of maxsink stands once in this table; docs/metrics.md lists the same names (a test compares).
 * Base units throughout; count per batch or per chunk, never per row.
 */
export type MetricType = 'counter' | 'gauge' | 'histogram';

export interface MetricDefinition<T extends MetricType = MetricType, L extends string = string> {
  readonly type: T;
  readonly name: string;
  readonly unit: string;
  readonly help: string;
  readonly labels: readonly L[];
  /** Values of the labels that are shown as 0 from the start, so that a first increase is seen. */
  readonly known: readonly (string | readonly string[])[];
}

const define =
  <T extends MetricType>(type: T) =>
  <L extends string = never>(
    name: string,
    unit: string,
    help: string,
    labels: readonly L[] = [],
    known: readonly (string | readonly string[])[] = [],
  ): MetricDefinition<T, L> => ({ type, name: `maxsink_${name}`, unit, help, labels, known });

const counter = define('counter');
const gauge = define('gauge');
const histogram = define('histogram');

const SEAL_REASONS = ['age', 'rows', 'bytes', 'keys', 'table_partitions', 'revoke', 'shutdown'];
const BATCH_STATES = ['open', 'sealed', 'uploaded', 'intended', 'committed'];
const BATCH_PHASES = ['fill', 'upload', 'intend', 'commit', 'acknowledge'];
const OUTCOMES = ['row', 'dead_letter', 'filtered', 'skipped', 'deduplicated'];
const AUDIT_RESULTS = ['produced', 'lost'];
const REBALANCES = ['assigned', 'revoked', 'lost'];
const COMMIT_RESULTS = ['confirmed', 'refused'];
const RETRIED = Object.entries(ERRORS).flatMap(([code, { action }]) => (action === 'retry' ? [code] : []));
/** Rows of the recovery table that settle an intent; 5, 9 and 10 only where `ledger.onUnknown` says how. */
const RECOVERIES = [
  ...['2', '5', '7', '9'].map((row) => [row, 'advance']),
  ...['3', '5', '8', '9', '10'].map((row) => [row, 'consume']),
];
const ABANDON_REASONS = ['revoke', 'lost', 'shutdown', ...RETRIED];
const TOPIC_PARTITION = ['topic', 'partition'] as const;

/** What the process is and does. */
const PROCESS = {
  buildInfo: gauge('build_info', 'info', '1; the version of maxsink and of Node.', ['version', 'node']),
  pipelineInfo: gauge('pipeline_info', 'info', '1; what this process moves, and how.', [
    'group',
    'project',
    'table',
    'guarantee',
  ]),
  flushIntervalSeconds: gauge(
    'flush_interval_seconds',
    'seconds',
    'Age at which a batch is sealed (configuration key flush.interval).',
  ),
  decisionPending: gauge(
    'decision_pending',
    'boolean',
    '1 while the service waits for a decision of its operator, else 0.',
  ),
  workers: gauge('workers', 'threads', 'Worker threads.'),
  workersBusy: gauge('workers_busy', 'threads', 'Worker threads that have a chunk now.'),
  workerCpuSeconds: counter(
    'worker_cpu_seconds_total',
    'seconds',
    'CPU time of the worker threads on records.',
  ),
  memoryUsedBytes: gauge('memory_used_bytes', 'bytes', 'Bytes of the memory budget in use.'),
  memoryBudgetBytes: gauge('memory_budget_bytes', 'bytes', 'The memory budget (configuration key memory).'),
} as const;

/** The Kafka side. */
const SOURCE = {
  member: gauge('member', 'boolean', '1 while this process is a member of the consumer group, else 0.'),
  topicPartitions: gauge('topic_partitions', 'topic partitions', 'Topic partitions that this process has.'),
  rebalances: counter(
    'rebalances_total',
    'rebalances',
    'Topic partitions assigned, revoked, or lost (the group did not hear from this process in time).',
    ['kind'],
    REBALANCES,
  ),
  recordsRead: counter('records_read_total', 'records', 'Records polled from Kafka.', TOPIC_PARTITION),
  bytesRead: counter('read_bytes_total', 'bytes', 'Bytes of keys, values and headers polled from Kafka.'),
  acknowledgedOffset: gauge(
    'acknowledged_offset',
    'offset',
    'Next offset to be read after a crash.',
    TOPIC_PARTITION,
  ),
  lagRecords: gauge('lag_records', 'records', 'Stable end minus acknowledged offset.', TOPIC_PARTITION),
  lagSeconds: gauge(
    'lag_seconds',
    'seconds',
    'Age of the oldest unacknowledged record by its Kafka timestamp; 0 when none.',
    TOPIC_PARTITION,
  ),
  offsetCommits: counter(
    'offset_commits_total',
    'commits',
    'Offset commits, by the answer of the broker.',
    ['result'],
    COMMIT_RESULTS,
  ),
  pauses: counter('pauses_total', 'pauses', 'How often reading was paused because the budget was used up.'),
  pauseSeconds: counter('pause_seconds_total', 'seconds', 'How long reading was paused, in all.'),
  paused: gauge('paused', 'boolean', '1 while reading is paused, else 0.'),
  registryRetries: counter(
    'registry_retries_total',
    'requests',
    'Requests to the schema registry sent again, by the HTTP status or the reason.',
    ['code'],
  ),
} as const;

/** What became of the records. */
const RECORDS = {
  recordsAcknowledged: counter(
    'records_acknowledged_total',
    'records',
    'Records whose offsets have been acknowledged, counted where they were read.',
  ),
  recordsAccounted: counter(
    'records_accounted_total',
    'records',
    'The same records by what became of them, counted where they were written.',
    ['outcome'],
    OUTCOMES,
  ),
  auditEntries: counter(
    'audit_entries_total',
    'batches',
    'Batches whose entry is in the audit topic, or never will be (the log has it).',
    ['result'],
    AUDIT_RESULTS,
  ),
  completeness: gauge(
    'completeness_ratio',
    'ratio',
    'Records accounted for, divided by records acknowledged; anything but 1 is a fault of maxsink.',
  ),
  recordsRejected: counter(
    'records_rejected_total',
    'records',
    'Records that became dead letters, by reason; those that are read again count again.',
    ['code'],
    Object.keys(REJECTIONS),
  ),
  recordsSkipped: counter(
    'records_skipped_total',
    'records',
    'Dirty records that the configuration leaves out (dirty.classes: skip), by reason.',
    ['code'],
    Object.keys(REJECTIONS),
  ),
  recordsFiltered: counter(
    'records_filtered_total',
    'records',
    'Records that the configuration leaves out (table.filter).',
  ),
  recordsDeduplicated: counter(
    'records_deduplicated_total',
    'records',
    'Records left out because earlier rows of their batch have the same keys (table.deduplicate).',
  ),
  valuesMended: counter(
    'values_mended_total',
    'values',
    'Values in rows that stand in the place of dirty ones (dirty.classes), by reason and action.',
    ['code', 'action'],
    MENDINGS,
  ),
  dirtyRatio: gauge(
    'dirty_ratio',
    'ratio',
    'Share of dead letters among the records of the last ten acknowledged batches.',
  ),
  rowsWritten: counter('rows_written_total', 'rows', 'Rows in committed sessions.'),
  rowBytes: counter('row_bytes_total', 'bytes', 'Uncompressed bytes of the rows in committed sessions.'),
  lastWritten: gauge(
    'table_partition_last_written_timestamp_seconds',
    'seconds',
    'When this process last made rows visible in the table partition; the 50 with the newest event times.',
    ['table_partition'],
  ),
  newestEvent: gauge(
    'table_partition_newest_event_timestamp_seconds',
    'seconds',
    'Newest event time that this process has written to the table partition.',
    ['table_partition'],
  ),
  oldestEvent: gauge(
    'table_partition_oldest_event_timestamp_seconds',
    'seconds',
    'Oldest event time that this process has written to the table partition.',
    ['table_partition'],
  ),
} as const;

/** Batches, and the MaxCompute side. */
const SINK = {
  batchesSealed: counter(
    'batches_sealed_total',
    'batches',
    'Why batches were sealed.',
    ['reason'],
    SEAL_REASONS,
  ),
  batchesAcknowledged: counter(
    'batches_acknowledged_total',
    'batches',
    'Batches whose offsets have advanced.',
  ),
  batchesAbandoned: counter(
    'batches_abandoned_total',
    'batches',
    'Batches given up; their records are read again.',
    ['reason'],
    ABANDON_REASONS,
  ),
  batchState: gauge('batches', 'batches', 'Batches in each state now.', ['state'], BATCH_STATES),
  batchesStuck: gauge(
    'batches_stuck',
    'batches',
    'Batches that have been in one state for over 3 flush intervals (at least 3 min).',
  ),
  intentsPending: gauge(
    'intents_pending',
    'intents',
    'Intents of earlier owners that this process has found and is settling now.',
  ),
  recoverySeconds: gauge(
    'recovery_seconds',
    'seconds',
    'How long this process has been settling the oldest of them; 0 when there is none.',
  ),
  recoveries: counter(
    'recoveries_total',
    'intents',
    'Intents found and settled, by the row of the recovery table: topic partitions went to the end of the batch (advance), or are read from its beginning (consume).',
    ['row', 'action'],
    RECOVERIES,
  ),
  batchPhaseSeconds: histogram(
    'batch_phase_seconds',
    'seconds',
    'Time that batches spend in each phase.',
    ['phase'],
    BATCH_PHASES,
  ),
  sessionsOpen: gauge('sessions_open', 'sessions', 'Upload sessions of the batches under way.'),
  unknownFields: counter(
    'unknown_fields_total',
    'fields',
    'Different top-level fields without a column that were met (table.unknownFields).',
  ),
  replans: counter('replans_total', 'plans', 'Times that a changed table was matched anew.'),
  sessionsCreated: counter('sessions_created_total', 'sessions', 'Upload sessions created.'),
  sessionsCommitted: counter('sessions_committed_total', 'sessions', 'Upload sessions committed.'),
  blocksUploaded: counter('blocks_uploaded_total', 'blocks', 'Blocks uploaded.'),
  blockBytes: counter('block_bytes_total', 'bytes', 'Compressed bytes of the uploaded blocks.'),
  tunnelRetries: counter(
    'tunnel_retries_total',
    'requests',
    'Requests to MaxCompute sent again, by its code.',
    ['code'],
  ),
  overQuotaWaits: counter('over_quota_waits_total', 'waits', 'Waits because MaxCompute asked to slow down.'),
} as const;

export const METRICS = { ...PROCESS, ...SOURCE, ...RECORDS, ...SINK } as const;
