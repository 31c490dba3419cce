import { ROW_KEY_BYTES } from '../mapping/row-key.ts';
import type { EncodeResult } from './job.ts';
import { createKeySet, type KeySet } from './key-set.ts';

export const KEY_WORDS = ROW_KEY_BYTES / 4;

/** Finds rows whose key an earlier row of the job has, and leaves out those that main found among earlier jobs. */
export interface Copies {
  begin(drop: readonly number[]): void;
  /** To be asked of every row that could be written, in order. */
  isCopy(key: Buffer | null): boolean;
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

  return {
    begin(list) {
      seen.clear();
      drop = list;
      firsts = kept = copies = dropped = 0;
    },
    isCopy(found) {
      if (found) keyBytes.set(found);
      else key.fill(0);
      const copy = found !== null && !seen.add(key, 0);
      if (!copy && drop[dropped] !== firsts++) {
        keep();
        return false;
      }
      if (!copy) dropped += 1;
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
