import { ROW_KEY_BYTES } from '../mapping/row-key.ts';

const WORDS = ROW_KEY_BYTES / 4;
const FIRST_SLOTS = 1024;
/** Above this share of used slots it grows. */
const FULL = 0.7;

/**
 * A set of hashed keys in one typed array: 16 bytes a slot, where a set of texts takes about 80 for each. A key of
 * zeros stands for "none" and is never in it.
 */
export interface KeySet {
  /** Of the array. */
  readonly bytes: number;
  /** `at`: where the key begins in `keys`, in words. */
  has(keys: Uint32Array, at: number): boolean;
  /** False: it was there, or it is none. */
  add(keys: Uint32Array, at: number): boolean;
  clear(): void;
}

export function createKeySet(): KeySet {
  let table = new Uint32Array(FIRST_SLOTS * WORDS);
  let size = 0;

  /** Where the key stands, or the free slot where it would. Keys are hashes: any word tells where to look. */
  function find(keys: Uint32Array, at: number): number {
    const last = table.length / WORDS - 1;
    for (let slot = keys[at]! & last; ; slot = (slot + 1) & last) {
      const place = slot * WORDS;
      if (isNone(table, place) || isSame(table, place, keys, at)) return place;
    }
  }

  function grow(): void {
    const old = table;
    table = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += WORDS) if (!isNone(old, at)) put(find(old, at), old, at);
  }

  function put(place: number, keys: Uint32Array, at: number): void {
    for (let word = 0; word < WORDS; word++) table[place + word] = keys[at + word]!;
  }

  return {
    get bytes() {
      return table.byteLength;
    },
    has: (keys, at) => !isNone(keys, at) && !isNone(table, find(keys, at)),
    add(keys, at) {
      if (isNone(keys, at)) return false;
      const place = find(keys, at);
      if (!isNone(table, place)) return false;
      put(place, keys, at);
      size += 1;
      if (size * WORDS > table.length * FULL) grow();
      return true;
    },
    clear() {
      if (size > 0) table.fill(0);
      size = 0;
    },
  };
}

function isNone(keys: Uint32Array, at: number): boolean {
  return (keys[at]! | keys[at + 1]! | keys[at + 2]! | keys[at + 3]!) === 0;
}

function isSame(a: Uint32Array, i: number, b: Uint32Array, j: number): boolean {
  return a[i] === b[j] && a[i + 1] === b[j + 1] && a[i + 2] === b[j + 2] && a[i + 3] === b[j + 3];
}
