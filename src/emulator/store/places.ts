/** Queries at once: each takes as many threads as there are. */
const PLACES = 4;

export interface Places {
  /** Does the work when a place is free. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when no work is left. */
  empty(): Promise<void>;
}

export function createPlaces(): Places {
  const waiting: (() => void)[] = [];
  const running = new Set<Promise<unknown>>();
  let free = PLACES;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  }

  async function take<T>(work: () => Promise<T>): Promise<T> {
    const result = inTurn(work);
    running.add(result);
    try {
      return await result;
    } finally {
      running.delete(result);
    }
  }

  return { take, empty: async () => void (await Promise.allSettled(running)) };
}
