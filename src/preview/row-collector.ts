import { formatDay, formatIso } from '../decode/iso-text.ts';
import { RecordWriter } from '../encode/record-writer.ts';
import type { RowSink, Writers } from '../encode/writers.ts';
import type { Plan } from '../mapping/plan.ts';
import type { TypeName } from '../mapping/types.ts';

/**
 * A value as a reader of the table sees it, exactly:
 *
 * BOOLEAN                    | boolean
 * TINYINT SMALLINT INT       | number
 * FLOAT DOUBLE               | number; NaN and the infinities as text
 * BIGINT DECIMAL             | text: a JSON number would lose digits
 * STRING VARCHAR CHAR JSON   | text, JSON as it is stored
 * BINARY                     | text, two hexadecimal digits per byte
 * DATE TIMESTAMP_NTZ         | text, 2026-11-20 and 2026-11-20T08:00:00.123456789
 * DATETIME TIMESTAMP         | the same as an instant, in UTC: 2026-11-20T00:00:00.123Z
 */
export type Value = string | number | boolean;

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
  const types = new Map(plan.columns.map(({ number, type }) => [number, type.name]));
  const rows: CollectedRow[] = [];
  return {
    take: () => rows.splice(0),
    find: (tablePartition) => collectorSink(types, (values) => void rows.push({ tablePartition, values })),
    entries: () => [],
    clear: () => undefined,
  };
}

/** The record writer runs beside it, for the size of the row. */
function collectorSink(
  types: ReadonlyMap<number, TypeName>,
  onRow: (values: ReadonlyMap<number, Value>) => void,
): RowSink {
  const bytes = new RecordWriter();
  let values = new Map<number, Value>();
  return {
    get rowBytes() {
      return bytes.rowBytes;
    },
    begin() {
      bytes.begin();
      values = new Map();
    },
    end: () => onRow(values),
    rollback: () => bytes.rollback(),
    boolean(column, value) {
      bytes.boolean(column, value);
      values.set(column, value === 1);
    },
    integer(column, value) {
      bytes.integer(column, value);
      values.set(column, integerValue(types.get(column), value));
    },
    bigInteger(column, value) {
      bytes.bigInteger(column, value);
      values.set(column, String(value));
    },
    float(column, value) {
      bytes.float(column, value);
      values.set(column, numberValue(shortestFloat(value)));
    },
    double(column, value) {
      bytes.double(column, value);
      values.set(column, numberValue(value));
    },
    bytes(column, source, start, end) {
      bytes.bytes(column, source, start, end);
      const encoding = types.get(column) === 'BINARY' ? 'hex' : 'utf8';
      values.set(column, Buffer.from(source.subarray(start, end)).toString(encoding));
    },
    timestamp(column, seconds, nanos) {
      bytes.timestamp(column, seconds, nanos);
      values.set(column, formatIso(seconds, nanos) + (types.get(column) === 'TIMESTAMP' ? 'Z' : ''));
    },
  };
}

/** Days of DATE, milliseconds of DATETIME, or a number as such. */
function integerValue(type: TypeName | undefined, value: number): Value {
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
