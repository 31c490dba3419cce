import { define } from './define.ts';

const LONGEST = 1n << 63n;

/** The number that a text begins with, as the service reads it when it is not strict: `12ab` is 12, `ab` none. */
function numberIn(text: string): string | null {
  return /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/.exec(text)?.[1] ?? null;
}

/** `1.6` and `1e3` go through DOUBLE; what does not fit is NULL. */
function toBigint(text: string): bigint | null {
  const number = numberIn(text);
  if (number === null) return null;
  const value = /^[+-]?\d+$/.test(number) ? BigInt(number) : truncated(Number(number));
  return value !== null && value < LONGEST && value >= -LONGEST ? value : null;
}

const truncated = (value: number): bigint | null =>
  Number.isFinite(value) ? BigInt(Math.trunc(value)) : null;

function toDouble(text: string): number | null {
  const word = text.trim().toLowerCase();
  if (word === 'nan') return Number.NaN;
  const infinite = /^([+-]?)inf(?:inity)?$/.exec(word);
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const number = numberIn(text);
  return number === null ? null : Number(number);
}

/** A number in plain notation that DuckDB reads as a decimal. */
function plainNumber(text: string): string | null {
  const number = numberIn(text);
  if (number === null || !/e/i.test(number)) return number;
  const [digits = '', exponent = '0'] = number.toLowerCase().split('e');
  const [whole = '', fraction = ''] = digits.replace(/^[+-]/, '').split('.');
  const places = Number(exponent);
  if (Math.abs(places) > 100) return places < 0 ? '0' : null;
  const all = `${whole}${fraction}`
    .padEnd(Math.max(0, whole.length + places), '0')
    .padStart(Math.max(1, -places), '0');
  const point = Math.max(0, whole.length + places);
  const shifted =
    whole.length + places < 0
      ? all.padStart(fraction.length + whole.length - (whole.length + places), '0')
      : all;
  return `${number.startsWith('-') ? '-' : ''}${shifted.slice(0, point) || '0'}.${shifted.slice(point) || '0'}`;
}

/** `1.0`, `0.1`, `1.0E21`: a whole DOUBLE keeps its point. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value);
}

/** Fewest digits that give the same 32-bit number. */
export function floatText(value: number): string {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return doubleText(short);
  }
  return doubleText(value);
}

/** `yyyy-mm-dd[ hh:mi:ss[.ff]]` with all its zeros; microseconds since 1970 of the wall clock. */
function wallClock(text: string): bigint | null {
  const nanoseconds = wallNanoseconds(text);
  return nanoseconds === null ? null : (nanoseconds - (((nanoseconds % 1000n) + 1000n) % 1000n)) / 1000n;
}

function wallNanoseconds(text: string): bigint | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?)?$/.exec(text.trim());
  if (!match) return null;
  const [year, month, day, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const milliseconds = utcOf(year!, month!, day!, hour, minute, second);
  if (milliseconds === null) return null;
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'));
}

/** Milliseconds of a wall clock given in microseconds; rounded down, before 1970 too. */
export const millisecondsOf = (microseconds: bigint): number =>
  Number((microseconds - (((microseconds % 1000n) + 1000n) % 1000n)) / 1000n);

export const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** Milliseconds since 1970, null for a day or hour that does not exist. */
export function utcOf(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || second > 59) return null;
  return date.setUTCHours(hour, minute, second, 0);
}

export const CONVERSIONS = [
  define('mc_bigint', ['VARCHAR'], 'BIGINT', toBigint),
  define('mc_double', ['VARCHAR'], 'DOUBLE', toDouble),
  define('mc_number', ['VARCHAR'], 'VARCHAR', plainNumber),
  define('mc_double_text', ['DOUBLE'], 'VARCHAR', doubleText),
  define('mc_float_text', ['DOUBLE'], 'VARCHAR', floatText),
  define('mc_wall_clock', ['VARCHAR'], 'BIGINT', wallClock),
  define('mc_wall_below', ['VARCHAR'], 'BIGINT', (text) => {
    const nanoseconds = wallNanoseconds(text);
    return nanoseconds === null ? null : ((nanoseconds % 1000n) + 1000n) % 1000n;
  }),
];
