import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createBudget } from '../../src/budget.ts';
import { type EncodePool, openPool } from '../../src/encode/pool.ts';
import { createCaution } from '../../src/sink/caution.ts';
import { Encoding } from '../../src/sink/encoding.ts';
import type { Part } from '../../src/sink/part.ts';
import { createPacker } from '../../src/source/chunk/packer.ts';
import type { Message } from '../../src/source/client/client.ts';
import { planOf } from '../encode/records.ts';
import { until } from '../support/until.ts';

/** Real threads: this runs what `npm run build` made. */
const built = fileURLToPath(new URL('../../dist/encode/transform.js', import.meta.url));
const workerFile = fileURLToPath(new URL('../encode/workers/poison.mjs', import.meta.url));
const RECORDS = 3_000;

let pool: EncodePool;
beforeAll(() => expect(existsSync(built), 'run `npm run build` first').toBe(true));
afterEach(() => pool.stop());

/** Reads the records in chunks, again after each death, as the service does; what became of them in the end. */
async function readThrough(names: ReadonlyMap<number, string>) {
  pool = openPool({
    plan: planOf({ partitions: [] }),
    workers: 2,
    workerFile,
    patience: { recordMs: 2_500, chunkMs: 30_000 },
  });
  const caution = createCaution();
  const failures: unknown[] = [];
  for (;;) {
    const parts = await readOnce(caution, names, (error) => failures.push(error));
    if (parts) return { parts, deaths: failures.length, failures };
    // Others that were under way may die of what they have in hand, which is no news then.
    await until(() => pool.busy === 0, { what: 'the workers are free' });
  }
}

/** Null: a worker died. */
async function readOnce(
  caution: ReturnType<typeof createCaution>,
  names: ReadonlyMap<number, string>,
  onFailure: (error: unknown) => void,
): Promise<Part[] | null> {
  const budget = createBudget(1 << 30);
  let died = false;
  const packer = createPacker({
    chunkBytes: 1 << 15,
    chunks: 100,
    budget,
    onChunk: (chunk) => encoding.submit(chunk),
  });
  const encoding: Encoding = new Encoding({
    ...{ encoder: pool, schemas: { schema: async () => null }, caution, budget, maxTablePartitions: 1 },
    fits: () => true,
    recycle: (chunk) => packer.recycle(chunk),
    onProgress: () => undefined,
    onFailure(error) {
      died = true;
      onFailure(error);
    },
  });
  packer.reset(1, [{ topic: 'orders', partition: 0 }]);
  for (let offset = 0; offset < RECORDS; offset++) {
    const value = Buffer.from(JSON.stringify({ id: offset, name: names.get(offset) ?? 'fine' }));
    packer.add({ offset, value, key: null, timestamp: 1 } as unknown as Message, 0, 0);
  }
  packer.flush();
  const parts: Part[] = [];
  const take = () => {
    for (let part = encoding.head(); part; part = encoding.head()) {
      parts.push(part);
      encoding.shift();
    }
    return died || encoding.size === 0;
  };
  await until(take, { what: 'every chunk is back', everyMs: 5, deadlineMs: 60_000 });
  encoding.clear();
  return died ? null : parts;
}

describe('a record on which threads die', () => {
  it.each(['exit', 'throw', 'hang'])('is alone in the dead letters after two deaths: %s', async (name) => {
    const { parts, deaths, failures } = await readThrough(new Map([[1_234, name]]));
    expect(deaths).toBe(2);
    for (const failure of failures)
      expect(failure).toMatchObject({
        code: 'worker_failed',
        message: expect.stringContaining('orders[0] offset 1234'),
      });
    const letters = parts.flatMap((part) => part.letters);
    expect(letters).toMatchObject([{ code: 'worker_crash', topic: 'orders', partition: 0, offset: 1_234 }]);
    expect(Buffer.from(letters[0]!.value!).toString()).toBe(`{"id":1234,"name":"${name}"}`);
    const rows = parts.flatMap((part) => part.pieces).reduce((sum, piece) => sum + piece.rows, 0);
    expect(rows).toBe(RECORDS - 1);
  });

  it('is found beside others of its kind: two deaths for each at most', async () => {
    const names = new Map([10, 11, 1_500, 2_999].map((offset) => [offset, 'exit']));
    const { parts, deaths } = await readThrough(names);
    expect(deaths).toBeLessThanOrEqual(8);
    expect(parts.flatMap((part) => part.letters).map(({ offset }) => offset)).toEqual([...names.keys()]);
  });
});
