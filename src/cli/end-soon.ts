import { LIMITS } from '../limits.ts';

/** The process ends by itself, with the exit code that is set; should a client library hold it, not for ever. */
export function endSoon(): void {
  setTimeout(() => process.exit(), LIMITS.exitMs).unref();
}
