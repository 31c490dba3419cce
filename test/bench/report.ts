import type { EmulatorLoad } from './emulator-load.ts';
import type { FormatCost } from './formats.ts';
import type { Latency } from './latency.ts';
import { type Cpu, median, type Run, steady } from './sample.ts';

/** One turn of all readers over the same records. */
export interface Round {
  readonly jvm: Run;
  readonly count: Run;
  readonly pack: Run;
  /** `exactly_once`. */
  readonly route: Run;
  /** The same with `at_least_once`. */
  readonly leastOnce: Run;
}

export interface Results {
  readonly machine: string;
  readonly records: number;
  readonly rounds: readonly Round[];
  /** Microseconds of CPU per record. */
  readonly decode: { readonly parse: number; readonly path: number; readonly avro: number };
  readonly formats: readonly FormatCost[];
  /** Rows of 1 KB; `sendingRate`: rows per second that the service sends of them. */
  readonly load: EmulatorLoad & { readonly sendingRate: number };
  readonly latency: Latency & { readonly intervalMs: number };
}

/** A ratio with what it should be; `less`: smaller is better. */
interface Goal {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly floor: number | null;
  readonly target: number;
  readonly less?: boolean;
}

const READERS: readonly (readonly [keyof Round, string])[] = [
  ['jvm', 'JVM ConsumerPerformance, only reads'],
  ['count', 'Node, consume(1000), only reads'],
  ['pack', 'Node, consume(1000), packs chunks'],
  ['route', '**the whole route**, exactly_once'],
  ['leastOnce', 'the whole route, at_least_once'],
];

const NOTE =
  'CPU-s/M: user and system CPU seconds per million records, after the start; ratios (JVM tool = 1) and the JVM tool count their start. ' +
  'Broker, emulator and service share the cores.';

/** Markdown for the README. */
export function report(results: Results): string {
  const { machine, records, rounds } = results;
  const title = `${rounds.length} rounds, each over ${records.toLocaleString('en')} records of about 1 KB; medians. ${machine}`;
  return [
    title,
    '',
    ...readersTable(results),
    '',
    NOTE,
    '',
    ...goalsTable(goals(results)),
    '',
    ...formatsTable(results.formats),
    '',
    loadLine(results.load),
    '',
  ].join('\n');
}

function readersTable({ rounds, records }: Results): string[] {
  const rows = READERS.map(([reader, name]) => {
    const middle = (of: (run: Run) => number) => median(rounds.map((round) => of(round[reader])));
    const perMillion = (part: keyof Cpu) => middle((run) => steady(run, part, records));
    const [total, main, workers, kafka] = (['total', 'main', 'workers', 'kafka'] as const).map(perMillion);
    const threads =
      reader === 'jvm' ? ['', '', '', ''] : [main!, workers!, kafka!, total! - main! - workers! - kafka!];
    return [
      name,
      Math.round(middle((run) => run.rate)).toLocaleString('en'),
      ...[total!, ...threads].map((value) => figure(value)),
      reader === 'jvm' ? 'included' : figure(middle((run) => run.start.total)),
      figure(
        middle((run) => run.peakRssBytes / 1e6),
        0,
      ),
    ];
  });
  const head = [
    ...['reader', 'records/s', 'CPU-s/M', 'main', 'workers', 'librdkafka', 'rest'],
    ...['CPU-s of start', 'peak RSS, MB'],
  ];
  return table([head, ...rows]);
}

/** The examples of config/formats: nested columns, decimals and times, the same order in most of them. */
function formatsTable(formats: readonly FormatCost[]): string[] {
  const json = formats.find(({ name }) => name === 'json')!;
  const rows = formats.map(({ name, bytes, micros }) => [
    ...[name, String(bytes), Math.round(1e6 / micros).toLocaleString('en'), figure(json.micros / micros)],
  ]);
  return table([['format', 'bytes', 'rows per CPU-s (decode, map, encode)', 'JSON = 1'], ...rows]);
}

