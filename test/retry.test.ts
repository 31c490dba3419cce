import { describe, expect, it } from 'vitest';
import type { Clock } from '../src/clock.ts';
import { type RetryPolicy, retry } from '../src/retry.ts';

/** Sleeps at once and remembers how long it would have been. */
function clockWithSleeps(): { clock: Clock; sleeps: number[] } {
  const sleeps: number[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      sleeps.push(ms);
    },
  };
  return { clock, sleeps };
}

function policy(clock: Clock, more: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    clock,
    attempts: 5,
    baseMs: 100,
    capMs: 500,
    random: () => 1,
    decide: () => ({ retry: true }),
    ...more,
  };
}

const failing = (times: number) => async (attempt: number) => {
  if (attempt < times) throw new Error(`attempt ${attempt}`);
  return attempt;
};

describe('retry', () => {
  it('returns the first success and waits exponentially up to the cap', async () => {
    const { clock, sleeps } = clockWithSleeps();
    expect(await retry(failing(4), policy(clock))).toBe(4);
    expect(sleeps).toEqual([100, 200, 400, 500]);
  });

  it('spreads the waits over the whole range', async () => {
    const { clock, sleeps } = clockWithSleeps();
    const draws = [0, 0.5, 0.25, 0.999];
    await retry(failing(4), policy(clock, { random: () => draws.shift()! }));
    expect(sleeps).toEqual([0, 100, 100, 500]);
  });

  it('gives up after the last attempt with the last error', async () => {
    const { clock, sleeps } = clockWithSleeps();
    await expect(retry(failing(99), policy(clock))).rejects.toThrow('attempt 4');
    expect(sleeps).toHaveLength(4);
  });

  it('does not repeat what the decision calls final', async () => {
    const { clock, sleeps } = clockWithSleeps();
    await expect(retry(failing(1), policy(clock, { decide: () => ({ retry: false }) }))).rejects.toThrow(
      'attempt 0',
    );
    expect(sleeps).toEqual([]);
  });

  it('honours a floor that is longer than the back-off, also over the cap', async () => {
    const { clock, sleeps } = clockWithSleeps();
    await retry(failing(2), policy(clock, { decide: () => ({ retry: true, floorMs: 900 }) }));
    expect(sleeps).toEqual([900, 900]);
  });

  it('does not count unlimited failures against the attempts', async () => {
    const { clock } = clockWithSleeps();
    const decide: RetryPolicy['decide'] = (_, attempt) => ({ retry: true, unlimited: attempt % 3 !== 0 });
    await expect(retry(failing(99), policy(clock, { attempts: 4, decide }))).rejects.toThrow('attempt 9');
    expect(
      await retry(failing(5000), policy(clock, { decide: () => ({ retry: true, unlimited: true }) })),
    ).toBe(5000);
  });

  it('tells about every wait before it happens', async () => {
    const { clock } = clockWithSleeps();
    const told: unknown[] = [];
    const onRetry: RetryPolicy['onRetry'] = (error, waitMs, attempt) =>
      told.push([(error as Error).message, waitMs, attempt]);
    await retry(failing(2), policy(clock, { onRetry }));
    expect(told).toEqual([
      ['attempt 0', 100, 0],
      ['attempt 1', 200, 1],
    ]);
  });

  it('ends with the reason of the signal: before, during and after an attempt', async () => {
    const { clock } = clockWithSleeps();
    const reason = new Error('shutdown');
    const signal = AbortSignal.abort(reason);
    const never = async () => expect.unreachable('not called');
    await expect(retry(never, policy(clock, { signal }))).rejects.toBe(reason);

    const controller = new AbortController();
    const aborting = async () => {
      controller.abort(reason);
      throw new Error('cut');
    };
    await expect(retry(aborting, policy(clock, { signal: controller.signal }))).rejects.toBe(reason);

    const later = new AbortController();
    const onRetry = () => later.abort(reason);
    await expect(retry(failing(9), policy(clock, { signal: later.signal, onRetry }))).rejects.toBe(reason);
  });
});
