import { readdirSync } from 'node:fs';
import { median } from '../bench/sample.ts';
import type { Service } from '../route/service.ts';
import { usageOf } from '../support/usage.ts';
import { within } from '../support/within.ts';

/** What one process uses, at one moment. */
export interface Sample {
  /** Seconds since the start of the run. */
  readonly at: number;
  readonly member: string;
  readonly pid: number;
  readonly rssMB: number;
  readonly heapMB: number;
  readonly files: number;
  readonly threads: number;
  /** Since the process started. */
  readonly cpuSeconds: number;
  /** 99th percentile since the sample before, ms. */
  readonly loopDelayMs: number;
  readonly lag: number;
}

const ASK_MS = 10_000;

/** Null when the process is gone meanwhile; throws when it does not answer. */
export async function sample(member: string, service: Service, at: number): Promise<Sample | null> {
  const { pid } = service;
  const ask = (name: string) => within(ASK_MS, service.metric(name), `${name} of member ${member}`);
  try {
    // One after another: each answer starts the measuring of the delay anew.
    const delay = await ask('nodejs_eventloop_lag_p99_seconds');
    const heap = await ask('nodejs_heap_size_used_bytes');
    const lag = await ask('maxsink_lag_records');
    const usage = usageOf(pid);
    if (!usage) return null;
    return {
      ...{ at, member, pid, lag, rssMB: usage.rssBytes / 1e6, heapMB: heap / 1e6 },
      ...{ cpuSeconds: usage.cpuSeconds, loopDelayMs: delay * 1000 },
      files: readdirSync(`/proc/${pid}/fd`).length,
      threads: readdirSync(`/proc/${pid}/task`).length,
    };
  } catch (error) {
    if (!service.running()) return null;
    throw error;
  }
}

export type Curve = 'rssMB' | 'heapMB' | 'files' | 'threads' | 'loopDelayMs' | 'lag';

/** Medians of the four quarters of a process's life. */
export function quarters(samples: readonly Sample[], curve: Curve): number[] {
  const size = samples.length / 4;
  return [0, 1, 2, 3].map((quarter) =>
    median(samples.slice(Math.floor(quarter * size), Math.floor((quarter + 1) * size)).map((s) => s[curve])),
  );
}

/** Fewer samples say nothing about a trend. */
const ENOUGH = 16;
/** How much more the last quarter may have than the second: share and absolute. */
const ALLOWED = { rssMB: [0.1, 16], files: [0, 5], threads: [0, 2] } as const;

/** What grew, in words; `undefined` for a run too short to tell. */
export function growth(samples: readonly Sample[]): string[] | undefined {
  if (samples.length < ENOUGH) return undefined;
  return (Object.keys(ALLOWED) as (keyof typeof ALLOWED)[]).flatMap((curve) => {
    const [, second = 0, , last = 0] = quarters(samples, curve);
    const [share, more] = ALLOWED[curve];
    if (last <= second * (1 + share) + more) return [];
    return [`${curve} grew from ${second.toFixed(1)} (second quarter) to ${last.toFixed(1)} (last quarter)`];
  });
}
