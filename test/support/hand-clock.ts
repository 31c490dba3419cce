import type { Clock } from '../../src/clock.ts';

/** Time that passes only when told, in steps of half a second. */
export function handClock(): Clock & { pass(ms: number): Promise<void> } {
  let now = 1_000_000;
  let sleepers: { at: number; wake: () => void }[] = [];
  const settle = async () => {
    for (let i = 0; i < 30; i++) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = () => reject(signal?.reason);
        const wake = () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        };
        sleepers.push({ at: now + ms, wake });
        signal?.addEventListener('abort', stop, { once: true });
      }),
    async pass(ms) {
      for (let left = ms; left >= 0; left -= 500) {
        await settle();
        now += Math.min(left, 500);
        const due = sleepers.filter((one) => one.at <= now);
        sleepers = sleepers.filter((one) => one.at > now);
        for (const { wake } of due) wake();
        await settle();
      }
    },
  };
}
