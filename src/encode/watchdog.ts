import { LIMITS } from '../limits.ts';
import { type EncodeJob, NOT_BEGUN } from './job.ts';

/** How long a job may stand at one place, ms. */
export interface Patience {
  /** At one record. */
  readonly recordMs: number;
  /** Before the first and behind the last record, or where the job does not tell: schemas, compression. */
  readonly chunkMs: number;
}

const MiB = 1024 * 1024;
/** Looks within the shorter of both times: few enough to cost nothing, enough not to wait twice as long. */
const LOOKS = 10;

/**
 * Tells once when a job gets no further; large chunks have more time. Looks are counted, not time: a process that
 * was stopped for an hour has not seen its workers hang. Returns what ends the watching.
 */
export function watchProgress(
  { progress, chunk }: Pick<EncodeJob, 'progress' | 'chunk'>,
  { recordMs, chunkMs }: Patience,
  onStall: (message: string) => void,
): () => void {
  const everyMs = Math.ceil(Math.min(recordMs, chunkMs) / LOOKS);
  const moreMs = (chunk.byteLength / MiB) * LIMITS.workerMsPerMiB;
  let last = progress?.[0];
  let looks = 0;
  const timer = setInterval(() => {
    const now = progress?.[0];
    looks = now === last ? looks + 1 : 0;
    last = now;
    const isRecord = (now ?? NOT_BEGUN) >= 0;
    const mostMs = (isRecord ? recordMs : chunkMs) + moreMs;
    if (looks * everyMs < mostMs) return;
    clearInterval(timer);
    onStall(`a worker took over ${Math.round(mostMs)} ms on one ${isRecord ? 'record' : 'chunk'}`);
  }, everyMs);
  return () => clearInterval(timer);
}
