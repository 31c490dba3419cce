import type { Clock } from '../clock.ts';

/** A restart that is planned; each one in a row waits longer, up to a minute. */
export interface Restart {
  plan(start: () => void): void;
  /** Something else takes the topic partitions away. */
  cancel(): void;
  /** A batch was acknowledged: the next failure is the first again. */
  forget(): void;
}

export function createRestart(clock: Clock): Restart {
  let planned = new AbortController();
  let inRow = 0;
  return {
    plan(start) {
      const waitMs = Math.min(60_000, 250 * 2 ** Math.min(inRow++, 8));
      clock.sleep(waitMs, planned.signal).then(start, () => undefined);
    },
    cancel() {
      planned.abort();
      planned = new AbortController();
    },
    forget() {
      inRow = 0;
    },
  };
}
