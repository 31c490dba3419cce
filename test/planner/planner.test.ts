import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { EncodeJob } from '../../src/encode/job.ts';
import type { Log } from '../../src/log.ts';
import type { LoadedPlan } from '../../src/plan.ts';
import { openPlanner, type Planner, type PlannerOptions } from '../../src/planner/planner.ts';

const workerFile = fileURLToPath(new URL('../encode/workers/planned.mjs', import.meta.url));
const quiet = { info() {} } as unknown as Log;

/** A table at one time: its plan is only handed through to the workers. */
const loadedAs = (mark: string): LoadedPlan =>
  ({ plan: { mark }, table: { name: mark }, mapping: [], warnings: [], created: null }) as never;

const job = (topic = 'orders'): EncodeJob => ({
  ...{ chunk: new ArrayBuffer(8), capacity: 0, from: 0, to: 1, topicPartitions: [{ topic, partition: 0 }] },
  ...{ maxTablePartitions: 1, polledAt: 0, schemas: [] },
});

describe('planning anew', () => {
  let planner: Planner;
  const open = (options: Partial<PlannerOptions> = {}): Planner => {
    planner = openPlanner({
      ...{ first: loadedAs('first'), workers: 1, workerFile, log: quiet },
      load: async () => loadedAs('second'),
      onReplanned: () => undefined,
      onUnmapped: () => undefined,
      ...options,
    });
    return planner;
  };
  afterEach(() => planner.stop());

  const marks = async (): Promise<(string | undefined)[]> =>
    (await planner.run(job())).pieces.map(({ tablePartition }) => tablePartition);

  it('gives the next records to workers that know the new plan', async () => {
    open();
    expect(await marks()).toEqual(['first']);
    const { mapping } = planner;
    planner.outdated();
    expect(await marks()).toEqual(['second']);
    expect(planner.table.name).toBe('second');
    expect(planner.mapping).not.toBe(mapping);
  });

  it('says whether the plan is another one', async () => {
    const told: boolean[] = [];
    let next = loadedAs('first');
    open({ load: async () => next, onReplanned: (differs) => void told.push(differs) });
    planner.outdated();
    await marks();
    next = loadedAs('second');
    planner.outdated();
    await marks();
    expect(told).toEqual([false, true]);
  });

  it('blames no record that was at the workers before, nor one in line for them', async () => {
    open();
    const before = [planner.run(job('never')), planner.run(job())].map((run) => run.catch((error) => error));
    planner.outdated();
    expect(await marks()).toEqual(['second']);
    for (const error of await Promise.all(before))
      expect(error).toMatchObject({ code: 'table_changed', action: 'retry' });
  });

  it('is waited for until the workers are stopped, not only until the service is told to stop', async () => {
    const asked: AbortSignal[] = [];
    open({
      load: (signal) => {
        asked.push(signal);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    planner.outdated();
    const run = planner.run(job()).catch((error) => error);
    await expect.poll(() => asked.length).toBe(1);
    expect(asked[0]!.aborted).toBe(false);
    await planner.stop();
    expect(await run).toMatchObject({ name: 'AbortError' });
  });
});
