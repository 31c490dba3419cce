/** Literals [from, to) of the block, then `length` bytes that stand `offset` bytes before. */
export type OnMatch = (from: number, to: number, offset: number, length: number) => void;

const HASH_BITS = 14;
const SHORTEST = 4;
/** LZ4's rules for the end of a block: no match begins in the last 12 bytes, none reaches the last 5. */
const LAST_START = 12;
const LAST_LITERALS = 5;

/** Where a sequence of four bytes was seen last; stale entries of other blocks are compared and dismissed. */
const seen = new Int32Array(1 << HASH_BITS);

/**
 * Finds repetitions in a block of at most 64 KiB, greedily, passing faster over what does not repeat.
 * Answers where the literals after the last match begin.
 */
export function findMatches(block: Buffer, onMatch: OnMatch): number {
  seen.fill(-1);
  const limit = block.length - LAST_START;
  let literals = 0;
  let misses = 0;
  for (let at = 0; at < limit; ) {
    const word = block.readInt32LE(at);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = seen[slot]!;
    seen[slot] = at;
    if (candidate < 0 || block.readInt32LE(candidate) !== word) {
      misses += 1;
      at += 1 + (misses >> 6);
      continue;
    }
    const length = matchLength(block, candidate, at);
    onMatch(literals, at, at - candidate, length);
    at += length;
    literals = at;
    misses = 0;
  }
  return literals;
}

function matchLength(block: Buffer, candidate: number, start: number): number {
  const end = block.length - LAST_LITERALS;
  let at = start + SHORTEST;
  while (at < end && block[at] === block[at - start + candidate]) at += 1;
  return at - start;
}

/** Copies bytes that may overlap their source: a distance of one repeats the last byte. */
export function copyBack(bytes: Buffer, at: number, offset: number, length: number): void {
  if (offset >= length) {
    bytes.copyWithin(at, at - offset, at - offset + length);
    return;
  }
  for (let index = at; index < at + length; index += 1) bytes[index] = bytes[index - offset]!;
}
