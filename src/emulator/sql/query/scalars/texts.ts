import { createHash } from 'node:crypto';
import { define, InvalidArgument, withNulls } from './define.ts';
import { formatNumber, formatPattern } from './number-format.ts';

/** Characters, not UTF-16 units. */
const charsOf = (text: string): string[] => [...text];

/** Place of the nth occurrence from `start` (from the end when negative), from 1; 0 for none. */
function instr(text: string, part: string, start: bigint, nth: bigint): bigint {
  if (start === 0n) throw new InvalidArgument('the start position of instr cannot be 0');
  if (nth <= 0n) throw new InvalidArgument('the number of the occurrence must be positive');
  const units = charsOf(text);
  const from = start > 0n ? Number(start) - 1 : units.length + Number(start);
  if (part === '') return from >= 0 && from <= units.length ? BigInt(from + 1) : 0n;
  const step = start > 0n ? 1 : -1;
  const wanted = charsOf(part);
  let left = Number(nth);
  for (let at = from; at >= 0 && at <= units.length - wanted.length; at += step) {
    if (!wanted.every((unit, index) => units[at + index] === unit)) continue;
    left -= 1;
    if (left === 0) return BigInt(at + 1);
  }
  return 0n;
}

/** Padded or cut to the length in characters. */
function pad(text: string, length: bigint, fill: string, before: boolean): string | null {
  const wanted = Number(length);
  if (wanted < 0) return null;
  const units = charsOf(text);
  if (units.length >= wanted) return units.slice(0, wanted).join('');
  if (fill === '') return null;
  const missing = wanted - units.length;
  if (missing > 4_194_304) throw new InvalidArgument('a text would be longer than 4 MiB');
  const filling = charsOf(fill.repeat(Math.ceil(missing / charsOf(fill).length)))
    .slice(0, missing)
    .join('');
  return before ? filling + text : text + filling;
}

/** Part `start` to `end` of a split, from 1, from the end when negative; empty beyond the last. */
function splitPart(text: string, separator: string, start: bigint, end: bigint): string | null {
  if (separator === '') return text;
  const parts = text.split(separator);
  const place = (number: bigint): number =>
    number < 0n ? parts.length + Number(number) : Number(number) - 1;
  const from = place(start);
  if (start === 0n || from >= parts.length || place(end) < from) return '';
  return parts.slice(Math.max(0, from), place(end) + 1).join(separator);
}

/** What stands before the nth separator, or behind it counted from the right. */
function substringIndex(text: string, separator: string, count: bigint): string {
  if (separator === '' || count === 0n) return '';
  const parts = text.split(separator);
  const number = Number(count);
  return (number > 0 ? parts.slice(0, number) : parts.slice(number)).join(separator);
}

/** The value of a key in `k1:v1;k2:v2`. */
function keyValue(text: string, between: string, inside: string, key: string): string | null {
  for (const pair of text.split(between)) {
    const at = pair.indexOf(inside);
    if (at >= 0 && pair.slice(0, at) === key) return pair.slice(at + inside.length);
  }
  return null;
}

const initcap = (text: string): string =>
  text
    .toLowerCase()
    .replace(/(^|\s)(\S)/g, (_, blank: string, letter: string) => blank + letter.toUpperCase());

const SOUNDS: Record<string, string> = {
  b: '1',
  f: '1',
  p: '1',
  v: '1',
  c: '2',
  g: '2',
  j: '2',
  k: '2',
  q: '2',
  s: '2',
  x: '2',
  z: '2',
  d: '3',
  t: '3',
  l: '4',
  m: '5',
  n: '5',
  r: '6',
};

/** American Soundex: h and w do not separate equal sounds, vowels do. */
function soundex(text: string): string {
  const letters = text.toLowerCase().replace(/[^a-z]/g, '');
  if (!letters) return text;
  let code = letters[0]!.toUpperCase();
  let last = SOUNDS[letters[0]!];
  for (const letter of letters.slice(1)) {
    const sound = SOUNDS[letter];
    if (sound && sound !== last) code += sound;
    if (letter !== 'h' && letter !== 'w') last = sound;
  }
  return code.slice(0, 4).padEnd(4, '0');
}

