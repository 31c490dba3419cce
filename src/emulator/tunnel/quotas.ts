import { Refusal } from '../errors.ts';
import { sleep as wait } from '../sleep.ts';

/** Limits per table of the shared tunnel resource group (protocol 4.5). */
const LIMITS = {
  session: { count: 500, windowMs: 300_000, text: 'upload sessions created' },
  block: { count: 500, windowMs: 300_000, text: 'blocks written' },
  commit: { count: 75, windowMs: 15_000, text: 'commits' },
} as const;
const LONGEST_WINDOW_MS = Math.max(...Object.values(LIMITS).map(({ windowMs }) => windowMs));
/** With more windows than these, and than twice those of the last look, those without a recent call are looked for. */
const FEW_WINDOWS = 10_000;
const COMMITS_AT_ONCE = 32;
const BLOCK_BYTES_PER_SECOND = 10 * 1024 * 1024;
/** Shorter waits than this are left out until they add up to it. */
const SHORTEST_WAIT_MS = 10;

export type Metered = Exclude<keyof typeof LIMITS, 'commit'>;
type MeteredTable = { readonly id: string; readonly name: string };

export interface Quotas {
  /** Counts one call; refuses with 429 FlowExceeded when the window of the table is full. */
  take(what: Metered, table: MeteredTable): void;
  /** Takes a place among the commits that run at once (429 SlotExceeded) and counts it; answers how to give it back. */
  enterCommit(table: MeteredTable): () => void;
  /** A block, pack or flush as it comes, at 10 MB/s at most from its first byte to its last. */
  pace(body: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

export function createQuotas(mode: 'none' | 'real', now: () => number, sleep = wait): Quotas {
  if (mode === 'none') return { take: () => {}, enterCommit: () => () => {}, pace: (body) => body };
  const windows = new Map<string, number[]>();
  const running = new Map<string, number>();
  let many = FEW_WINDOWS;

  function take(what: keyof typeof LIMITS, { id, name }: MeteredTable): void {
    const { count, windowMs, text } = LIMITS[what];
    const key = `${what} ${id}`;
    const at = now();
    if (windows.size > many) forgetQuiet(at);
    const recent = (windows.get(key) ?? []).filter((time) => time > at - windowMs);
    windows.set(key, recent);
    if (recent.length >= count) {
      const limit = `${count} ${text} in ${windowMs / 1000} s on table ${name}`;
      throw new Refusal(429, 'FlowExceeded', `Your flow quota is exceeded: ${limit}.`);
    }
    recent.push(at);
  }

  /** Of tables that are dropped or rest, nothing is to be remembered. */
  function forgetQuiet(at: number): void {
    for (const [key, times] of windows)
      if ((times.at(-1) ?? 0) <= at - LONGEST_WINDOW_MS) windows.delete(key);
    many = Math.max(FEW_WINDOWS, 2 * windows.size);
  }

  function enterCommit(table: MeteredTable): () => void {
    const { id, name } = table;
    const before = running.get(id) ?? 0;
    if (before >= COMMITS_AT_ONCE) {
      const limit = `${COMMITS_AT_ONCE} commits at once on table ${name}`;
      throw new Refusal(429, 'SlotExceeded', `Your slot quota is exceeded: ${limit}.`);
    }
    // One that is refused is no commit: counted, a crowd that comes again would keep itself out.
    take('commit', table);
    running.set(id, before + 1);
    return () => {
      const left = (running.get(id) ?? 1) - 1;
      if (left > 0) running.set(id, left);
      else running.delete(id);
    };
  }

  return { take, enterCommit, pace: (body) => paced(body, now, sleep) };
}

async function* paced(
  body: AsyncIterable<Buffer>,
  now: () => number,
  sleep: (ms: number) => Promise<void>,
): AsyncIterable<Buffer> {
  const start = now();
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    const wait = start + (1000 * bytes) / BLOCK_BYTES_PER_SECOND - now();
    if (wait >= SHORTEST_WAIT_MS) await sleep(wait);
    yield piece;
  }
}
