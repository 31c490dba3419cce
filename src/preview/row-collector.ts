import { formatDay, formatIso } from '../decode/cell/iso-text.ts';
import { RecordWriter } from '../encode/record-writer.ts';
import type { RowSink, Writers } from '../encode/writers.ts';
import type { Plan } from '../mapping/plan.ts';
import type { ColumnType, ScalarName } from '../mapping/types.ts';
import { type Event, type Leaf, nestedValue, type Value } from './nested-value.ts';

export interface CollectedRow {
  readonly tablePartition: string;
  /** By column number; one that is not there is NULL. */
  readonly values: ReadonlyMap<number, Value>;
}

/** Takes the place of the writers of a transform and keeps rows as values. */
export interface RowCollector extends Writers {
  /** The rows since the last call, in order. */
  take(): readonly CollectedRow[];
}

export function createRowCollector(plan: Pick<Plan, 'columns'>): RowCollector {
  const types = new Map(plan.columns.map(({ number, type }) => [number, type]));
  const rows: CollectedRow[] = [];
  return {
    take: () => rows.splice(0),
    find: (tablePartition) => collectorSink(types, rows, tablePartition),
    entries: () => [],
    clear: () => undefined,
  };
}

interface Container {
  readonly column: number;
  readonly events: Event[];
}

/** The record writer runs beside it, for the size of the row. */
function collectorSink(
  types: ReadonlyMap<number, ColumnType>,
  rows: CollectedRow[],
  tablePartition: string,
): RowSink {
  const bytes = new RecordWriter();
  let values = new Map<number, Value>();
  let containers: Container[] = [];
  const put = (column: number, leaf: Leaf) => {
    if (column === 0) containers.at(-1)!.events.push(leaf);
    else values.set(column, leaf(types.get(column)!.name as ScalarName));
  };
  return {
    get rowBytes() {
      return bytes.rowBytes;
    },
    begin() {
      bytes.begin();
      values = new Map();
      containers = [];
    },
    end() {
      for (const { column, events } of containers)
        values.set(column, nestedValue(types.get(column)!, events));
      rows.push({ tablePartition, values });
    },
    rollback: () => bytes.rollback(),
    open(column) {
      bytes.open(column);
      containers.push({ column, events: [] });
    },
    count(items) {
      bytes.count(items);
      containers.at(-1)!.events.push(items);
    },
    flag(value) {
      bytes.flag(value);
      containers.at(-1)!.events.push(value === 1);
    },
    undo() {
      bytes.undo();
      containers.pop();
    },
    save: () => ({ ...bytes.save(), rows: rows.length }),
    restore: (saved) => void rows.splice(saved.rows),
    boolean(column, value) {
      bytes.boolean(column, value);
      put(column, () => value === 1);
    },
    integer(column, value) {
      bytes.integer(column, value);
      put(column, (type) => integerValue(type, value));
    },
    bigInteger(column, value) {
      bytes.bigInteger(column, value);
      put(column, () => String(value));
    },
    float(column, value) {
      bytes.float(column, value);
      put(column, () => numberValue(shortestFloat(value)));
    },
    double(column, value) {
      bytes.double(column, value);
      put(column, () => numberValue(value));
    },
    bytes(column, source, start, end) {
      bytes.bytes(column, source, start, end);
      const own = Buffer.from(source.subarray(start, end));
      put(column, (type) => own.toString(type === 'BINARY' ? 'hex' : 'utf8'));
    },
    timestamp(column, seconds, nanos) {
      bytes.timestamp(column, seconds, nanos);
      put(column, (type) => timeValue(type, seconds, nanos));
    },
  };
}

function timeValue(type: ScalarName, seconds: number, nanos: number): Value {
  if (type === 'INTERVAL_DAY_TIME') return intervalValue(seconds, nanos);
  return formatIso(seconds, nanos) + (type === 'TIMESTAMP' ? 'Z' : '');
}

/** Seconds are floored: -1 s and 500,000,000 ns are half a second back. */
function intervalValue(seconds: number, nanos: number): Value {
  const back = seconds < 0 && nanos > 0;
  const whole = back ? seconds + 1 : seconds;
  const fraction = String(back ? 1_000_000_000 - nanos : nanos)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `PT${back && whole === 0 ? '-0' : whole}${fraction === '' ? '' : `.${fraction}`}S`;
}

/** Days of DATE, milliseconds of DATETIME, or a number as such. */
function integerValue(type: ScalarName, value: number): Value {
  if (type === 'INTERVAL_YEAR_MONTH') return `P${value}M`;
  if (type === 'BIGINT') return String(value);
  if (type === 'DATE') return formatDay(value);
  if (type !== 'DATETIME') return value;
  const seconds = Math.floor(value / 1000);
  return `${formatIso(seconds, (value - seconds * 1000) * 1_000_000)}Z`;
}

const numberValue = (value: number): Value => (Number.isFinite(value) ? value : String(value));

const FLOAT_DIGITS = 9;

/** The fewest digits that give the same 32-bit number: 0.1, not 0.10000000149011612. */
function shortestFloat(value: number): number {
  for (let digits = 1; digits < FLOAT_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
