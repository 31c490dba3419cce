import { type DeadLetter, deadLetterId } from '../deadletter/dead-letter.ts';
import { cut } from '../terminal/text.ts';
import { count } from '../terminal/words.ts';
import { quantile } from './latency.ts';
import type { Produced } from './messages.ts';
import { type Style, seconds, table } from './terminal.ts';
import { BY_TABLE_PARTITION } from './warehouse.ts';

/** What the demo found when all was done. */
export interface Outcome {
  readonly produced: Produced;
  readonly tablePartitions: readonly { readonly dt: string; readonly hr: string; readonly rows: number }[];
  /** Rows in the table, and different Kafka records among them. */
  readonly counts: { readonly rows: number; readonly records: number };
  /** One of each id. */
  readonly letters: readonly DeadLetter[];
  /** Produced to seen by a query, ms, ascending. */
  readonly latencies: readonly number[];
  readonly latencyStep: number;
  readonly flushIntervalMs: number;
  readonly pollMs: number;
  readonly producedMs: number;
}

/** What does not add up; empty when every record is where it belongs. */
export function problems({ produced, counts, letters }: Outcome): string[] {
  const { records, good, broken } = produced;
  const both = `${count(counts.records)} records in the table + ${count(letters.length)} dead letters`;
  const repeated = counts.rows - counts.records;
  return [
    ...(counts.records + letters.length === records
      ? []
      : [`${both}, but ${count(records)} records were produced`]),
    ...(counts.records === good
      ? []
      : [`${count(good)} good records were produced, ${count(counts.records)} are in the table`]),
    ...(letters.length === broken
      ? []
      : [`${count(broken)} broken records were produced, ${count(letters.length)} are dead letters`]),
    ...(repeated === 0 ? [] : [`${count(repeated)} rows are in the table twice`]),
  ];
}

/** The lines that the demo ends with. */
export function report(outcome: Outcome, style: Style): string[] {
  return [
    '',
    `${style.bold('Rows by table partition')}  ${style.dim(BY_TABLE_PARTITION)}`,
    ...indent(table(outcome.tablePartitions.map(({ dt, hr, rows }) => [`dt=${dt}`, `hr=${hr}`, rows]))),
    '',
    `${style.bold('Dead letters by reason')}  ${style.dim('each with its original bytes, one JSON line')}`,
    ...indent(table(reasons(outcome.letters))),
    '',
    style.bold('Latency, produced to queryable'),
    `  ${latencyText(outcome)}`,
    '',
    ...verdict(outcome, style),
    `  ${speedText(outcome)}`,
  ];
}

const EXAMPLE_WIDTH = 76;

function reasons(letters: readonly DeadLetter[]): (string | number)[][] {
  const byCode = new Map<string, DeadLetter[]>();
  for (const letter of letters) byCode.set(letter.code, [...(byCode.get(letter.code) ?? []), letter]);
  return [...byCode]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([code, all]) => [code, all.length, `e.g. ${example(all[0]!)}`]);
}

function example(letter: DeadLetter): string {
  const column = letter.column === null ? '' : `column ${letter.column}: `;
  return cut(`${deadLetterId(letter)}  ${column}${letter.message}`, EXAMPLE_WIDTH);
}

function latencyText({ latencies, latencyStep, flushIntervalMs, pollMs }: Outcome): string {
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => seconds(quantile(latencies, share)));
  const how = `${latencyStep === 1 ? 'every row' : `1 row in ${latencyStep}`}, seen by a query every ${seconds(pollMs)}`;
  return `p50 ${p50}   p99 ${p99}   max ${max}   (flush.interval ${seconds(flushIntervalMs)}; ${how})`;
}

function verdict(outcome: Outcome, style: Style): string[] {
  const wrong = problems(outcome);
  if (wrong.length > 0) return wrong.map((problem) => style.bad(`NOT RIGHT: ${problem}`));
  const { produced, counts, letters } = outcome;
  const sum = `${count(produced.records)} records = ${count(counts.rows)} rows + ${count(letters.length)} dead letters`;
  return [style.good(`${sum}: nothing lost, nothing twice`)];
}

function speedText({ produced, producedMs }: Outcome): string {
  const perSecond = Math.round(produced.records / (producedMs / 1000));
  return `${count(perSecond)} records/s, paced by the demo; make bench measures the speed`;
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
