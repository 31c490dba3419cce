import type { Clock } from './clock.ts';

/** True for the first time that a key is asked for, and again once a minute: keeps an outage from filling the log. */
export function seldom(clock: Clock, everyMs = 60_000): (key: string) => boolean {
  const told = new Map<string, number>();
  return (key) => {
    const now = clock.now();
    const due = now - (told.get(key) ?? Number.NEGATIVE_INFINITY) >= everyMs;
    if (due) told.set(key, now);
    return due;
  };
}
