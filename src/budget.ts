/**
 * The one byte budget (`memory`) for everything between poll and uploaded: chunks at the workers and
 * compressed rows that no server has confirmed. It counts; who holds bytes charges and releases them.
 */
export interface Budget {
  readonly limitBytes: number;
  readonly usedBytes: number;
  /** Bytes that somebody asked for and did not get; 0 when nobody waits. */
  readonly wantedBytes: number;
  charge(bytes: number): void;
  release(bytes: number): void;
  /** Charges when there is room, or when nothing at all is held (one huge record must pass). */
  tryCharge(bytes: number): boolean;
  /** Resolves at the next release, or after `ms`. */
  released(ms: number): Promise<void>;
}

export function createBudget(limitBytes: number): Budget {
  let used = 0;
  let wanted = 0;
  let waiters: (() => void)[] = [];
  return {
    limitBytes,
    get usedBytes() {
      return used;
    },
    get wantedBytes() {
      return wanted;
    },
    charge(bytes) {
      used += bytes;
    },
    release(bytes) {
      used -= bytes;
      const woken = waiters;
      waiters = [];
      for (const wake of woken) wake();
    },
    tryCharge(bytes) {
      if (used > 0 && used + bytes > limitBytes) {
        wanted = bytes;
        return false;
      }
      wanted = 0;
      used += bytes;
      return true;
    },
    released(ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
