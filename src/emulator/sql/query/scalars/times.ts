import { millisecondsOf, padded, utcOf } from './conversions.ts';
import { define } from './define.ts';
import { javaFormat, javaParse } from './java-format.ts';

const DAY = 86_400_000;

/** Parts of the formats of TO_CHAR and TO_DATE, in either case. */
const PARTS = /yyyy|mm|dd|hh24|hh|mi|ss|ff3|ff6/gi;

/** `yyyy mm dd hh mi ss ff3`; everything else stands for itself. */
function timeFormat(microseconds: bigint, format: string): string {
  const date = new Date(millisecondsOf(microseconds));
  return format.replace(PARTS, (part) => {
    switch (part.toLowerCase()) {
      case 'yyyy':
        return padded(date.getUTCFullYear(), 4);
      case 'mm':
        return padded(date.getUTCMonth() + 1, 2);
      case 'dd':
        return padded(date.getUTCDate(), 2);
      case 'hh':
      case 'hh24':
        return padded(date.getUTCHours(), 2);
      case 'mi':
        return padded(date.getUTCMinutes(), 2);
      case 'ss':
        return padded(date.getUTCSeconds(), 2);
      case 'ff3':
        return padded(date.getUTCMilliseconds(), 3);
      default:
        return padded(Number(((microseconds % 1_000_000n) + 1_000_000n) % 1_000_000n), 6);
    }
  });
}

/** Microseconds of the wall clock; null when the text does not have the format, each part with all its digits. */
function parseTime(text: string, format: string): bigint | null {
  const found: Record<string, number> = { yyyy: 1970, mm: 1, dd: 1, hh: 0, mi: 0, ss: 0, ff: 0 };
  const names: string[] = [];
  let pattern = '';
  let at = 0;
  for (const match of format.matchAll(PARTS)) {
    const part = match[0].toLowerCase();
    pattern += literal(format.slice(at, match.index));
    pattern += part === 'yyyy' ? '(\\d{4})' : part.startsWith('ff') ? `(\\d{1,${part[2]}})` : '(\\d{2})';
    names.push(part === 'hh24' ? 'hh' : part.slice(0, part === 'yyyy' ? 4 : 2));
    at = match.index + match[0].length;
  }
  const match = new RegExp(`^${pattern}${literal(format.slice(at))}$`).exec(text);
  if (!match) return null;
  for (const [index, name] of names.entries()) {
    const digits = match[index + 1]!;
    found[name] = name === 'ff' ? Number(digits.padEnd(6, '0')) : Number(digits);
  }
  const milliseconds = utcOf(found.yyyy!, found.mm!, found.dd!, found.hh, found.mi, found.ss);
  return milliseconds === null ? null : BigInt(milliseconds) * 1000n + BigInt(found.ff!);
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const lastDay = (date: Date): number =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

/** Whole months on equal days and on last days, else in parts of 31 days; rounded to eight digits. */
function monthsBetween(first: bigint, second: bigint): number {
  const [a, b] = [new Date(millisecondsOf(first)), new Date(millisecondsOf(second))];
  const months = (a.getUTCFullYear() - b.getUTCFullYear()) * 12 + a.getUTCMonth() - b.getUTCMonth();
  const ends = a.getUTCDate() === lastDay(a) && b.getUTCDate() === lastDay(b);
  if (a.getUTCDate() === b.getUTCDate() || ends) return months;
  const inMonth = (date: Date): number =>
    (date.getUTCDate() - 1) * DAY + (((date.getTime() % DAY) + DAY) % DAY);
  return Number((months + (inMonth(a) - inMonth(b)) / (31 * DAY)).toFixed(8));
}

const WEEKDAYS = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa'];
const LONG = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** The first such day behind the given one, in microseconds. */
function nextDay(microseconds: bigint, name: string): bigint | null {
  const word = name.toLowerCase();
  const wanted = LONG.findIndex(
    (day, index) => word === WEEKDAYS[index] || word === day.slice(0, 3) || word === day,
  );
  if (wanted < 0) return null;
  const day = Math.floor(millisecondsOf(microseconds) / DAY);
  const weekday = (((day + 4) % 7) + 7) % 7;
  return BigInt(day + ((wanted - weekday + 6) % 7) + 1) * BigInt(DAY) * 1000n;
}

export const TIME_FUNCTIONS = [
  define('mc_time_format', ['BIGINT', 'VARCHAR'], 'VARCHAR', timeFormat),
  define('mc_parse_time', ['VARCHAR', 'VARCHAR'], 'BIGINT', parseTime),
  define('mc_java_format', ['BIGINT', 'VARCHAR'], 'VARCHAR', javaFormat),
  define('mc_java_parse', ['VARCHAR', 'VARCHAR'], 'BIGINT', javaParse),
  define('mc_months_between', ['BIGINT', 'BIGINT'], 'DOUBLE', monthsBetween),
  define('mc_next_day_time', ['BIGINT', 'VARCHAR'], 'BIGINT', nextDay),
];
