/**
 * Whether a request for an offset commit was sent once. The client sends one again whose connection was lost, in
 * silence, and the answer to the second copy says nothing about the first: that may still arrive, after the next
 * commit, and take it back (protocol 8b). Only the client's statistics count what was sent.
 */
export interface Copies {
  /** A request was handed to the client. Times: ms, monotonic. */
  sent(): void;
  /** Its event has come. `clean`: without an error, so that it was sent at all. */
  answered(at: number, clean: boolean): void;
  /** The statistics of the client, made at `madeAt` or later, count this many requests since it was created. */
  counted(madeAt: number, total: number): void;
  /** Of the last request, once its event has come: resolves with the next statistics. */
  once(): Promise<boolean>;
}

export function createCopies(): Copies {
  let requests = 0;
  let outstanding = false;
  let quietSince = 0;
  /** Copies beyond the requests before the last one; null: unknown. */
  let extra: number | null = 0;
  const waiting: ((once: boolean) => void)[] = [];
  const tell = (once: boolean) => {
    for (const resolve of waiting.splice(0)) resolve(once);
  };

  return {
    sent() {
      // The one before was given up, and nobody knows how often it was sent.
      if (waiting.length > 0) extra = null;
      tell(false);
      requests += 1;
      outstanding = true;
    },
    answered(at, clean) {
      outstanding = false;
      quietSince = at;
      if (!clean) extra = null;
    },
    counted(madeAt, total) {
      if (outstanding || madeAt < quietSince) return;
      const once = extra === total - requests;
      extra = total - requests;
      tell(once);
    },
    once: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

/** What `counted` needs of the client's statistics (JSON): requests, and the age of the client in ms. */
export function readCounts(json: string): { readonly ageMs: number; readonly total: number } {
  const { age, brokers } = JSON.parse(json) as Counted;
  const total = Object.values(brokers).reduce((sum, { req }) => sum + (req?.OffsetCommit ?? 0), 0);
  return { ageMs: age / 1000, total };
}

interface Counted {
  /** Microseconds. */
  readonly age: number;
  readonly brokers: Readonly<Record<string, { readonly req?: { readonly OffsetCommit?: number } }>>;
}