function loadLine({
  rows,
  rowBytes,
  seconds,
  cpuSeconds,
  peakRssBytes,
  sendingRate,
}: Results['load']): string {
  const rate = (value: number) => Math.round(value).toLocaleString('en');
  return `Local MaxCompute, ${rate(rows)} rows of ${rate(rowBytes)} bytes kept on disk: ${seconds.toFixed(1)} s with the commit (${rate(rows / seconds)} rows/s, ${cpuSeconds.toFixed(1)} CPU-s, peak RSS ${rate(peakRssBytes / 1e6)} MB); the service sends ${rate(sendingRate)} rows/s of them.`;
}

function goals({ rounds, records, decode, load, latency }: Results): Goal[] {
  const middle = (of: (round: Round) => number) => median(rounds.map(of));
  const perMillion = (run: Run, part: keyof Cpu) => steady(run, part, records);
  return [
    {
      ...{ id: 'route', what: 'whole route, CPU-s per million rows', floor: null, target: 16, less: true },
      value: middle(({ route }) => perMillion(route, 'total')),
    },
    {
      ...{ id: 'route-addon', what: 'rows per CPU-s, JVM tool = 1', floor: 0.4, target: 0.55 },
      value: middle(({ jvm, route }) => jvm.whole.total / route.whole.total),
    },
    {
      ...{ id: 'exactly-once', what: 'rows/s, at_least_once = 1', floor: 0.95, target: 0.95 },
      value: middle(({ route, leastOnce }) => route.rate / leastOnce.rate),
    },
    {
      ...{ id: 'exactly-once-cpu', what: 'the same, rows per CPU-s', floor: 0.95, target: 0.95 },
      value: middle(({ route, leastOnce }) => leastOnce.whole.total / route.whole.total),
    },
    {
      ...{ id: 'source-addon', what: 'records/s of consume + pack, JVM tool = 1', floor: 0.4, target: 0.6 },
      value: middle(({ jvm, pack }) => pack.rate / jvm.rate),
    },
    {
      ...{ id: 'source-addon-cpu', what: 'the same, records per CPU-s', floor: 0.65, target: 0.9 },
      value: middle(({ jvm, pack }) => jvm.whole.total / pack.whole.total),
    },
    {
      ...{ id: 'main-thread', what: 'main thread beyond bare consume, CPU-s/M', floor: 1, target: 0.5 },
      ...{ less: true },
      value: middle(({ route, count }) => perMillion(route, 'main') - perMillion(count, 'main')),
    },
    {
      ...{ id: 'reference', what: 'JSON.parse alone / JSON to record format', floor: 0.25, target: 0.6 },
      value: decode.parse / decode.path,
    },
    {
      ...{ id: 'decode-json', what: 'the same on the fast path (so far the only path)', floor: 3, target: 5 },
      value: decode.parse / decode.path,
    },
    {
      ...{ id: 'avro', what: 'rows per CPU-s of decode, map and encode, JSON = 1', floor: 1.5, target: 2 },
      value: decode.path / decode.avro,
    },
    {
      ...{ id: 'emulator-load', what: 'time to keep rows of 1 KB, of the service to send them = 1' },
      ...{ value: (load.seconds * load.sendingRate) / load.rows, floor: 1, target: 1, less: true },
    },
    {
      ...{ id: 'latency-p50', what: 'record to queryable at 1,000/s, s', floor: null, less: true },
      ...{ value: latency.p50 / 1000, target: (latency.intervalMs + 2000) / 1000 },
    },
    {
      ...{ id: 'latency-p99', what: 'the same', floor: null, less: true },
      ...{ value: latency.p99 / 1000, target: (latency.intervalMs + 2000) / 1000 },
    },
  ];
}

function goalsTable(all: readonly Goal[]): string[] {
  const rows = all.map((goal) => {
    const { id, what, value, floor, target } = goal;
    return [id, what, figure(value), floor === null ? '' : `${floor}`, `${target}`, verdict(goal)];
  });
  return table([['id', 'what', 'measured', 'floor', 'target', ''], ...rows]);
}

function verdict({ value, floor, target, less = false }: Goal): string {
  const reaches = (bound: number) => (less ? value <= bound : value >= bound);
  if (reaches(target)) return 'target met';
  return floor !== null && !reaches(floor) ? 'BELOW FLOOR' : '';
}

const figure = (value: number | string, digits = 2): string =>
  typeof value === 'string' || Number.isNaN(value) ? '' : value.toFixed(digits);

export function table([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
