import type { ProvenanceColumns } from '../mapping/provenance.ts';
import { type TopicPartition, topicPartitionKey } from '../source/source.ts';
import { type Field, numberOf, parseAnswer } from './answer.ts';
import { joined, type Range } from './ranges.ts';
import {
  type AuditedTable,
  type Bounds,
  countStatement,
  duplicateStatement,
  gapStatement,
  MOST_DUPLICATES,
  MOST_GAPS,
} from './statements.ts';

/** What the table holds of one topic partition; `rows` to `highest` are below the committed offset. */
export interface RowCounts extends TopicPartition {
  readonly rows: number;
  /** Different offsets. */
  readonly offsets: number;
  /** Null: no row. */
  readonly lowest: number | null;
  readonly highest: number | null;
  /** Rows at or above the committed offset. */
  readonly above: number;
  readonly highestAbove: number | null;
  /** Rows beyond the first of their record, acknowledged or not. */
  readonly surplus: number;
}

export interface TableCounts {
  readonly counts: ReadonlyMap<string, RowCounts>;
  /** Rows whose provenance columns are NULL. */
  readonly unknown: number;
  /** Every row that was looked at. */
  readonly rows: number;
}

/** Offsets [first, end) that are in the table `copies` times. */
export interface Duplicate extends TopicPartition, Range {
  readonly copies: number;
  /** The first and the last of the table partitions that they are in, by name. */
  readonly tablePartitions: readonly [string, string];
}

export interface Gaps {
  readonly byTopicPartition: ReadonlyMap<string, readonly Range[]>;
  /** False: there are more, and these are the longest. */
  readonly complete: boolean;
}

type Ask = (statement: string) => Promise<string>;

export async function askCounts(
  ask: Ask,
  table: AuditedTable,
  committed: readonly Bounds[],
  window: readonly Bounds[],
): Promise<TableCounts> {
  const counts = new Map<string, RowCounts>();
  let [unknown, rows] = [0, 0];
  for (const row of parseAnswer(await ask(countStatement(table, committed, window)))) {
    rows += numberOf(row[3]);
    if (row[0] === null || row[1] === null || row[5] === null) unknown += numberOf(row[3]);
    else add(counts, row, table.columns.row);
  }
  return { counts, unknown, rows };
}

const NONE = { rows: 0, offsets: 0, lowest: null, highest: null, above: 0, highestAbove: null, surplus: 0 };

function add(
  counts: Map<string, RowCounts>,
  [topic, number, acked, ...numbers]: Field[],
  numbered: ProvenanceColumns['row'],
): void {
  const tp = topicPartitionOf(topic, number);
  const [rows, offsets, lowest, highest, different] = numbers.map(numberOf) as [
    ...[number, number, number, number],
    number?,
  ];
  const known = counts.get(topicPartitionKey(tp)) ?? { ...tp, ...NONE };
  const single = numbered === null ? rows : offsets;
  const surplus = known.surplus + rows - (different ?? single);
  const more = acked === '1' ? { rows, offsets, lowest, highest } : { above: rows, highestAbove: highest };
  counts.set(topicPartitionKey(tp), { ...known, ...more, surplus });
}

export async function askGaps(
  ask: Ask,
  table: AuditedTable,
  bounds: readonly (TopicPartition & Range)[],
): Promise<Gaps> {
  const found = new Map<string, Range[]>();
  const answer = parseAnswer(await ask(gapStatement(table, bounds)));
  for (const [topic, number, first, end] of answer) {
    const key = topicPartitionKey(topicPartitionOf(topic, number));
    found.set(key, [...(found.get(key) ?? []), { first: numberOf(first), end: numberOf(end) }]);
  }
  const byTopicPartition = new Map([...found].map(([key, ranges]) => [key, joined(ranges)]));
  return { byTopicPartition, complete: answer.length < MOST_GAPS };
}

export async function askDuplicates(
  ask: Ask,
  table: AuditedTable,
  window: readonly Bounds[],
): Promise<{ readonly list: readonly Duplicate[]; readonly complete: boolean }> {
  const answer = parseAnswer(await ask(duplicateStatement(table, window)));
  const list = answer.map(([topic, number, first, last, copies, low, high]): Duplicate => {
    const [range, names] = [{ first: numberOf(first), end: numberOf(last) + 1 }, [low ?? '', high ?? '']];
    return {
      ...topicPartitionOf(topic, number),
      ...range,
      copies: numberOf(copies),
      tablePartitions: names as [string, string],
    };
  });
  return { list, complete: list.length < MOST_DUPLICATES };
}

const topicPartitionOf = (topic: Field | undefined, number: Field | undefined): TopicPartition => ({
  topic: topic ?? '',
  partition: numberOf(number),
});
