import { compileRegex, type Regex } from '../../regex.ts';
import { parseIso } from '../time/iso.ts';
import { newMoment } from '../time/reader.ts';
import { Instant } from './instant.ts';
import { LOCAL_PARTS } from './local-parts.ts';

/**
 * Functions that the library lacks, and those that it has otherwise than CEL says: its `matches` can run for ever, its
 * `substring` and `indexOf` count halves of characters, its `int` takes the empty text for 0. The names of the latter end with
 * an underscore here; {@link RENAMED} names them, and expressions are rewritten to use them.
 */
type Handler = (...args: never[]) => unknown;
type Signature = readonly [signature: string, handler: Handler];
type Operator = readonly [signature: string, handler: (left: unknown, right: unknown) => number];

const INT_MAX = 2n ** 63n - 1n;
const INT_MIN = -(2n ** 63n);
const TIMESTAMP = 'google.protobuf.Timestamp';

const CONVERSIONS: readonly Signature[] = [
  ['int_(int): int', (value: bigint) => value],
  ['int_(uint): int', (value: { valueOf(): bigint }) => inRange(value.valueOf())],
  ['int_(double): int', intOfDouble],
  ['int_(string): int', intOfText],
  [`int_(${TIMESTAMP}): int`, (time: Date) => BigInt(Math.floor(time.getTime() / 1000))],
  ['string_(string): string', (text: string) => text],
  ['string_(bool): string', String],
  ['string_(int): string', String],
  ['string_(uint): string', String],
  ['string_(double): string', String],
  ['string_(bytes): string', textOfBytes],
  [`string_(${TIMESTAMP}): string`, (time: Date) => Instant.from(time).text],
  ['timestamp_(string): google.protobuf.Timestamp', timeOfText],
  ['timestamp_(int): google.protobuf.Timestamp', (seconds: bigint) => new Instant(Number(seconds), 0)],
  [`timestamp_(${TIMESTAMP}): ${TIMESTAMP}`, (time: Date) => time],
];

const TEXTS: readonly Signature[] = [
  ['string.lowerAscii_(): string', (text: string) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())],
  ['string.upperAscii_(): string', (text: string) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())],
  ['string.substring_(int): string', (text: string, start: bigint) => between(text, start, null)],
  [
    'string.substring_(int, int): string',
    (text: string, start: bigint, end: bigint) => between(text, start, end),
  ],
  ['string.charAt(int): string', (text: string, at: bigint) => between(text, at, at + 1n)],
  ['string.indexOf_(string): int', (text: string, part: string) => placeOf(text, text.indexOf(part))],
  ['string.lastIndexOf_(string): int', (text: string, part: string) => placeOf(text, text.lastIndexOf(part))],
  [
    'string.indexOf_(string, int): int',
    (text: string, part: string, from: bigint) => placeOf(text, text.indexOf(part, unitOf(text, from))),
  ],
  [
    'string.lastIndexOf_(string, int): int',
    (text: string, part: string, from: bigint) => placeOf(text, text.lastIndexOf(part, unitOf(text, from))),
  ],
  [
    'string.replace(string, string): string',
    (text: string, from: string, to: string) => text.replaceAll(from, () => to),
  ],
  ['string.replace(string, string, int): string', replaceSome],
  ['string.matches_(string): bool', matches],
  ['matches_(string, string): bool', matches],
];

export const FUNCTIONS: readonly Signature[] = [...CONVERSIONS, ...TEXTS, ...LOCAL_PARTS];

/** A number of JSON is an int without a point and a double with one: together they are doubles. */
export const OPERATORS: readonly Operator[] = (['int', 'uint'] as const).flatMap((type) => [
  ...mixed(`${type} + double`, `double + ${type}`, (a, b) => a + b),
  ...mixed(`${type} - double`, `double - ${type}`, (a, b) => a - b),
  ...mixed(`${type} * double`, `double * ${type}`, (a, b) => a * b),
  ...mixed(`${type} / double`, `double / ${type}`, (a, b) => a / b),
]);

function mixed(one: string, other: string, apply: (a: number, b: number) => number): Operator[] {
  const handler = (a: unknown, b: unknown) => apply(Number(a), Number(b));
  return [one, other].map((signature) => [`${signature}: double`, handler] as const);
}

/** Names that expressions use and that have implementations of their own here, functions and methods. */
export const RENAMED: ReadonlySet<string> = new Set(
  FUNCTIONS.map(([signature]) => /(\w+)_\(/.exec(signature)?.[1] ?? '').filter((name) => name !== ''),
);

function inRange(value: bigint): bigint {
  if (value > INT_MAX || value < INT_MIN) throw new Error('the number does not fit 64 bits');
  return value;
}

function intOfDouble(value: number): bigint {
  if (!Number.isFinite(value)) throw new Error('the number is not finite');
  return inRange(BigInt(Math.trunc(value)));
}

function intOfText(text: string): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new Error('the text is no whole number');
  return inRange(BigInt(text.replace(/^\+/, '')));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOfBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Error('the bytes are not valid UTF-8');
  }
}

const moment = newMoment();

/** ISO 8601 with a zone, up to nine digits of a second. */
function timeOfText(text: string): Date {
  const bytes = Buffer.from(text);
  if (!parseIso(bytes, 0, bytes.length, moment) || moment.local)
    throw new Error('the text is no ISO 8601 time with its zone');
  return new Instant(moment.seconds, moment.nanos);
}

/** Places are counted in characters (code points), as `size` counts them. */
function between(text: string, start: bigint, end: bigint | null): string {
  const characters = PLAIN.test(text) ? text : [...text];
  const to = end ?? BigInt(characters.length);
  if (start < 0n || to < start || to > characters.length) throw new Error('a place lies outside the text');
  const part = characters.slice(Number(start), Number(to));
  return typeof part === 'string' ? part : part.join('');
}

/** Without halves of surrogate pairs, each unit is a character. */
const PLAIN = /^[^\ud800-\udfff]*$/;

function placeOf(text: string, unit: number): bigint {
  return BigInt(unit <= 0 ? unit : [...text.slice(0, unit)].length);
}

/** The unit at which character number `at` begins. */
const unitOf = (text: string, at: bigint): number => between(text, 0n, at).length;

function replaceSome(text: string, from: string, to: string, most: bigint): string {
  let left = most;
  return most < 0n
    ? text.replaceAll(from, () => to)
    : text.replaceAll(from, (part) => (left-- > 0n ? to : part));
}

/** Patterns are mostly literals; of those that come from records only some are kept. */
const KEPT_PATTERNS = 64;
const patterns = new Map<string, Regex>();

function matches(text: string, pattern: string): boolean {
  let regex = patterns.get(pattern);
  if (!regex) {
    regex = compileRegex(pattern);
    if (patterns.size >= KEPT_PATTERNS) patterns.clear();
    patterns.set(pattern, regex);
  }
  return regex.test(text);
}
