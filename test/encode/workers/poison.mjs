import { workerData } from 'node:worker_threads';
import { moveResult } from '../../../dist/encode/pool.js';
import { createTransform } from '../../../dist/encode/transform.js';
import { createWriters } from '../../../dist/encode/writers.js';

/** The worker of the service, with writers that die of some texts. */
const acts = {
  exit: () => process.exit(3),
  hang: () => {
    for (;;);
  },
  throw: () => {
    throw new Error('broken');
  },
};

const writers = createWriters();
const deadly = {
  ...writers,
  find(...args) {
    const writer = writers.find(...args);
    if (!writer || Object.hasOwn(writer, 'bytes')) return writer;
    const bytes = writer.bytes.bind(writer);
    writer.bytes = (column, source, start, end) => {
      acts[Buffer.from(source.subarray(start, end)).toString()]?.();
      bytes(column, source, start, end);
    };
    return writer;
  },
};
const transform = createTransform(workerData.plan, undefined, deadly);

export default (job) => moveResult({ ...transform.run(job), cpuMicros: 0 });