function sha(text: string, bits: bigint): string | null {
  const name = { 0: 'sha256', 1: 'sha1', 224: 'sha224', 256: 'sha256', 384: 'sha384', 512: 'sha512' }[
    Number(bits)
  ];
  return name ? createHash(name).update(text, 'utf8').digest('hex') : null;
}

function crc32(text: string): bigint {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text, 'utf8')) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return BigInt(~crc >>> 0);
}

/** Form encoding: blanks as +, everything but letters, digits and `-_.*` as %XX. */
const urlEncode = (text: string): string =>
  encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function urlDecode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

function join(items: readonly (string | null)[], separator: string, missing: string | null): string {
  return items
    .flatMap((item) => (item === null ? (missing === null ? [] : [missing]) : [item]))
    .join(separator);
}

/** Pairs of a text; a key without a separator has the value NULL, a repeated one its last value. */
function toMap(text: string, between: string, inside: string): Map<string, string | null> {
  const map = new Map<string, string | null>();
  for (const pair of text === '' ? [] : text.split(between)) {
    const at = pair.indexOf(inside);
    map.set(at < 0 ? pair : pair.slice(0, at), at < 0 ? null : pair.slice(at + inside.length));
  }
  return map;
}

/** The hash that Java gives a text, and the row hash made from those of its columns. */
function rowHash(values: readonly (string | null)[]): bigint {
  let hash = 0;
  for (const value of values) {
    const whole = value !== null && /^-?\d{1,19}$/.test(value) ? BigInt.asIntN(64, BigInt(value)) : undefined;
    const one =
      value === null
        ? 0
        : whole === undefined
          ? textHash(value)
          : Number(BigInt.asIntN(32, whole ^ (whole >> 32n)));
    hash = (Math.imul(31, hash) + one) | 0;
  }
  return BigInt(hash);
}

function textHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1)
    hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

const countIn = (text: string, letters: string): bigint =>
  BigInt(charsOf(text).filter((char) => letters.includes(char)).length);

export const TEXT_FUNCTIONS = [
  define('mc_char_matchcount', ['VARCHAR', 'VARCHAR'], 'BIGINT', countIn),
  define('mc_find_in_set', ['VARCHAR', 'VARCHAR', 'VARCHAR'], 'BIGINT', (text, list, separator) =>
    text.includes(separator) ? 0n : BigInt(list.split(separator).indexOf(text) + 1),
  ),
  define('mc_format_number', ['DOUBLE', 'BIGINT'], 'VARCHAR', (value, places) =>
    formatNumber(value, Number(places)),
  ),
  define('mc_format_pattern', ['DOUBLE', 'VARCHAR'], 'VARCHAR', formatPattern),
  define('mc_initcap', ['VARCHAR'], 'VARCHAR', initcap),
  define('mc_instr', ['VARCHAR', 'VARCHAR', 'BIGINT', 'BIGINT'], 'BIGINT', instr),
  define('mc_keyvalue', ['VARCHAR', 'VARCHAR', 'VARCHAR', 'VARCHAR'], 'VARCHAR', keyValue),
  define('mc_pad', ['VARCHAR', 'BIGINT', 'VARCHAR', 'BOOLEAN'], 'VARCHAR', pad),
  define('mc_sha', ['VARCHAR', 'BIGINT'], 'VARCHAR', sha),
  define('mc_crc32', ['VARCHAR'], 'BIGINT', crc32),
  define('mc_soundex', ['VARCHAR'], 'VARCHAR', soundex),
  define('mc_split_part', ['VARCHAR', 'VARCHAR', 'BIGINT', 'BIGINT'], 'VARCHAR', splitPart),
  define('mc_substring_index', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'VARCHAR', substringIndex),
  define('mc_url_encode', ['VARCHAR'], 'VARCHAR', urlEncode),
  define('mc_url_decode', ['VARCHAR'], 'VARCHAR', urlDecode),
  withNulls(define('mc_join', ['VARCHAR[]', 'VARCHAR', 'VARCHAR'], 'VARCHAR', join), 2),
  define('mc_str_to_map', ['VARCHAR', 'VARCHAR', 'VARCHAR'], 'MAP', toMap),
  define('mc_hash_texts', ['VARCHAR[]'], 'BIGINT', rowHash),
];
