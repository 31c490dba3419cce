import { Refusal } from '../errors.ts';

/** Limits per table of the shared tunnel resource group (protocol 4.5). */
const LIMITS = {
  session: { count: 500, windowMs: 300_000, text: 'upload sessions created' },
  block: { count: 500, windowMs: 300_000, text: 'blocks written' },
  commit: { count: 75, windowMs: 15_000, text: 'commits' },
} as const;
const COMMITS_AT_ONCE = 32;

export type Metered = keyof typeof LIMITS;

export interface Quotas {
  /** Counts one call; refuses with 429 when the window of the table is full. */
  take(what: Metered, table: string): void;
  /** Takes a place among the commits that run at once; answers how to give it back. */
  enterCommit(table: string): () => void;
}

export function createQuotas(mode: 'none' | 'real', now: () => number): Quotas {
  if (mode === 'none') return { take: () => {}, enterCommit: () => () => {} };
  const windows = new Map<string, number[]>();
  const running = new Map<string, number>();

  function take(what: Metered, table: string): void {
    const { count, windowMs, text } = LIMITS[what];
    const key = `${what} ${table}`;
    const recent = (windows.get(key) ?? []).filter((time) => time > now() - windowMs);
    windows.set(key, recent);
    if (recent.length >= count) throw exceeded(`${count} ${text} in ${windowMs / 1000} s on table ${table}`);
    recent.push(now());
  }

  function enterCommit(table: string): () => void {
    const before = running.get(table) ?? 0;
    if (before >= COMMITS_AT_ONCE) throw exceeded(`${COMMITS_AT_ONCE} commits at once on table ${table}`);
    running.set(table, before + 1);
    return () => running.set(table, (running.get(table) ?? 1) - 1);
  }

  return { take, enterCommit };
}

const exceeded = (text: string): Refusal =>
  new Refusal(429, 'FlowExceeded', `Your flow quota is exceeded: ${text}.`);
