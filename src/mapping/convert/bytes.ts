import { isUtf8 } from 'node:buffer';

/** UTF-8 bytes [start, end) as text; what is not UTF-8 shows as U+FFFD. */
export function asText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

/** Below this a loop finds pure ASCII faster than a native call. */
const SHORT = 32;

export function isText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > SHORT) return isUtf8(bytes.subarray(start, end));
  for (let i = start; i < end; i++) if (bytes[i]! > 127) return isUtf8(bytes.subarray(start, end));
  return true;
}

/** Characters (code points) of valid UTF-8. */
export function countCharacters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if ((bytes[i]! & 0xc0) !== 0x80) count++;
  return count;
}

/** Where the first `characters` of valid UTF-8 end, at most `end`. */
export function endOfCharacters(bytes: Uint8Array, start: number, end: number, characters: number): number {
  let left = characters;
  let at = start;
  for (; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80 && left-- === 0) break;
  return at;
}

/** The last place up to `at` where a character of valid UTF-8 begins, so that none is cut in two. */
export function startOfCharacter(bytes: Uint8Array, start: number, at: number): number {
  let to = at;
  while (to > start && (bytes[to]! & 0xc0) === 0x80) to--;
  return to;
}

/** Copies ASCII text into `into` from its beginning; the number of bytes. */
export function putAscii(text: string, into: Uint8Array): number {
  for (let i = 0; i < text.length; i++) into[i] = text.charCodeAt(i);
  return text.length;
}
