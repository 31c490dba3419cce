/**
 * What takes longer hangs, ms. No test measures time by it: a machine may be slow, and busy with other things
 * (a start of the registry took 90 s, a test of ten starts 120 s, at a load of 40 on two cores).
 */
export const HUNG_MS = 300_000;

export interface Until {
  /** Named in the error. */
  readonly what: string;
  /** How long to wait before giving up, ms; {@link HUNG_MS}. */
  readonly deadlineMs?: number;
  readonly everyMs?: number;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is neither undefined, null nor false, and returns it. An error of `ask` ends it. */
export async function until<T>(
  ask: () => T | Promise<T>,
  { what, deadlineMs = HUNG_MS, everyMs = 100 }: Until,
): Promise<Exclude<T, undefined | null | false>> {
  for (const end = Date.now() + deadlineMs; ; await sleep(everyMs)) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) {
      return answer as Exclude<T, undefined | null | false>;
    }
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
  }
}
