import { threadId, workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';

/** A worker that does what the name of the job's topic says. */
const acts = {
  exit: () => process.exit(3),
  hang: () => {
    for (;;);
  },
  'hang at 1': (job) => {
    job.progress[0] = 1;
    for (;;);
  },
  slow: async (job) => {
    for (let record = 0; record < 8; record++) {
      job.progress[0] = record;
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    return echo(job);
  },
  fail: () => {
    throw new TypeError('orders[0] offset 7: broken');
  },
  crash: () => {
    setImmediate(() => {
      throw new Error('out of nowhere');
    });
    return new Promise(() => {});
  },
  wait: (job) => new Promise((resolve) => setTimeout(() => resolve(echo(job)), 20)),
};

function echo(job) {
  const piece = { tablePartition: String(threadId), bytes: new Uint8Array([1, 2, 3]), ...workerData.plan };
  const result = { chunk: job.chunk, upTo: job.to, pieces: [piece], cpuMicros: 5 };
  return move({ [transferableSymbol]: [job.chunk, piece.bytes.buffer], [valueSymbol]: result });
}

export default function encode(job) {
  return (acts[job.topicPartitions[0].topic] ?? echo)(job);
}
