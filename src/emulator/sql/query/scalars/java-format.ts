import { millisecondsOf, padded, utcOf } from './conversions.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** Runs of one letter, texts in quotes, and anything else. */
const PIECES = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g;

/** `yyyy-MM-dd HH:mm:ss.SSS`: the letters of Java's patterns that dates are written with. */
export function javaFormat(microseconds: bigint, pattern: string): string | null {
  const date = new Date(millisecondsOf(microseconds));
  let text = '';
  for (const [piece, quoted, letter] of pattern.matchAll(PIECES)) {
    const part = letter
      ? field(date, microseconds, letter, piece.length)
      : quoted === undefined
        ? piece
        : quoted.replaceAll("''", "'") || "'";
    if (part === null) return null;
    text += part;
  }
  return text;
}

function field(date: Date, microseconds: bigint, letter: string, width: number): string | null {
  const year = date.getUTCFullYear();
  const hour = date.getUTCHours();
  switch (letter) {
    case 'y':
    case 'Y':
    case 'u':
      return width === 2 ? padded(year % 100, 2) : padded(year, width);
    case 'M':
    case 'L':
      return width > 2
        ? MONTHS[date.getUTCMonth()]!.slice(0, width > 3 ? undefined : 3)
        : padded(date.getUTCMonth() + 1, width);
    case 'd':
      return padded(date.getUTCDate(), width);
    case 'H':
      return padded(hour, width);
    case 'h':
      return padded(hour % 12 || 12, width);
    case 'K':
      return padded(hour % 12, width);
    case 'k':
      return padded(hour || 24, width);
    case 'm':
      return padded(date.getUTCMinutes(), width);
    case 's':
      return padded(date.getUTCSeconds(), width);
    case 'S':
      return padded(Number(((microseconds % 1_000_000n) + 1_000_000n) % 1_000_000n), 6)
        .slice(0, width)
        .padEnd(width, '0');
    case 'a':
      return hour < 12 ? 'AM' : 'PM';
    case 'E':
      return DAYS[date.getUTCDay()]!.slice(0, width > 3 ? undefined : 3);
    case 'D':
      return padded(Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) + 1, width);
    case 'Q':
    case 'q':
      return padded(Math.floor(date.getUTCMonth() / 3) + 1, width);
    default:
      return null;
  }
}

const GROUPS: Record<string, string> = {
  y: 'year',
  M: 'month',
  d: 'day',
  H: 'hour',
  h: 'hour',
  m: 'minute',
  s: 'second',
  S: 'fraction',
};

/** Microseconds of the wall clock that a text gives in the pattern; null when it does not fit. */
export function javaParse(text: string, pattern: string): bigint | null {
  const names: string[] = [];
  let source = '';
  for (const [piece, quoted, letter] of pattern.matchAll(PIECES)) {
    if (!letter) {
      source += (quoted ?? piece).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      continue;
    }
    const name = GROUPS[letter];
    if (!name) return null;
    names.push(name);
    source +=
      letter === 'y'
        ? '(\\d{4})'
        : letter === 'S'
          ? '(\\d{1,6})'
          : `(\\d{${piece.length === 2 ? 2 : '1,2'}})`;
  }
  const match = new RegExp(`^${source}$`).exec(text);
  if (!match) return null;
  const found: Record<string, number> = {};
  for (const [index, name] of names.entries()) {
    found[name] = Number(name === 'fraction' ? match[index + 1]!.padEnd(6, '0') : match[index + 1]);
  }
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, fraction = 0 } = found;
  const milliseconds = utcOf(year, month, day, hour, minute, second);
  return milliseconds === null ? null : BigInt(milliseconds) * 1000n + BigInt(fraction);
}
