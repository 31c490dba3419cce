import { BOOLEAN, Cell, type Dirty, STRING, TIME } from '../../decode/cell/cell.ts';
import { cellText } from '../../decode/encoding/utf8.ts';
import { epochFromText, epochUnit } from '../time/epoch.ts';
import { newMoment } from '../time/reader.ts';
import { type Converter, dirty, notExact, outOfRange, type Rounding, show, wrongType } from './converter.ts';
import { digitsOf, newDigits, smallInteger } from './decimal-digits.ts';
import { renderText } from './text.ts';

/** No interval is longer than between two dates that a column takes. */
const MONTHS_MAX = 9999 * 12 + 11;
const DAYS_MAX = 3_652_059;

const COUNT = '([+-]?\\d{1,15})';
const DATE_PART = `(?:${COUNT}Y)?(?:${COUNT}M)?(?:${COUNT}W)?(?:${COUNT}D)?`;
const TIME_PART = `(?:T(?=[+\\-\\d])(?:${COUNT}H)?(?:${COUNT}M)?(?:([+-]?)(\\d{1,15})(?:[.,](\\d{1,9}))?S)?)?`;
/** ISO 8601, with the signs that java.time writes: `P1Y2M`, `P3DT4H5M6.789S`, `-PT5S`, `PT-0.5S`. */
const DURATION = new RegExp(`^([+-]?)P(?=[+\\-\\dT])${DATE_PART}${TIME_PART}$`, 'i');

interface Duration {
  readonly months: bigint;
  readonly nanos: bigint;
}

function parseDuration(text: string): Duration | null {
  const match = DURATION.exec(text);
  if (!match) return null;
  const [, sign, years, months, weeks, days, hours, minutes, minus, seconds, fraction] = match;
  const of = (digits: string | undefined): bigint => BigInt(digits?.replace('+', '') ?? 0);
  const second = of(seconds) * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
  const minute = ((of(weeks) * 7n + of(days)) * 24n + of(hours)) * 60n + of(minutes);
  const direction = sign === '-' ? -1n : 1n;
  return {
    months: direction * (of(years) * 12n + of(months)),
    nanos: direction * (minute * 60_000_000_000n + (minus === '-' ? -second : second)),
  };
}

/** Of a text; a Dirty when it is none. */
function durationOf(cell: Cell): Duration | Dirty {
  const text = cell.end - cell.start <= 200 ? cellText(cell) : '';
  return parseDuration(text) ?? dirty('bad_time', `${show(cell)} is no ISO 8601 duration such as P3DT4H5M6S`);
}

const rendered = new Cell();
const moment = newMoment();

/**
 * INTERVAL_DAY_TIME: ISO 8601 durations of weeks, days and below, times of day, and numbers in the unit of
 * `timeFormat` (default ms); to the nanosecond, as floored seconds (protocol 5.4).
 */
export function dayTimeConverter(timeFormat: string | null, round: Rounding): Converter {
  const perSecond = epochUnit(timeFormat ?? 'epoch_ms') ?? 1000;
  const name = 'INTERVAL_DAY_TIME';

  const readText = (cell: Cell): Dirty | null => {
    const found = durationOf(cell);
    if ('code' in found) return found;
    if (found.months !== 0n) return dirty('wrong_type', `${show(cell)} has months, which ${name} has not`);
    moment.nanos = Number(((found.nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
    moment.seconds = Number((found.nanos - BigInt(moment.nanos)) / 1_000_000_000n);
    return null;
  };
  const readNumber = (cell: Cell): Dirty | null => {
    if (!digitsOf(cell, digits)) return wrongType(cell, name);
    const problem = renderText(cell, rendered);
    if (problem) return problem;
    const failed = epochFromText(rendered.bytes, rendered.start, rendered.end, perSecond, round, moment);
    return failed && dirty(failed, `${show(cell)} is no ${name} in ${timeFormat ?? 'epoch_ms'}`);
  };
  const read = (cell: Cell): Dirty | null => {
    if (cell.kind === STRING) return readText(cell);
    if (cell.kind !== TIME) return readNumber(cell);
    moment.seconds = cell.num;
    moment.nanos = cell.nanos;
    return null;
  };
  return (cell, out, column) => {
    const problem = read(cell);
    if (problem) return problem;
    if (Math.abs(moment.seconds) > DAYS_MAX * 86_400) return outOfRange(cell, name);
    out.timestamp(column, moment.seconds, moment.nanos);
    return null;
  };
}

const digits = newDigits();

/** INTERVAL_YEAR_MONTH: ISO 8601 durations of years and months, and whole numbers of months. */
export const yearMonthConverter: Converter = (cell, out, column) => {
  const months = monthsOf(cell);
  if (typeof months !== 'number') return months;
  if (Math.abs(months) > MONTHS_MAX) return outOfRange(cell, 'INTERVAL_YEAR_MONTH');
  out.integer(column, months);
  return null;
};

function monthsOf(cell: Cell): number | Dirty {
  const name = 'INTERVAL_YEAR_MONTH';
  if (cell.kind !== STRING) {
    if (cell.kind === BOOLEAN || !digitsOf(cell, digits)) return wrongType(cell, name);
    if (digits.length > digits.point) return notExact(cell, name);
    return digits.point > 15 ? Number.POSITIVE_INFINITY : smallInteger(digits);
  }
  const found = durationOf(cell);
  if ('code' in found) return found;
  if (found.nanos !== 0n) return dirty('wrong_type', `${show(cell)} has days or less, which ${name} has not`);
  return Number(found.months);
}
