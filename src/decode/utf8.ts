import { isUtf8 } from 'node:buffer';

/** Text up to this length is checked for plain ASCII first: cheaper than a call into native code. */
const SHORT_BYTES = 24;

/** Whether bytes [start, end) are valid UTF-8 (no surrogates, no overlong forms). */
export function validUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= SHORT_BYTES && isAscii(bytes, start, end)) return true;
  return isUtf8(bytes.subarray(start, end));
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! >= 0x80) return false;
  return true;
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
