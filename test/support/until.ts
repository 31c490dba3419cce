export interface Until {
  /** Named in the error. */
  readonly what: string;
  /** How long to wait before giving up, ms. */
  readonly deadlineMs?: number;
  readonly everyMs?: number;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is neither undefined, null nor false, and returns it. An error of `ask` ends it. */
export async function until<T>(
  ask: () => T | Promise<T>,
  { what, deadlineMs = 60_000, everyMs = 100 }: Until,
): Promise<Exclude<T, undefined | null | false>> {
  for (const end = Date.now() + deadlineMs; ; await sleep(everyMs)) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) {
      return answer as Exclude<T, undefined | null | false>;
    }
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
  }
}
