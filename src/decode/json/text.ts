/**
 * The tokens of JSON (RFC 8259), strictly as JSON.parse takes them. Each function gets the position of the
 * first byte of its token and returns the position behind it, or `~position` of the byte at fault (a
 * negative number). No bounds are checked: the caller sees to a NUL behind the text, which no token takes.
 */
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_ARRAY = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const LETTER_F = 0x66;
export const LETTER_N = 0x6e;
export const LETTER_T = 0x74;
const LETTER_U = 0x75;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;

/** Bytes that end a run of ordinary characters in a string: quote, backslash, control characters. */
const SPECIAL = table((byte) => byte < 0x20 || byte === QUOTE || byte === BACKSLASH);
const SPACE = table((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
/** What a letter behind a backslash stands for; 0: no such escape. */
export const ESCAPED = escapes({
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
});

const TRUE = ascii('true');
const FALSE = ascii('false');
const NULL_WORD = ascii('null');

export function skipSpace(bytes: Uint8Array, at: number): number {
  while (SPACE[bytes[at]!] === 1) at++;
  return at;
}

/** The first quote, backslash or control character from here on. */
export function skipPlain(bytes: Uint8Array, at: number): number {
  while (SPECIAL[bytes[at]!] === 0) at++;
  return at;
}

/** `at` is anywhere in the string behind its opening quote, but not inside an escape. */
export function skipString(bytes: Uint8Array, at: number): number {
  at = skipPlain(bytes, at);
  while (bytes[at] === BACKSLASH) {
    const next = skipEscape(bytes, at);
    if (next < 0) return next;
    at = skipPlain(bytes, next);
  }
  return bytes[at] === QUOTE ? at + 1 : ~at;
}

function skipEscape(bytes: Uint8Array, at: number): number {
  const letter = bytes[at + 1]!;
  if (letter !== LETTER_U) return ESCAPED[letter] === 0 ? ~(at + 1) : at + 2;
  for (let digit = at + 2; digit < at + 6; digit++) if (hexValue(bytes[digit]!) < 0) return ~digit;
  return at + 6;
}

/** 0 to 15; -1 for anything but a hexadecimal digit. */
export function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

/** A number, `true`, `false` or `null`. */
export function skipScalar(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case LETTER_T:
      return skipWord(bytes, at, TRUE);
    case LETTER_F:
      return skipWord(bytes, at, FALSE);
    case LETTER_N:
      return skipWord(bytes, at, NULL_WORD);
    default:
      return skipNumber(bytes, at);
  }
}

function skipWord(bytes: Uint8Array, at: number, word: Uint8Array): number {
  for (let i = 1; i < word.length; i++) if (bytes[at + i] !== word[i]) return ~(at + i);
  return at + word.length;
}

function skipNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MINUS) at++;
  at = bytes[at] === ZERO ? at + 1 : skipDigits(bytes, at);
  if (at >= 0 && bytes[at] === DOT) at = skipDigits(bytes, at + 1);
  if (at >= 0 && (bytes[at]! | 0x20) === 0x65) at = skipExponent(bytes, at + 1);
  return at;
}

function skipExponent(bytes: Uint8Array, at: number): number {
  return skipDigits(bytes, bytes[at] === PLUS || bytes[at] === MINUS ? at + 1 : at);
}

/** One digit or more. */
function skipDigits(bytes: Uint8Array, at: number): number {
  const from = at;
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  return at === from ? ~at : at;
}

function table(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0));
}

function escapes(meanings: Record<string, string>): Uint8Array {
  const bytes = new Uint8Array(256);
  for (const [letter, meaning] of Object.entries(meanings))
    bytes[letter.charCodeAt(0)] = meaning.charCodeAt(0);
  return bytes;
}

function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}
