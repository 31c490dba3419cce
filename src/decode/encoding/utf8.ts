import { isUtf8 } from 'node:buffer';

/** Text up to this length is checked here: cheaper than a view and a call into native code. */
const SHORT_BYTES = 64;

/** Whether bytes [start, end) are valid UTF-8 (no surrogates, no overlong forms). */
export function validUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= SHORT_BYTES ? validShort(bytes, start, end) : isUtf8(bytes.subarray(start, end));
}

function validShort(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    if (bytes[at]! < 0x80) at++;
    else {
      const length = sequenceLength(bytes[at]!, bytes[at + 1]!);
      if (length === 0 || at + length > end) return false;
      for (let i = 2; i < length; i++) if (!isContinuation(bytes[at + i]!)) return false;
      at += length;
    }
  }
  return true;
}

/** Bytes of a character that begins with these two; 0: none does (RFC 3629, section 4). */
function sequenceLength(first: number, second: number): number {
  if (first < 0xc2 || first > 0xf4 || !isContinuation(second)) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f) ? 0 : 3;
  return (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f) ? 0 : 4;
}

/** Checks many ranges of one chunk; one native call for all when the whole chunk is valid. */
export interface Utf8Check {
  beginChunk(bytes: Uint8Array, dataEnd: number): void;
  valid(bytes: Uint8Array, start: number, end: number): boolean;
}

export function createUtf8Check(): Utf8Check {
  let validBytes: Uint8Array | null = null;
  let validEnd = 0;
  return {
    beginChunk(bytes, dataEnd) {
      validBytes = isUtf8(bytes.subarray(0, dataEnd)) ? bytes : null;
      validEnd = dataEnd;
    },
    valid(bytes, start, end) {
      if (bytes !== validBytes || end >= validEnd) return validUtf8(bytes, start, end);
      // Part of valid text is valid when neither end cuts a character in two.
      return !isContinuation(bytes[start]!) && !isContinuation(bytes[end]!);
    },
  };
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
