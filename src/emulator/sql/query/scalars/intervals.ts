import { define, InvalidArgument } from './define.ts';

/** Units from the largest on, and their nanoseconds. */
const UNITS = {
  DAY: 86_400_000_000_000n,
  HOUR: 3_600_000_000_000n,
  MINUTE: 60_000_000_000n,
  SECOND: 1_000_000_000n,
} as const;
type Unit = keyof typeof UNITS;
const NAMES: readonly string[] = Object.keys(UNITS);

/** From a unit to a smaller one, as in `INTERVAL '3 12:30:11.5' DAY TO SECOND`. */
export function unitsBetween(from: string, to: string): readonly Unit[] {
  const first = NAMES.indexOf(from);
  return first < 0 ? [] : (NAMES.slice(first, NAMES.indexOf(to) + 1) as Unit[]);
}

/** Nanoseconds of such a text, as a text: they are more than 64 bits. */
function dayTime(text: string, range: string): string {
  const [from = '', to = ''] = range.split(' TO ');
  const units = unitsBetween(from, to);
  const numbers = units.map((unit) => (unit === 'SECOND' ? '(\\d{1,9})(?:\\.(\\d{1,9}))?' : '(\\d{1,9})'));
  const pattern = numbers.map((number, index) =>
    units[index - 1] === 'DAY' ? ` +${number}` : `${index ? ':' : ''}${number}`,
  );
  const match = new RegExp(`^\\s*([+-]?)\\s*${pattern.join('')}\\s*$`).exec(text);
  if (!match) throw new InvalidArgument(`'${text.slice(0, 100)}' is no interval of ${range}`);
  const whole = units.reduce((sum, unit, index) => sum + BigInt(match[index + 2]!) * UNITS[unit], 0n);
  const fraction = BigInt((match[units.length + 2] ?? '').padEnd(9, '0'));
  return `${match[1] === '-' ? '-' : ''}${whole + fraction}`;
}

/** Months of `10-11`, years and months. */
function yearMonth(text: string): bigint {
  const match = /^\s*([+-]?)\s*(\d{1,7})-(\d{1,2})\s*$/.exec(text);
  if (!match || Number(match[3]) > 11)
    throw new InvalidArgument(`'${text.slice(0, 100)}' is no interval of YEAR TO MONTH`);
  const months = BigInt(match[2]!) * 12n + BigInt(match[3]!);
  return match[1] === '-' ? -months : months;
}

export const INTERVAL_FUNCTIONS = [
  define('mc_day_time', ['VARCHAR', 'VARCHAR'], 'VARCHAR', dayTime),
  define('mc_year_month', ['VARCHAR'], 'BIGINT', yearMonth),
];
