import { table } from '../bench/report.ts';
import { median } from '../bench/sample.ts';
import { FAULTS } from './faults.ts';
import { type Curve, quarters, type Sample } from './samples.ts';
import type { Repeat, Verdict } from './verify.ts';

/** A fault that happened. Times in ms. */
export interface Event {
  readonly name: string;
  readonly from: number;
  /** When its cause was over. */
  readonly to: number;
  /** When everything that was in the topic at `to` was acknowledged. */
  readonly recovered: number;
}

export interface Results {
  readonly minutes: number;
  readonly rate: number;
  readonly node: string;
  readonly verdict: Verdict;
  readonly events: readonly Event[];
  readonly samples: readonly Sample[];
  /** Of the member that was never stopped; `undefined`: the run was too short to tell. */
  readonly growth: readonly string[] | undefined;
  readonly kept: string;
  /** Everything that speaks against the run, growth and losses included. */
  readonly failures: readonly string[];
}

/** Faults between the two readings of what is there twice: there to look for its cause. */
export const faultsBetween = (repeat: Repeat, events: readonly Event[]): string[] =>
  events
    .filter(({ from, recovered }) => from <= repeat.lastRead && recovered >= repeat.firstRead)
    .map(({ name }) => name);

/** Markdown. */
export function report(results: Results): string {
  const { verdict, failures, minutes, rate, node } = results;
  const { records, rows, distinct, letters, missingRows, missingLetters, wrong } = verdict;
  const title = `${minutes} minutes at ${rate} records/s, ${results.events.length} faults, Node ${node}`;
  const counts = [
    ['records produced', records],
    ['rows', rows],
    ['different rows', distinct],
    ['repeats', rows - distinct],
    ['dead letters', letters],
    ['missing', missingRows + missingLetters],
    ['wrong', wrong.length],
  ].map(([name, value]) => [String(name), value!.toLocaleString('en')]);
  return [
    `# Steady soak: ${title}`,
    ...['', ...table([['', 'count'], ...counts])],
    ...['', ...faultTable(results)],
    ...['', ...memberTable(results)],
    ...['', failures.length === 0 ? 'PASSED' : `FAILED\n\n${failures.map((f) => `- ${f}`).join('\n')}`, ''],
  ].join('\n');
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

function faultTable({ events }: Results): string[] {
  const rows = FAULTS.map(({ name }) => {
    const mine = events.filter((event) => event.name === name);
    const recovery = mine.map(({ to, recovered }) => recovered - to);
    const [middle, most] = mine.length
      ? [seconds(median(recovery)), seconds(Math.max(...recovery))]
      : ['', ''];
    return [name, `${mine.length}`, middle, most];
  });
  return table([['fault', 'times', 'caught up after, s: median', 'most'], ...rows]);
}

const CURVES: readonly (readonly [Curve, string])[] = [
  ['rssMB', 'RSS, MB'],
  ['heapMB', 'heap used, MB'],
  ['files', 'open files'],
  ['threads', 'threads'],
  ['loopDelayMs', 'event-loop delay p99, ms'],
  ['lag', 'lag, records'],
];

function memberTable({ samples, kept, growth }: Results): string[] {
  const own = samples.filter(({ member }) => member === kept);
  if (own.length < 4) return ['Too few samples of the kept member.'];
  const rows = CURVES.map(([curve, name]) => {
    const all = own.map((s) => s[curve]);
    return [name, ...quarters(own, curve), Math.min(...all), Math.max(...all)].map((v) =>
      typeof v === 'number' ? v.toFixed(1) : v,
    );
  });
  const [first, last] = [own[0]!, own.at(-1)!];
  const cpu = (100 * (last.cpuSeconds - first.cpuSeconds)) / (last.at - first.at);
  return [
    `The member that was never stopped, ${own.length} samples; medians by quarter. CPU ${cpu.toFixed(1)} % of a core.`,
    growth === undefined ? 'Too short to judge growth.' : '',
    ...table([['', '1st quarter', '2nd', '3rd', 'last', 'least', 'most'], ...rows]),
  ];
}
