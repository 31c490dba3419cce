import type { Budget } from '../budget.ts';
import { copiesIn, KEY_WORDS } from '../encode/copies.ts';
import { createKeySet } from '../encode/key-set.ts';
import { LIMITS } from '../limits.ts';

/** The keys of the rows of an open batch, for `table.deduplicate`; their memory is charged to the budget. */
export interface BatchKeys {
  /** They take so much memory that the batch should be sealed. */
  readonly isFull: boolean;
  /** Numbers of those keys whose row is in the batch already. */
  copies(keys: Uint32Array): number[];
  add(keys: Uint32Array): void;
  /** No row joins any more. */
  release(): void;
}

export function createBatchKeys(budget: Budget): BatchKeys {
  let set = createKeySet();
  let charged = 0;
  return {
    get isFull() {
      return charged >= budget.limitBytes * LIMITS.keysShare;
    },
    copies: (keys) => copiesIn(keys, set),
    add(keys) {
      for (let at = 0; at < keys.length; at += KEY_WORDS) set.add(keys, at);
      budget.charge(set.bytes - charged);
      charged = set.bytes;
    },
    release() {
      budget.release(charged);
      charged = 0;
      set = createKeySet();
    },
  };
}
