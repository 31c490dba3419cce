import { ROW_KEY_BYTES } from '../mapping/row-key.ts';
import type { EncodeResult } from './job.ts';
import { createKeySet, type KeySet } from './key-set.ts';

export const KEY_WORDS = ROW_KEY_BYTES / 4;

/**
 * Finds rows whose key an earlier row of the job has, and leaves out those that main found among earlier jobs. To be
 * asked of every record that could be written, in order.
 */
export interface Copies {
  begin(drop: readonly number[]): void;
  /** A record of one row. */
  isCopy(key: Buffer | null): boolean;
  /** A record of several rows, which stays whole unless each of them is a copy. */
  areCopies(keys: readonly (Buffer | null)[]): boolean;
  result(): Required<Pick<EncodeResult, 'keys' | 'deduplicated'>>;
}

export function createCopies(): Copies {
  const seen = createKeySet();
  const key = new Uint32Array(KEY_WORDS);
  const keyBytes = new Uint8Array(key.buffer);
  let keys = new Uint32Array(KEY_WORDS * 1024);
  /** Rows that are no copies within the job, and of these: those that stay. */
  let firsts = 0;
  let kept = 0;
  let copies = 0;
  let drop: readonly number[] = [];
  let dropped = 0;

  function keep(): void {
    const at = kept * KEY_WORDS;
    if (at === keys.length) {
      const grown = new Uint32Array(keys.length * 2);
      grown.set(keys);
      keys = grown;
    }
    keys.set(key, at);
    kept += 1;
  }

  /** Whether an earlier row of the job has the key. */
  function isSeen(found: Buffer | null): boolean {
    if (found) keyBytes.set(found);
    else key.fill(0);
    return found !== null && !seen.add(key, 0);
  }

  /** Of a first row in the job: whether main found its key among earlier jobs. */
  function isDropped(): boolean {
    if (drop[dropped] !== firsts++) return false;
    dropped += 1;
    return true;
  }

  return {
    begin(list) {
      seen.clear();
      drop = list;
      firsts = kept = copies = dropped = 0;
    },
    isCopy(found) {
      const copy = isSeen(found) || isDropped();
      if (copy) copies += 1;
      else keep();
      return copy;
    },
    areCopies(list) {
      const before = kept;
      let own = 0;
      for (const found of list) {
        if (isSeen(found)) continue;
        if (isDropped()) key.fill(0);
        else own += 1;
        keep();
      }
      if (own > 0) return false;
      kept = before;
      copies += 1;
      return true;
    },
    result: () => ({ keys: keys.slice(0, kept * KEY_WORDS), deduplicated: copies }),
  };
}

/** Numbers of the keys that are in the set. */
export function copiesIn(keys: Uint32Array, set: Pick<KeySet, 'has'>): number[] {
  const found: number[] = [];
  for (let at = 0; at < keys.length; at += KEY_WORDS) if (set.has(keys, at)) found.push(at / KEY_WORDS);
  return found;
}
