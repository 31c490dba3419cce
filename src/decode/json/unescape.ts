import { BACKSLASH, ESCAPED, hexValue } from './text.ts';

/**
 * Writes the text of a JSON string (bytes [start, end) between its quotes, already validated) as UTF-8 to
 * `out`, which has room for end - start bytes: unescaping never makes text longer.
 *
 * @returns the position behind what was written; -1 for half a surrogate pair, which UTF-8 cannot hold
 */
export function unescapeString(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outAt: number,
): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte !== BACKSLASH) {
      out[outAt++] = byte;
      at++;
      continue;
    }
    const meaning = ESCAPED[bytes[at + 1]!]!;
    if (meaning !== 0) {
      out[outAt++] = meaning;
      at += 2;
      continue;
    }
    const unit = codeUnit(bytes, at);
    const low =
      isHighSurrogate(unit) && at + 12 <= end && bytes[at + 6] === BACKSLASH ? lowUnit(bytes, at + 6) : -1;
    if ((unit & 0xf800) === 0xd800 && low < 0) return -1;
    outAt = writeCodePoint(low < 0 ? unit : 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff), out, outAt);
    at += low < 0 ? 6 : 12;
  }
  return outAt;
}

/** The value of the four digits of the escape at `at`. */
function codeUnit(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit++) unit = (unit << 4) | hexValue(bytes[digit]!);
  return unit;
}

/** The low surrogate escaped at `at`; -1 for another escape. */
function lowUnit(bytes: Uint8Array, at: number): number {
  if (ESCAPED[bytes[at + 1]!] !== 0) return -1;
  const unit = codeUnit(bytes, at);
  return (unit & 0xfc00) === 0xdc00 ? unit : -1;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function writeCodePoint(point: number, out: Uint8Array, at: number): number {
  if (point < 0x80) {
    out[at++] = point;
    return at;
  }
  if (point < 0x800) {
    out[at++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      out[at++] = 0xe0 | (point >> 12);
    } else {
      out[at++] = 0xf0 | (point >> 18);
      out[at++] = 0x80 | ((point >> 12) & 0x3f);
    }
    out[at++] = 0x80 | ((point >> 6) & 0x3f);
  }
  out[at++] = 0x80 | (point & 0x3f);
  return at;
}
