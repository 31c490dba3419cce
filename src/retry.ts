import type { Clock } from './clock.ts';

interface RetryDecision {
  readonly retry: boolean;
  /** The next wait is at least this long, ms. */
  readonly floorMs?: number;
  /** Does not count against `attempts`. */
  readonly unlimited?: boolean;
}

export interface RetryPolicy {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Attempts in all, the first included; unlimited ones are not counted. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly capMs: number;
  /** `attempt` counts from 0. */
  decide(error: unknown, attempt: number): RetryDecision;
  /** 0 <= random() < 1. */
  readonly random?: () => number;
  /** Told before every wait. */
  readonly onRetry?: (error: unknown, waitMs: number, attempt: number) => void;
}

/**
 * The only retry loop: exponential waits with full jitter, bounded by `attempts`, ended by the signal,
 * whose reason is then thrown. The last error comes out as it is.
 */
export async function retry<T>(fn: (attempt: number) => Promise<T>, policy: RetryPolicy): Promise<T> {
  let left = policy.attempts;
  for (let attempt = 0; ; attempt++) {
    policy.signal?.throwIfAborted();
    try {
      return await fn(attempt);
    } catch (error) {
      policy.signal?.throwIfAborted();
      const { retry: again, floorMs = 0, unlimited = false } = policy.decide(error, attempt);
      if (!unlimited) left--;
      if (!again || left <= 0) throw error;
      const waitMs = Math.max(floorMs, backoff(policy, attempt));
      policy.onRetry?.(error, waitMs, attempt);
      await policy.clock.sleep(waitMs, policy.signal);
    }
  }
}

function backoff({ baseMs, capMs, random = Math.random }: RetryPolicy, attempt: number): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** attempt));
}
