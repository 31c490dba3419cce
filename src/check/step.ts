import { type ErrorCode, SinkError } from '../errors.ts';

/** Longest time of one step, whatever the other side does. */
export const STEP_MS = 15_000;

/**
 * Runs one step; its signal aborts when the time is up, and then `late` is thrown, even if the step does not
 * heed the signal.
 */
export async function withinStep<T>(
  code: ErrorCode,
  what: string,
  step: (signal: AbortSignal) => Promise<T>,
  ms = STEP_MS,
): Promise<T> {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new SinkError(code, `${what}: no answer within ${ms / 1000} s`);
      reject(error);
      stop.abort(error);
    }, ms);
  });
  try {
    return await Promise.race([step(stop.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
