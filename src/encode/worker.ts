import { workerData } from 'node:worker_threads';
import type { Plan } from '../mapping/plan.ts';
import type { EncodeJob, EncodeResult } from './job.ts';
import { moveResult } from './pool.ts';
import { threadCpuMicros } from './thread-cpu.ts';
import { createTransform } from './transform.ts';

/** The entry of a worker thread: one transform for its life, one call per chunk. */
const { plan } = workerData as { readonly plan: Plan };
const transform = createTransform(plan);
// Counted from result to result: the system's figure lags by a tick, which would be lost with every chunk.
let counted = threadCpuMicros();

export default function encode(job: EncodeJob): EncodeResult {
  const result = transform.run(job);
  const before = counted;
  counted = threadCpuMicros();
  return moveResult({ ...result, cpuMicros: Math.round(counted - before) });
}
