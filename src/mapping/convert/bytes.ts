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
