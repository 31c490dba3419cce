import {
  Cell,
  DAY,
  type Dirty,
  DOUBLE,
  INSTANT,
  INTEGER,
  LOCAL,
  NUMBER,
  STRING,
} from '../../decode/cell/cell.ts';
import { DAY_SECONDS } from '../../decode/cell/iso-text.ts';
import { textOf } from '../../decode/encoding/utf8.ts';
import { dirty, outOfRange, type Rounding, show, wrongType } from '../convert/converter.ts';
import { readSafeInteger } from '../convert/decimal-digits.ts';
import { renderText } from '../convert/text.ts';
import type { TimeSpec } from '../plan.ts';
import { type Moment, SECONDS_MAX, SECONDS_MIN } from './calendar.ts';
import { epochFromInteger, epochFromText, epochUnit } from './epoch.ts';
import { parseIso } from './iso.ts';
import { compilePattern, parsePattern } from './pattern.ts';
import { parseZone, toInstant, toLocal, UTC, type Zone } from './zone.ts';

/** Reads a cell as a point in time, as `timeFormat` and `timeZone` of its source say. */
export interface TimeReader {
  readonly zone: Zone;
  read(cell: Cell, out: Moment): Dirty | null;
}

export function newMoment(): Moment {
  return { seconds: 0, nanos: 0, local: false };
}

/** The moment as epoch seconds; text without a zone is in the reader's zone. */
export function instantSeconds(moment: Moment, zone: Zone): number {
  return moment.local ? toInstant(zone, moment.seconds) : moment.seconds;
}

/** The moment as local seconds (fields taken as UTC) in the reader's zone. */
export function localSeconds(moment: Moment, zone: Zone): number {
  return moment.local ? moment.seconds : toLocal(zone, moment.seconds);
}

type ReadText = (bytes: Uint8Array, start: number, end: number, out: Moment) => boolean;

/** `round`: digits below a nanosecond are rounded half up, or cut off, instead of dirty. The spec was checked by the compiler. */
export function createTimeReader(spec: TimeSpec, round: Rounding): TimeReader {
  const zone = parseZone(spec.zone) ?? UTC;
  const unit = epochUnit(spec.format ?? 'epoch_ms');
  const readText = spec.format === null || spec.format === 'iso' ? parseIso : patternReader(spec.format);

  const readEpoch = (cell: Cell, perSecond: number, out: Moment): Dirty | null => {
    const whole = wholeNumber(cell);
    if (!Number.isNaN(whole)) {
      epochFromInteger(whole, perSecond, out);
      return null;
    }
    const problem = renderText(cell, rendered);
    if (problem) return problem;
    const failed = epochFromText(rendered.bytes, rendered.start, rendered.end, perSecond, round, out);
    return failed && dirty(failed, `${show(cell)} is no time in ${spec.format ?? 'epoch_ms'}`);
  };
  const readWritten = (cell: Cell, out: Moment): Dirty | null => {
    const problem = cell.kind === STRING ? null : renderText(cell, rendered);
    const from = cell.kind === STRING ? cell : rendered;
    if (problem || readText(from.bytes, from.start, from.end, out)) return problem;
    return dirty('bad_time', `${quoted(from)} does not match ${spec.format ?? 'iso'}`);
  };
  const readAny = (cell: Cell, out: Moment): Dirty | null => {
    switch (cell.kind) {
      case STRING:
        return spec.format === null || unit === undefined
          ? readWritten(cell, out)
          : readEpoch(cell, unit, out);
      case NUMBER:
      case INTEGER:
      case DOUBLE:
        return unit === undefined ? readWritten(cell, out) : readEpoch(cell, unit, out);
      case INSTANT:
      case LOCAL:
      case DAY:
        return readTyped(cell, out);
      default:
        return wrongType(cell, 'a point in time');
    }
  };
  const read = (cell: Cell, out: Moment): Dirty | null => {
    const problem = readAny(cell, out);
    return problem ?? (isNearRange(out.seconds) ? null : outOfRange(cell, 'years 0001 to 9999'));
  };
  return { zone, read };
}

const rendered = new Cell();

/** The cell as a safe integer; NaN: something else (not necessarily wrong). */
function wholeNumber(cell: Cell): number {
  if (cell.kind === NUMBER || cell.kind === STRING) return readSafeInteger(cell.bytes, cell.start, cell.end);
  return cell.kind === INTEGER && cell.safe ? cell.num : Number.NaN;
}

function quoted(cell: Cell): string {
  return JSON.stringify(textOf(cell.bytes, cell.start, Math.min(cell.end, cell.start + 64)));
}

function patternReader(format: string): ReadText {
  const pattern = compilePattern(format);
  if ('problem' in pattern) return () => false;
  return (bytes, start, end, out) => parsePattern(pattern, bytes, start, end, out);
}

function readTyped(cell: Cell, out: Moment): Dirty | null {
  out.seconds = cell.kind === DAY ? cell.num * DAY_SECONDS : cell.num;
  out.nanos = cell.kind === DAY ? 0 : cell.nanos;
  out.local = cell.kind !== INSTANT;
  return null;
}

/** Whatever the zone makes of it, it is a date that zones can be asked for. */
function isNearRange(seconds: number): boolean {
  return seconds >= SECONDS_MIN - DAY_SECONDS && seconds <= SECONDS_MAX + DAY_SECONDS;
}

export function isInRange(seconds: number): boolean {
  return seconds >= SECONDS_MIN && seconds <= SECONDS_MAX;
}
