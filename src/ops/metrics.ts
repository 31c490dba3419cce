import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';
import { METRICS, type MetricDefinition } from './metric-table.ts';

export { METRICS };

/** Upper limits of the buckets, seconds: from a commit to a batch that waits half an hour. */
const PHASE_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];
/** Metrics of the client library whose names break the conventions; the same numbers stand in others. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

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

/**
 * The only importer of prom-client. One set of instruments with its own registry; nothing is global.
 * Every metric carries `labels`, those of the process included.
 */
export function createMetrics(labels: Readonly<Record<string, string>> = {}): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
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
  const start = known.map((values) =>
    Object.fromEntries([values].flat().map((value, i) => [labels[i]!, value])),
  );
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
