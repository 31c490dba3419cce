import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { joinPieces } from '../../src/encode/block.ts';
import type { EncodePool } from '../../src/encode/pool.ts';
import { openPool } from '../../src/encode/pool.ts';
import { brokenJob, jobOf, order, planOf, planWithHeader } from './records.ts';
import { readStream } from './stream.ts';

/** Threads cannot load the sources: this runs what `npm run build` made. */
const workerFile = fileURLToPath(new URL('../../dist/encode/worker.js', import.meta.url));

let pool: EncodePool;
beforeAll(() => expect(existsSync(workerFile), 'run `npm run build` first').toBe(true));
afterEach(() => pool.stop());

describe('the built worker', () => {
  it('encodes chunks in threads, which come back whole with their pieces', async () => {
    pool = openPool({ plan: planOf(), workers: 2, workerFile });
    const values = Array.from({ length: 500 }, (_, id) => order(id, `d${id % 3}`));
    const jobs = Array.from({ length: 6 }, () => jobOf(values));
    const bytes = jobs[0]!.chunk.byteLength;
    const results = await Promise.all(jobs.map((job) => pool.run(job)));

    for (const job of jobs) expect(job.chunk.byteLength).toBe(0);
    for (const { chunk, upTo, rejections } of results) {
      expect({ bytes: chunk.byteLength, upTo, rejections }).toEqual({ bytes, upTo: 500, rejections: [] });
    }
    const pieces = results
      .flatMap((result) => result.pieces)
      .filter((piece) => piece.tablePartition === 'day=d1');
    const block = joinPieces(pieces, 'deflate');
    expect(block.rows).toBe(6 * 167);
    expect(readStream(inflateSync(Buffer.concat(block.body))).length).toBe(6 * 167);
    expect(pool.cpuMicros).toBeGreaterThan(0);
  });

  it('says which record it failed on, and is ready for the next chunk', async () => {
    pool = openPool({ plan: planWithHeader(), workers: 1, workerFile });
    await expect(pool.run(brokenJob())).rejects.toMatchObject({
      code: 'worker_failed',
      message: expect.stringContaining('orders[3] offset 101: '),
    });
    expect((await pool.run(jobOf([order(2, 'a')]))).pieces[0]!.rows).toBe(1);
  });
});
