import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { EncodeJob } from '../src/encode/job.ts';
import type { Log } from '../src/log.ts';
import type { LoadedPlan } from '../src/plan.ts';
import { openPlanner } from '../src/planner.ts';
import { planOf } from './encode/records.ts';

const log = { info: () => undefined } as unknown as Log;
const workerFile = fileURLToPath(new URL('encode/workers/odd.mjs', import.meta.url));

/** A job that the odd worker understands by its topic. */
const job = (topic: string): EncodeJob => ({
  ...{ chunk: new ArrayBuffer(3), capacity: 0, from: 0, to: 3, topicPartitions: [{ topic, partition: 0 }] },
  ...{ maxTablePartitions: 1, polledAt: 0, schemas: [] },
});

const loaded = (compression: 'none' | 'zstd'): LoadedPlan =>
  ({
    plan: planOf({ compression }),
    table: { columns: [] },
    mapping: [],
    warnings: [],
  }) as unknown as LoadedPlan;

it('says of what is at the workers when the plan changes that the table did: no record is to blame', async () => {
  const told: boolean[] = [];
  let next = loaded('none');
  const planner = openPlanner({
    ...{ first: loaded('none'), workers: 2, workerFile, log, load: async () => next },
    onReplanned: (differs) => told.push(differs),
    onUnmapped: async () => undefined,
  });
  try {
    const under = planner.run(job('hang')).catch((error) => error);
    planner.outdated();
    await planner.run(job('echo'));
    expect(told).toEqual([false]);
    next = loaded('zstd');
    planner.outdated();
    await planner.run(job('echo'));
    expect(told).toEqual([false, true]);
    expect(await under).toMatchObject({ code: 'table_changed', action: 'retry' });
  } finally {
    await planner.stop();
  }
});
