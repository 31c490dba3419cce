import { Cell, type Dirty, NULL } from '../decode/cell/cell.ts';
import { textOf } from '../decode/encoding/utf8.ts';
import { dirty } from './convert/converter.ts';
import { renderText } from './convert/text.ts';
import { createEventTimes, DIVERTED_FUTURE, DIVERTED_LATE, type EventTime, ON_TIME } from './event-time.ts';
import { type PartitionValue, partitionValue } from './partition-value.ts';
import type { Destination, LatenessRules, Plan, TablePartitionColumn } from './plan.ts';
import { createTimeFormatter, type Kept, type TimeColumn } from './time-formatter.ts';
import type { ColumnType } from './types.ts';

/** Finds the table partition of a record whose cells are filled. */
export interface TablePartitioner {
  /** `timestamp` is the record's, ms; NaN or negative: none, then nothing is late or early. */
  find(timestamp: number): Dirty | null;
  /** Of the record last found: `dt=20261121,hr=09`; empty for an unpartitioned table. */
  readonly value: string;
  /** Event time of the record last found, ms (the first one when there are several); NaN without any. */
  readonly eventMs: number;
}

/** Puts the values of some table partition columns into `values`. */
type Fill = (values: string[]) => Dirty | null;
type FillTimes = (values: string[]) => Kept;

/** `cells` belong to the plan's slots. The plan has been checked by the compiler. */
export function createTablePartitioner(plan: Plan, cells: readonly Cell[]): TablePartitioner {
  const { partitions, rules } = plan;
  const times = createEventTimes(plan.times, rules, cells);
  const formatters = timeFormatters(partitions, times);
  const fills = sourceFills(partitions, cells);
  const values = partitions.map((partition) => (partition.kind === 'constant' ? partition.value : ''));
  const join = createJoin(partitions, rules);
  // One event time and nothing else from the record: the name is kept with the formatted values.
  const alone = formatters.length === 1 && fills.length === 0 ? formatters[0]! : null;
  const event = times[0] ?? { ms: Number.NaN };
  let value = '';

  function find(timestamp: number): Dirty | null {
    let verdict = ON_TIME;
    for (const time of times) {
      const problem = time.read(timestamp);
      if (problem) return problem;
      verdict ||= time.verdict;
    }
    if (alone) {
      const kept = alone(values);
      value = kept.names[verdict] ??= join[verdict]!(values);
      return null;
    }
    for (const fill of fills) {
      const problem = fill(values);
      if (problem) return problem;
    }
    for (const format of formatters) format(values);
    value = join[verdict]!(values);
    return null;
  }
  return {
    find,
    get value() {
      return value;
    },
    get eventMs() {
      return event.ms;
    },
  };
}

function sourceFills(partitions: readonly TablePartitionColumn[], cells: readonly Cell[]): Fill[] {
  return partitions.flatMap((partition, i) =>
    partition.kind === 'source' ? sourceFill(partition, cells[partition.slot]!, i) : [],
  );
}

/** One per event time and zone: columns of the same time are formatted together. */
function timeFormatters(
  partitions: readonly TablePartitionColumn[],
  times: readonly EventTime[],
): FillTimes[] {
  const groups = new Map<string, { time: EventTime; zone: string; columns: TimeColumn[] }>();
  partitions.forEach((partition, index) => {
    if (partition.kind !== 'time') return;
    const key = `${partition.time} ${partition.zone}`;
    const group = groups.get(key) ?? { time: times[partition.time]!, zone: partition.zone, columns: [] };
    groups.set(key, group);
    group.columns.push({ ...partition, index });
  });
  return [...groups.values()].map(({ time, zone, columns }) => createTimeFormatter(time, zone, columns));
}

const rendered = new Cell();

/** The text of a cell; equal bytes as in the last record give the same string again. */
function sourceFill({ name, type }: { name: string; type: ColumnType }, cell: Cell, index: number): Fill {
  let last = new Uint8Array(0);
  let lastValue: PartitionValue = { problem: 'nothing read yet' };
  return (values) => {
    if (cell.kind <= NULL)
      return { ...dirty('bad_partition_value', 'the source is missing or null'), column: name };
    const problem = renderText(cell, rendered);
    if (problem) return { ...problem, column: name };
    if (!equals(last, rendered)) {
      last = rendered.bytes.slice(rendered.start, rendered.end);
      lastValue = partitionValue(textOf(last, 0, last.length), type);
    }
    if ('problem' in lastValue) return { ...dirty('bad_partition_value', lastValue.problem), column: name };
    values[index] = lastValue.value;
    return null;
  };
}

function equals(known: Uint8Array, { bytes, start, end }: Cell): boolean {
  if (known.length !== end - start || known.length === 0) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

type Join = (values: readonly string[]) => string;

/** How values become a name, per verdict of the event time. */
function createJoin(partitions: readonly TablePartitionColumn[], { late, future }: LatenessRules): Join[] {
  const join: Join[] = [];
  join[ON_TIME] = joinFor(partitions, 'true_partition');
  join[DIVERTED_LATE] = joinFor(partitions, late.to);
  join[DIVERTED_FUTURE] = joinFor(partitions, future.to);
  return join;
}

/**
 * The destination's own values take the place of the record's. Neighbouring records mostly share
 * theirs: the last name is kept.
 */
function joinFor(partitions: readonly TablePartitionColumn[], to: Destination): Join {
  const own = typeof to === 'string' ? {} : to.partition;
  const last = partitions.map(() => '');
  let name = '';
  return (values) => {
    let changed = false;
    for (let i = 0; i < last.length; i++) {
      if (values[i] === last[i]) continue;
      last[i] = values[i]!;
      changed = true;
    }
    if (changed)
      name = partitions
        .map((partition, i) => `${partition.name}=${own[partition.name] ?? last[i]}`)
        .join(',');
    return name;
  };
}
