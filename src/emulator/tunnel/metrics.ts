import type { Call, Core } from '../core.ts';
import type { Reply } from '../errors.ts';

/** What a data call took of the service's time so far. */
export interface Stopwatch {
  /** Waits for the client: its bytes, or that it takes ours. */
  waiting<T>(work: Promise<T>): Promise<T>;
  /** The text of `odps-tunnel-metrics`: microseconds (protocol 1.5). */
  text(): string;
}

/** The first version of the tunnel whose clients read metrics behind the rows of a download. */
const FIRST_VERSION = 6;

export function startStopwatch(): Stopwatch {
  const start = performance.now();
  let waited = 0;

  async function waiting<T>(work: Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await work;
    } finally {
      waited += performance.now() - from;
    }
  }

  function text(): string {
    const total = Math.ceil((performance.now() - start) * 1000);
    // What is read and written here is not told apart from what is computed.
    const costs = { PanguIOCost: 0, ServerIOCost: Math.floor(waited * 1000), ServerTotalCost: total };
    return JSON.stringify({ ...costs, RateLimitCost: 0 });
  }

  return { waiting, text };
}

/** A client that knows of metrics in a download: others take them for a damaged stream. */
export const readsMetrics = (call: Call): boolean =>
  Number(call.request.headers['x-odps-tunnel-version'] ?? 0) >= FIRST_VERSION;

/** Answers a block, a flush or a pack with what it took. */
export async function withMetrics(
  handle: (core: Core, call: Call) => Promise<Reply> | Reply,
  core: Core,
  call: Call,
): Promise<Reply> {
  const watch = startStopwatch();
  const reply = await handle(core, { ...call, body: timed(call.body, watch) });
  return { ...reply, headers: { ...reply.headers, 'odps-tunnel-metrics': watch.text() } };
}

async function* timed(body: AsyncIterable<Buffer>, watch: Stopwatch): AsyncIterable<Buffer> {
  const pieces = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await watch.waiting(pieces.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await pieces.return?.();
  }
}
