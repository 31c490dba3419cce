import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipScalar,
  skipSpace,
  skipString,
} from './text.ts';

/**
 * Puts where the elements of a JSON array are into `ranges`: start, end, start, end ... The text is known to be valid.
 *
 * @returns false when there are more than `most`
 */
export function findElements(bytes: Uint8Array, start: number, ranges: number[], most: number): boolean {
  ranges.length = 0;
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] !== CLOSE_ARRAY) {
    if (ranges.length === 2 * most) return false;
    const end = skipValid(bytes, at);
    ranges.push(at, end);
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return true;
}

function skipValid(bytes: Uint8Array, at: number): number {
  let depth = 0;
  for (;;) {
    const byte = bytes[at];
    if (byte === QUOTE) at = skipString(bytes, at + 1);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth++;
      at++;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--;
      at++;
    } else if (depth === 0) return skipScalar(bytes, at);
    else at++;
    if (depth === 0) return at;
  }
}
