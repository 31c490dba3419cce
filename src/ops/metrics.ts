import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';

/**
 * The only importer of prom-client. Every metric of maxsink stands once in this table; README lists
 * the same names (a test compares). Base units throughout; count per batch or per chunk, never per row.
 */
type MetricType = 'counter' | 'gauge' | 'histogram';

export interface MetricDefinition<T extends MetricType = MetricType, L extends string = string> {
  readonly type: T;
  readonly name: string;
  readonly unit: string;
  readonly help: string;
  readonly labels: readonly L[];
  /** Values of the only label that are shown as 0 from the start, so that a first increase is seen. */
  readonly known: readonly string[];
}

const define =
  <T extends MetricType>(type: T) =>
  <L extends string = never>(
    name: string,
    unit: string,
    help: string,
    labels: readonly L[] = [],
    known: readonly string[] = [],
  ): MetricDefinition<T, L> => ({ type, name: `maxsink_${name}`, unit, help, labels, known });

const counter = define('counter');
const gauge = define('gauge');
const histogram = define('histogram');

const SEAL_REASONS = ['age', 'rows', 'bytes', 'table_partitions', 'revoke', 'shutdown'];
const BATCH_STATES = ['open', 'sealed', 'uploaded', 'committed'];
const BATCH_PHASES = ['fill', 'upload', 'commit', 'acknowledge'];
const PHASE_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

export const METRICS = {
  recordsRead: counter('records_read_total', 'records', 'Records polled from Kafka.', ['topic', 'partition']),
  bytesRead: counter('read_bytes_total', 'bytes', 'Bytes of keys, values and headers polled from Kafka.'),
  rowsWritten: counter('rows_written_total', 'rows', 'Rows in committed sessions.'),
  recordsRejected: counter(
    'records_rejected_total',
    'records',
    'Records that became dead letters, by reason.',
    ['code'],
  ),
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
  ),
  batchState: gauge('batches', 'batches', 'Batches in each state now.', ['state'], BATCH_STATES),
  batchPhaseSeconds: histogram(
    'batch_phase_seconds',
    'seconds',
    'Time that batches spend in each phase.',
    ['phase'],
    BATCH_PHASES,
  ),
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
  registryRetries: counter(
    'registry_retries_total',
    'requests',
    'Requests to the schema registry that failed and were sent again.',
  ),
  overQuotaWaits: counter('over_quota_waits_total', 'waits', 'Waits because MaxCompute asked to slow down.'),
  memoryUsedBytes: gauge('memory_used_bytes', 'bytes', 'Bytes of the memory budget in use.'),
  memoryBudgetBytes: gauge('memory_budget_bytes', 'bytes', 'The memory budget (configuration key memory).'),
  pauses: counter('pauses_total', 'pauses', 'How often reading was paused because the budget was used up.'),
  paused: gauge('paused', 'boolean', '1 while reading is paused, else 0.'),
  rebalances: counter('rebalances_total', 'rebalances', 'Rebalances of the consumer group.'),
  acknowledgedOffset: gauge('acknowledged_offset', 'offset', 'Next offset to be read after a crash.', [
    'topic',
    'partition',
  ]),
  lagRecords: gauge('lag_records', 'records', 'Stable end minus acknowledged offset.', [
    'topic',
    'partition',
  ]),
  lagSeconds: gauge('lag_seconds', 'seconds', 'Age of the oldest unacknowledged record; 0 when none.', [
    'topic',
    'partition',
  ]),
  offsetCommits: counter('offset_commits_total', 'commits', 'Offset commits, by the answer of the broker.', [
    'result',
  ]),
  workers: gauge('workers', 'threads', 'Worker threads.'),
  workerCpuSeconds: counter(
    'worker_cpu_seconds_total',
    'seconds',
    'CPU time of the worker threads on records.',
  ),
} as const;

type Labels<L extends string> = Readonly<Record<L, string | number>>;
type OptionalLabels<L extends string> = [L] extends [never] ? [] : [labels: Labels<L>];

/** Without labels `inc()` or `inc(n)`; with labels `inc({reason: 'age'})` or `inc({reason: 'age'}, n)`. */
export interface Counter<L extends string = never> {
  inc(...labelsAndAmount: [...OptionalLabels<L>, amount?: number]): void;
}

/** Without labels `set(v)`; with labels `set({state: 'open'}, v)`. */
export interface Gauge<L extends string = never> {
  set(...labelsAndValue: [...OptionalLabels<L>, value: number]): void;
  /** Forgets every label value, e.g. before a collect hook sets those of today's assignment. */
  reset(): void;
}

export interface Histogram<L extends string = never> {
  observe(...labelsAndValue: [...OptionalLabels<L>, value: number]): void;
}

type Instrument<D> =
  D extends MetricDefinition<infer T, infer L>
    ? { counter: Counter<L>; gauge: Gauge<L>; histogram: Histogram<L> }[T]
    : never;

type Instruments = { readonly [Key in keyof typeof METRICS]: Instrument<(typeof METRICS)[Key]> };

export interface Metrics extends Instruments {
  /** Prometheus text of maxsink's and the process's own metrics, after all collect hooks. */
  render(): Promise<string>;
  readonly contentType: string;
  /** `refresh` runs before every render: sets gauges that nobody keeps up to date. */
  onCollect(refresh: () => void | Promise<void>): void;
  /** Ends the measuring of the process. */
  stop(): void;
}

/** One set of instruments with its own registry; nothing is global. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const hooks: (() => void | Promise<void>)[] = [];
  const instruments = Object.fromEntries(
    Object.entries(METRICS).map(([key, definition]) => [key, createInstrument(definition, registry)]),
  ) as unknown as Instruments;
  return {
    ...instruments,
    contentType: registry.contentType,
    async render() {
      for (const refresh of hooks) await refresh();
      return registry.metrics();
    },
    onCollect: (refresh) => void hooks.push(refresh),
    stop: () => registry.clear(),
  };
}

type Arguments = (Labels<string> | number | undefined)[];

/** `[labels?, value?]` as labels and a value: only metrics with labels are called with them. */
const split = (given: Arguments): [Labels<string>, number | undefined] => {
  const [first, second] = given;
  return typeof first === 'object' ? [first, second as number | undefined] : [{}, first];
};

function createInstrument(definition: MetricDefinition, registry: Registry): object {
  const { type, name, help, labels, known } = definition;
  const options = { name, help, labelNames: labels, registers: [registry] };
  const start = known.map((value) => ({ [labels[0]!]: value }));
  if (type === 'counter') {
    const metric = new PromCounter(options);
    for (const label of start) metric.inc(label, 0);
    return {
      inc: (...given: Arguments) => {
        const [label, amount] = split(given);
        metric.inc(label, amount ?? 1);
      },
    };
  }
  if (type === 'gauge') {
    const metric = new PromGauge(options);
    for (const label of start) metric.set(label, 0);
    return {
      set: (...given: Arguments) => {
        const [label, value] = split(given);
        metric.set(label, value ?? 0);
      },
      reset: () => metric.reset(),
    };
  }
  const metric = new PromHistogram({ ...options, buckets: PHASE_BUCKETS });
  for (const label of start) metric.zero(label);
  return {
    observe: (...given: Arguments) => {
      const [label, value] = split(given);
      metric.observe(label, value ?? 0);
    },
  };
}
