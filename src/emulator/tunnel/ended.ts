/** Sessions that have ended and can still be asked for. */
export interface Ended<S> {
  /** The longest ended are forgotten when there are too many. */
  add(session: S): void;
  /** It was forgotten for another reason. */
  delete(session: S): void;
}

/** What is remembered at most: a session counts one, and one for each block in its list. */
export const MOST_ENDED = 200_000;

/** Keeps the ended ones among `sessions` few enough; what is forgotten answers as after its time (protocol 4.5). */
export function createEnded<S extends { readonly id: string }>(
  sessions: Map<string, S>,
  sizeOf: (session: S) => number,
  most = MOST_ENDED,
): Ended<S> {
  const sizes = new Map<S, number>();
  let total = 0;

  function remove(session: S): void {
    total -= sizes.get(session) ?? 0;
    sizes.delete(session);
  }

  function add(session: S): void {
    remove(session);
    const size = sizeOf(session);
    sizes.set(session, size);
    total += size;
    for (const [oldest] of sizes) {
      if (total <= most || sizes.size === 1) return;
      remove(oldest);
      sessions.delete(oldest.id);
    }
  }

  return { add, delete: remove };
}
