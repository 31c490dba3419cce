/** Times as ISO 8601 text, and the days of the proleptic Gregorian calendar behind it (Howard Hinnant, "chrono-compatible dates"). */
export const DAY_SECONDS = 86_400;

export interface CivilDate {
  year: number;
  month: number;
  day: number;
}

/** The date of a day number (since 1970-01-01), into `out`. */
export function civilOf(days: number, out: CivilDate): void {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0;
  out.day = dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0) + 1;
  out.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  out.year = yearOfEra + era * 400 + (out.month <= 2 ? 1 : 0);
}

/** `2026-11-21T09:05:07` of local seconds (fields taken as UTC), with the digits of a second that are not zero. */
export function formatIso(seconds: number, nanos: number): string {
  const days = Math.floor(seconds / DAY_SECONDS);
  return `${formatDay(days)}T${formatTime(seconds - days * DAY_SECONDS, nanos)}`;
}

const civil = { year: 0, month: 0, day: 0 };

/** `2026-11-21` of a day number; years outside 0000 to 9999 have a sign and six digits (ISO 8601, expanded). */
export function formatDay(days: number): string {
  civilOf(days, civil);
  return `${yearText(civil.year)}-${pad(civil.month, 2)}-${pad(civil.day, 2)}`;
}

/** `08:30:00.123` of seconds since midnight. */
export function formatTime(second: number, nanos: number): string {
  const time = `${pad(Math.floor(second / 3600), 2)}:${pad(Math.floor(second / 60) % 60, 2)}:${pad(second % 60, 2)}`;
  return nanos === 0 ? time : `${time}.${pad(nanos, 9).replace(/0+$/, '')}`;
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return pad(year, 4);
  return `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 6)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
