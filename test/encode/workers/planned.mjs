import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';

/** Tells its plan as a table partition and, once, a field that has no column; `never` does not come back. */
let told = false;

export default function encode(job) {
  if (job.topicPartitions[0].topic === 'never') return new Promise(() => {});
  const pieces = [{ tablePartition: workerData.plan.mark }];
  const unmappedFields = told ? [] : [{ name: 'colour', kind: 'text' }];
  told = true;
  const result = { chunk: job.chunk, upTo: job.to, pieces, unmappedFields, cpuMicros: 5 };
  return move({ [transferableSymbol]: [job.chunk], [valueSymbol]: result });
}
