import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type EncodeJob, NOT_BEGUN } from '../../src/encode/job.ts';
import type { EncodePool, EncodePoolOptions } from '../../src/encode/pool.ts';
import { openPool } from '../../src/encode/pool.ts';
import type { Plan } from '../../src/mapping/plan.ts';

const fixture = (name: string) => fileURLToPath(new URL(`workers/${name}.mjs`, import.meta.url));
/** Only handed through to the thread by these tests. */
const plan = { mark: 'from the plan' } as unknown as Plan;

/** A job that the odd worker understands by its topic. */
function job(topic: string): EncodeJob {
  return {
    chunk: new Uint8Array([9, 8, 7]).buffer,
    capacity: 0,
    from: 0,
    to: 3,
    topicPartitions: [{ topic, partition: 0 }],
    maxTablePartitions: 1,
    polledAt: 0,
    schemas: [],
  };
}

let pool: EncodePool;
function open(options: Partial<EncodePoolOptions> = {}): EncodePool {
  pool = openPool({ plan, workers: 1, workerFile: fixture('odd'), ...options });
  return pool;
}
afterEach(() => pool.stop());

const failed = (message: RegExp) => ({
  code: 'worker_failed',
  action: 'retry',
  message: expect.stringMatching(message),
});

describe('the worker pool', () => {
  it('moves the chunk there and back, the pieces back, and hands the plan over', async () => {
    const sent = job('echo');
    const { chunk, pieces, upTo } = await open().run(sent);
    expect(sent.chunk.byteLength).toBe(0);
    expect([...new Uint8Array(chunk)]).toEqual([9, 8, 7]);
    expect(pieces[0]).toMatchObject({ bytes: new Uint8Array([1, 2, 3]), mark: 'from the plan' });
    expect(upTo).toBe(3);
  });

  it('runs as many chunks at once as it has workers and keeps the others in line', async () => {
    open({ workers: 2 });
    expect(pool.workers).toBe(2);
    const results = Array.from({ length: 7 }, () => pool.run(job('wait')));
    await Promise.resolve();
    expect(pool.busy).toBe(2);
    const threads = new Set((await Promise.all(results)).map(({ pieces }) => pieces[0]!.tablePartition));
    expect(threads.size).toBe(2);
    expect(pool.busy).toBe(0);
    expect(pool.cpuMicros).toBe(35);
  });

  it.each([
    ['exits', 'exit', /exited with code: 3/],
    ['crashes', 'crash', /out of nowhere/],
    ['throws', 'fail', /orders\[0\] offset 7: broken/],
  ])('rejects the chunk of a worker that %s and goes on', async (_, topic, message) => {
    open();
    await expect(pool.run(job(topic))).rejects.toMatchObject(failed(message));
    expect((await pool.run(job('echo'))).upTo).toBe(3);
    expect(pool.busy).toBe(0);
  });

  it('ends a worker that hangs, without harm to the chunk behind it', async () => {
    open({ patience: { recordMs: 500, chunkMs: 3_000 } });
    const hung = pool.run(job('hang'));
    const behind = pool.run(job('echo'));
    await expect(hung).rejects.toMatchObject(failed(/over 3000 ms on one chunk/));
    expect((await behind).upTo).toBe(3);
  });

  it('ends a worker that hangs on a record sooner, and knows the record', async () => {
    open({ patience: { recordMs: 1_000, chunkMs: 600_000 } });
    const progress = new Int32Array(new SharedArrayBuffer(4)).fill(NOT_BEGUN);
    await expect(pool.run({ ...job('hang at 1'), progress })).rejects.toMatchObject(
      failed(/over 1000 ms on one record/),
    );
    expect(progress[0]).toBe(1);
  });

  it('lets a chunk take its time as long as it gets on', async () => {
    open({ patience: { recordMs: 2_000, chunkMs: 600_000 } });
    const progress = new Int32Array(new SharedArrayBuffer(4)).fill(NOT_BEGUN);
    const startedAt = Date.now();
    expect((await pool.run({ ...job('slow'), progress })).upTo).toBe(3);
    expect(Date.now() - startedAt).toBeGreaterThan(3_000);
  });

  it('names the reason when no worker can start, each time', async () => {
    open({ workerFile: fixture('unstartable') });
    for (let attempt = 0; attempt < 4; attempt++) {
      await expect(pool.run(job('echo'))).rejects.toMatchObject(failed(/no such plan/));
    }
  });

  it('rejects what is under way and in line when it is stopped, and all that comes later', async () => {
    open();
    const outcomes = Promise.allSettled([pool.run(job('hang')), pool.run(job('echo'))]);
    await pool.stop();
    const expected = { status: 'rejected', reason: failed(/./) };
    expect(await outcomes).toMatchObject([expected, expected]);
    await expect(pool.run(job('echo'))).rejects.toMatchObject(failed(/stopped/));
  });
});
