/** The proleptic Gregorian calendar, in days and seconds since 1970-01-01 (algorithms: Howard Hinnant, "chrono-compatible dates"). */
/** 0001-01-01T00:00:00 and 9999-12-31T23:59:59: what DATE and DATETIME take (protocol 5.5). */
export const SECONDS_MIN = -62_135_596_800;
export const SECONDS_MAX = 253_402_300_799;

/** A point in time as it was read. */
export interface Moment {
  /** Since 1970-01-01, floor; of the instant, or of the local fields taken as UTC when `local`. */
  seconds: number;
  /** 0..999999999 */
  nanos: number;
  /** The text had no zone. */
  local: boolean;
}

/** Days since 1970-01-01 of a valid date. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = (((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0) + day - 1;
  const dayOfEra = yearOfEra * 365 + (yearOfEra >> 2) - ((yearOfEra / 100) | 0) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1 || year < 1 || year > 9999) return false;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= LENGTHS[month - 1]! + (leap ? 1 : 0);
}

/** False for hour 24 and second 60: neither exists in a column. */
export function isTimeOfDay(hour: number, minute: number, second: number): boolean {
  return hour < 24 && minute < 60 && second < 60;
}
