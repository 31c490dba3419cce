import { civilOf, DAY_SECONDS } from '../../decode/cell/iso-text.ts';
import { daysOf, isDate, isTimeOfDay, type Moment } from './calendar.ts';
import { fractionNanos, readDigits, readOffset } from './digits.ts';

/**
 * Time patterns in Java letters: `yyyy MM dd HH mm ss S..S{9} X XXX`; text in single quotes stands for
 * itself, '' is one quote, and so does every character that is no letter.
 */
export interface Pattern {
  readonly tokens: readonly Token[];
  /** Smallest unit that the pattern shows, ms: formatted texts are equal within it. 0: below a ms. */
  readonly unitMs: number;
  readonly hasOffset: boolean;
}

type Field = 'yyyy' | 'MM' | 'dd' | 'HH' | 'mm' | 'ss';
type Token =
  | { readonly kind: 'field'; readonly field: Field; readonly width: number }
  | { readonly kind: 'fraction'; readonly width: number }
  | { readonly kind: 'offset'; readonly style: 'X' | 'XXX' }
  | { readonly kind: 'literal'; readonly text: string; readonly bytes: Uint8Array };

const UNITS: Record<Field, number> = {
  yyyy: 86_400_000,
  MM: 86_400_000,
  dd: 86_400_000,
  HH: 3_600_000,
  mm: 60_000,
  ss: 1000,
};

const PIECES = /'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'/g;

/** The compiled pattern, or what is wrong with the text. */
export function compilePattern(text: string): Pattern | { readonly problem: string } {
  const tokens: Token[] = [];
  for (const [piece] of text.matchAll(PIECES)) {
    const token = tokenOf(piece);
    if (!token)
      return { problem: piece === "'" ? 'a quote is not closed' : `"${piece}" is not one of ${LETTERS}` };
    if (token.kind !== 'literal' && tokens.some((other) => sameField(token, other))) {
      return { problem: `"${piece}" appears twice` };
    }
    tokens.push(token);
  }
  if (!tokens.some((token) => token.kind !== 'literal')) return { problem: 'it has no time field' };
  const unitMs = Math.min(...tokens.map(unitOf));
  return { tokens, unitMs, hasOffset: tokens.some((token) => token.kind === 'offset') };
}

const LETTERS = 'yyyy MM dd HH mm ss S to SSSSSSSSS X XXX (quote text that stands for itself)';

function tokenOf(piece: string): Token | null {
  if (piece in UNITS) return { kind: 'field', field: piece as Field, width: piece.length };
  if (/^S{1,9}$/.test(piece)) return { kind: 'fraction', width: piece.length };
  if (piece === 'X' || piece === 'XXX') return { kind: 'offset', style: piece };
  if (/^[A-Za-z]/.test(piece) || piece === "'") return null;
  const quoted = piece.startsWith("'") ? piece.slice(1, -1).replaceAll("''", "'") : piece;
  const text = piece === "''" ? "'" : quoted;
  return { kind: 'literal', text, bytes: new TextEncoder().encode(text) };
}

function sameField(a: Token, b: Token): boolean {
  return a.kind === b.kind && (a.kind !== 'field' || b.kind !== 'field' || a.field === b.field);
}

function unitOf(token: Token): number {
  if (token.kind === 'field') return UNITS[token.field];
  return token.kind === 'fraction' ? (token.width <= 3 ? 10 ** (3 - token.width) : 0) : UNITS.yyyy;
}

/** Why the pattern cannot be used to read times, or null: a date needs its year. */
export function readProblem(pattern: Pattern): string | null {
  return pattern.tokens.some((token) => token.kind === 'field' && token.field === 'yyyy')
    ? null
    : 'it has no yyyy';
}

const read = { yyyy: 1, MM: 1, dd: 1, HH: 0, mm: 0, ss: 0 };
const offset = { seconds: 0, next: 0 };

/** Reads exactly the bytes [start, end) by the pattern into `out`; false when they do not match or are no date. */
export function parsePattern(
  pattern: Pattern,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Moment,
): boolean {
  read.MM = read.dd = 1;
  read.HH = read.mm = read.ss = 0;
  out.nanos = 0;
  offset.seconds = 0;
  let at = start;
  for (const token of pattern.tokens) {
    at = parseToken(token, bytes, at, end, out);
    if (at < 0) return false;
  }
  if (at !== end || !isDate(read.yyyy, read.MM, read.dd) || !isTimeOfDay(read.HH, read.mm, read.ss))
    return false;
  const days = daysOf(read.yyyy, read.MM, read.dd);
  out.seconds = days * DAY_SECONDS + read.HH * 3600 + read.mm * 60 + read.ss - offset.seconds;
  out.local = !pattern.hasOffset;
  return true;
}

/** The index behind the token, or -1. */
function parseToken(token: Token, bytes: Uint8Array, at: number, end: number, out: Moment): number {
  switch (token.kind) {
    case 'field': {
      const value = readDigits(bytes, at, end, token.width);
      read[token.field] = value;
      return value < 0 ? -1 : at + token.width;
    }
    case 'fraction': {
      const value = readDigits(bytes, at, end, token.width);
      out.nanos = fractionNanos(value, token.width);
      return value < 0 ? -1 : at + token.width;
    }
    case 'offset':
      return readOffset(bytes, at, end, offset) && isStyle(token.style, at) ? offset.next : -1;
    case 'literal':
      return matches(token.bytes, bytes, at, end) ? at + token.bytes.length : -1;
  }
}

/** X reads +08 and +0830, XXX reads +08:30; both read Z. */
function isStyle(style: 'X' | 'XXX', at: number): boolean {
  const length = offset.next - at;
  return length === 1 || (style === 'XXX' ? length === 6 : length !== 6);
}

function matches(literal: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (at + literal.length > end) return false;
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
}

const civil = { year: 0, month: 0, day: 0 };

/** Formats local seconds (since 1970-01-01, fields taken as UTC), nanoseconds and the offset from UTC in seconds. */
export function formatPattern(
  pattern: Pattern,
  localSeconds: number,
  nanos: number,
  offsetSeconds: number,
): string {
  const days = Math.floor(localSeconds / DAY_SECONDS);
  const second = localSeconds - days * DAY_SECONDS;
  civilOf(days, civil);
  let text = '';
  for (const token of pattern.tokens) {
    if (token.kind === 'literal') text += token.text;
    else if (token.kind === 'offset') text += offsetText(token.style, offsetSeconds);
    else if (token.kind === 'fraction') text += String(nanos).padStart(9, '0').slice(0, token.width);
    else text += String(fieldValue(token.field, second)).padStart(token.width, '0');
  }
  return text;
}

function fieldValue(field: Field, secondOfDay: number): number {
  switch (field) {
    case 'yyyy':
      return civil.year;
    case 'MM':
      return civil.month;
    case 'dd':
      return civil.day;
    case 'HH':
      return Math.floor(secondOfDay / 3600);
    case 'mm':
      return Math.floor(secondOfDay / 60) % 60;
    case 'ss':
      return secondOfDay % 60;
  }
}

function offsetText(style: 'X' | 'XXX', seconds: number): string {
  if (seconds === 0) return 'Z';
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const hh = String(Math.floor(minutes / 60)).padStart(2, '0');
  const mm = String(minutes % 60).padStart(2, '0');
  const sign = seconds < 0 ? '-' : '+';
  if (style === 'XXX') return `${sign}${hh}:${mm}`;
  return mm === '00' ? `${sign}${hh}` : `${sign}${hh}${mm}`;
}
