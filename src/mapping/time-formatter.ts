import type { EventTime } from './event-time.ts';
import { partitionValue } from './partition-value.ts';
import { compilePattern, formatPattern, type Pattern } from './time/pattern.ts';
import { parseZone, toLocal, UTC } from './time/zone.ts';
import type { ColumnType } from './types.ts';

/** A table partition column made of an event time. */
export interface TimeColumn {
  /** Place among the table's partition keys. */
  readonly index: number;
  readonly type: ColumnType;
  readonly format: string;
  /** ms of local time. */
  readonly floor: number | null;
}

/** The values of one unit of local time. */
export interface Kept {
  /** In the order of the columns. */
  readonly texts: string[];
  /** Table partition names made of them, per verdict of the event time; null: not made yet. */
  readonly names: (string | null)[];
}

/** Units that are kept: 42 days of hours, or 17 hours of minutes. */
const CACHED = 1024;

/**
 * Formats one event time in one zone for several columns. Their values depend only on the local time cut to the
 * smallest unit that they show, so they are kept by that unit, exactly, whatever the zone does.
 */
export function createTimeFormatter(
  time: EventTime,
  zoneName: string,
  columns: readonly TimeColumn[],
): (values: string[]) => Kept {
  const zone = parseZone(zoneName) ?? UTC;
  const formats = columns.map((column) => createFormat(column));
  const unit = formats.map((format) => format.unitMs).reduce(commonUnit);
  const units = new Float64Array(CACHED).fill(Number.NaN);
  const kept: Kept[] = Array.from({ length: CACHED }, () => ({ texts: [], names: [] }));

  return (values) => {
    const localMs = toLocal(zone, time.seconds) * 1000 + Math.floor(time.nanos / 1e6);
    const count = Math.floor(localMs / unit);
    const slot = count & (CACHED - 1);
    const found = kept[slot]!;
    if (units[slot] !== count) {
      units[slot] = count;
      formats.forEach((format, i) => {
        found.texts[i] = format.text(count * unit);
      });
      found.names.fill(null);
    }
    for (let i = 0; i < columns.length; i++) values[columns[i]!.index] = found.texts[i]!;
    return found;
  };
}

/** The largest unit whose multiples contain the multiples of both. */
function commonUnit(a: number, b: number): number {
  return b === 0 ? a : commonUnit(b, a % b);
}

interface Format {
  /** The text changes only at multiples of this, local ms. */
  readonly unitMs: number;
  text(localMs: number): string;
}

function createFormat({ format, floor, type }: TimeColumn): Format {
  const pattern = compilePattern(format);
  if ('problem' in pattern) throw new Error(`partition format ${format}: ${pattern.problem}`);
  const text = (localMs: number): string => {
    const floored = floor === null ? localMs : Math.floor(localMs / floor) * floor;
    const value = partitionValue(formatLocal(pattern, floored), type);
    return 'value' in value ? value.value : '';
  };
  return { unitMs: floor ?? Math.max(pattern.unitMs, 1), text };
}

function formatLocal(pattern: Pattern, localMs: number): string {
  const seconds = Math.floor(localMs / 1000);
  return formatPattern(pattern, seconds, (localMs - seconds * 1000) * 1e6, 0);
}
