import { fileURLToPath } from 'node:url';
import { move, Piscina, transferableSymbol, valueSymbol } from 'piscina';
import { asSinkError, SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Plan } from '../mapping/plan.ts';
import type { EncodeJob, EncodeResult } from './job.ts';
import { type Patience, watchProgress } from './watchdog.ts';

export interface EncodePoolOptions {
  readonly plan: Plan;
  /** Threads; all start at once and stay. */
  readonly workers: number;
  /** A compiled worker entry; the default stands beside this file in a build. */
  readonly workerFile?: string;
  /** After which time without progress a worker is taken for hung. */
  readonly patience?: Patience;
}

/** The worker threads, seen from the main thread. */
export interface EncodePool {
  /**
   * Moves the chunk to a free worker (first come, first served) and the result back. When the promise
   * rejects, the chunk's buffer is gone with the worker.
   *
   * @throws SinkError `worker_failed`: the worker died, hung or failed; another thread takes its place
   */
  run(job: EncodeJob): Promise<EncodeResult>;
  readonly workers: number;
  /** Workers that have a chunk now. */
  readonly busy: number;
  /** CPU microseconds that the workers spent on all finished chunks. */
  readonly cpuMicros: number;
  /** Ends the threads; chunks under way reject. */
  stop(): Promise<void>;
}

const PATIENCE: Patience = { recordMs: LIMITS.recordDeadlineMs, chunkMs: LIMITS.workerDeadlineMs };

export function openPool(options: EncodePoolOptions): EncodePool {
  const { workers, patience = PATIENCE } = options;
  const waiting: (() => void)[] = [];
  let threads = startThreads(options);
  let busy = 0;
  let cpuMicros = 0;
  let stopped = false;

  async function acquire(): Promise<void> {
    if (busy === workers) return new Promise((resolve) => waiting.push(resolve));
    busy++;
  }

  /** Hands the worker to the next in line. */
  function release(): void {
    const next = waiting.shift();
    if (next) next();
    else busy--;
  }

  async function runOnThread(job: EncodeJob): Promise<EncodeResult> {
    if (stopped) throw new SinkError('worker_failed', 'the worker pool is stopped');
    // Piscina gives up on threads that fail while they start; the next chunk tries again.
    if (threads.pool.threads.length === 0) threads = startThreads(options);
    const { pool, startError } = threads;
    const deadline = new AbortController();
    const unwatch = watchProgress(job, patience, (message) => deadline.abort(message));
    try {
      const { signal } = deadline; // an aborted task ends its thread
      return await pool.run(job, { transferList: [job.chunk], signal });
    } catch (error) {
      if (deadline.signal.aborted) {
        throw new SinkError('worker_failed', String(deadline.signal.reason), error);
      }
      const cause = startError() ?? error;
      throw new SinkError('worker_failed', `a worker failed: ${asSinkError(cause).message}`, cause);
    } finally {
      unwatch();
    }
  }

  return {
    workers,
    get busy() {
      return busy;
    },
    get cpuMicros() {
      return cpuMicros;
    },
    async run(job) {
      await acquire();
      try {
        const result = await runOnThread(job);
        cpuMicros += result.cpuMicros;
        return result;
      } finally {
        release();
      }
    },
    async stop() {
      stopped = true;
      await threads.pool.destroy();
    },
  };
}

/**
 * Worker side: the result with its buffers moved, not copied. Piscina moves only a top-level value
 * marked by `move`, and only what the list names.
 */
export function moveResult(result: EncodeResult): EncodeResult {
  const buffers = [result.chunk, ...result.pieces.map((piece) => piece.bytes.buffer)];
  if (result.keys) buffers.push(result.keys.buffer);
  return move({ [transferableSymbol]: buffers, [valueSymbol]: result }) as unknown as EncodeResult;
}

interface Threads {
  readonly pool: Piscina<EncodeJob, EncodeResult>;
  /** Why no thread could start; null when that has not happened. */
  startError(): unknown;
}

function startThreads({ plan, workers, workerFile }: EncodePoolOptions): Threads {
  const pool = new Piscina<EncodeJob, EncodeResult>({
    filename: workerFile ?? fileURLToPath(new URL('./worker.js', import.meta.url)),
    workerData: { plan },
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    // No cheaper the other way (measured with chunks), and a thread that waits in its event loop can still be profiled.
    atomics: 'disabled',
    recordTiming: false,
  });
  let startError: unknown = null;
  // A thread died without a chunk. It is replaced, unless it never came up: then chunks in line would wait for nothing.
  pool.on('error', (error) => {
    if (pool.threads.length > 0) return;
    startError = error;
    void pool.destroy();
  });
  return { pool, startError: () => startError };
}
