import { isUtf8 } from 'node:buffer';
import type { Cell } from '../cell/cell.ts';

/** ASCII up to this length is recognised here: cheaper than a view and a call into native code. */
const SHORT_BYTES = 64;
/** The same for other characters, which cost more each. */
const SHORT_CHARACTERS = 32;

/** Whether bytes [start, end) are valid UTF-8 (no surrogates, no overlong forms). */
export function validUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > SHORT_BYTES) return isUtf8(bytes.subarray(start, end));
  let at = start;
  while (at < end && bytes[at]! < 0x80) at++;
  if (at === end) return true;
  return end - at > SHORT_CHARACTERS ? isUtf8(bytes.subarray(at, end)) : validCharacters(bytes, at, end);
}

function validCharacters(bytes: Uint8Array, start: number, end: number): boolean {
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

/** Cells of one chunk share their bytes: the view is made once, which costs more than most texts. */
let view: Buffer = Buffer.alloc(0);

/** UTF-8 bytes [start, end) as text; what is not UTF-8 shows as U+FFFD. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (view.buffer !== bytes.buffer) view = Buffer.from(bytes.buffer);
  return view.toString('utf8', bytes.byteOffset + start, bytes.byteOffset + end);
}

/** The text of a cell that holds UTF-8 bytes. */
export const cellText = ({ bytes, start, end }: Cell): string => textOf(bytes, start, end);
