import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTransform } from '../../src/encode/transform.ts';
import { SinkError } from '../../src/errors.ts';
import { planOf } from '../mapping/support.ts';
import { type Harness, harness } from './harness.ts';

const end = (positions: { offset: number }[] | undefined) => positions?.[0]?.offset;
const limit = (count: number | null, percent: number | null = null) => ({
  limit: { count, percent, window: 600_000 },
});
const many = (n: number, value: string): string[] => Array.from({ length: n }, () => value);

describe.each([true, false])('records that are left out (exactly once: %s)', (exactlyOnce) => {
  it('advance the offsets, also alone in a batch', async () => {
    const h = harness({ exactlyOnce });
    h.feed('~', '-', '~');
    await h.pass(60_000);
    expect(h.acknowledged.map(end)).toEqual([3]);
    expect(h.batches[0]!.leftOut).toMatchObject({ filtered: 2, skipped: { invalid_json: 1 } });
    expect([h.batches[0]!.records, h.batches[0]!.rows, h.letters.length]).toEqual([3, 0, 0]);
    h.feed('dt=1', '-');
    await h.pass(60_000);
    expect(h.acknowledged.map(end)).toEqual([3, 5]);
    expect(h.budgetUsed()).toBe(0);
  });
});

describe('the record that ends the service', () => {
  it('does so after what was read before it is acknowledged, and nothing behind it is', async () => {
    const h = harness();
    h.feed('dt=1', '!', '^', 'dt=2');
    h.feed('dt=3');
    await h.pass(100);
    expect(h.acknowledged.map(end)).toEqual([2]);
    expect(h.failure()).toMatchObject({ code: 'dirty_limit', exit: 6 });
    expect(h.failure()!.message).toContain('t[0] offset 2: invalid_json: bad');
    h.feed('dt=4');
    await h.pass(60_000);
    expect(h.acknowledged.map(end)).toEqual([2]);
    expect(h.trail.some((step) => step.includes('dt=2') || step.includes('dt=3'))).toBe(false);
    expect(h.budgetUsed()).toBe(0);
  });

  it('ends it at once when nothing is before it', async () => {
    const h = harness();
    h.feed('^');
    await h.pass(100);
    expect([h.acknowledged, h.failure()?.exit]).toEqual([[], 6]);
  });

  it('ends it though what was before it comes to nothing', async () => {
    const h = harness();
    h.fail('commit', new SinkError('session_lost', 'gone'));
    h.feed('dt=1', '^');
    await h.pass(30_000);
    expect([h.acknowledged, h.failure()?.exit]).toEqual([[], 6]);
  });
});

describe('the limit of dirty records', () => {
  it('ends the service with nothing of the batch in hand acknowledged, dead letters and skipped ones alike', async () => {
    const h = harness({ dirty: limit(3) });
    h.feed('dt=1', '!', '-', '!');
    await h.pass(1_000);
    expect(h.failure()).toBeUndefined();
    h.feed('dt=1', '-');
    await h.pass(1_000);
    expect(h.failure()).toMatchObject({ code: 'dirty_limit', exit: 6 });
    expect(h.failure()!.message).toMatch(
      /^4 dirty records, .* allows 3: invalid_json 4; the last one: t\[0\]/,
    );
    await h.pass(60_000);
    expect(h.acknowledged).toEqual([]);
    expect(h.trail).toContain('letters removed');
    expect(h.budgetUsed()).toBe(0);
  });

  it('counts over batches, and what is read again once', async () => {
    const h = harness({ dirty: limit(3) });
    h.feed('dt=1', '!', '!');
    await h.pass(60_000);
    expect(h.acknowledged.map(end)).toEqual([3]);
    for (let round = 0; round < 3; round++) {
      h.feed('dt=1', '!');
      h.fail('encode', new SinkError('worker_failed', 'died'));
      h.feed('dt=1');
      await h.pass(5_000);
    }
    expect([h.failure(), h.rewinds.length]).toEqual([undefined, 3]);
    h.feed('!', '!');
    await h.pass(100);
    expect(h.failure()?.code).toBe('dirty_limit');
  });

  it('by percentage is judged at the seal', async () => {
    const h = harness({ dirty: limit(null, 1) });
    h.feed(...many(20, '!'), ...many(990, 'dt=1'));
    await h.pass(30_000);
    expect(h.failure()).toBeUndefined();
    await h.pass(31_000);
    expect(h.failure()?.message).toMatch(/^20 of 1010 records are dirty \(1\.98 %\)/);
    expect(h.acknowledged).toEqual([]);
    const good = harness({ dirty: limit(null, 1) });
    good.feed(...many(10, '!'), ...many(1000, 'dt=1'));
    await good.pass(60_000);
    expect([good.failure(), good.acknowledged.map(end)]).toEqual([undefined, [1010]]);
  });
});

describe('the record that kills workers', () => {
  const poisoned = async (crashes: 'dead_letter' | 'skip' | 'stop') => {
    const h = harness({ dirty: { crashes } });
    const values = ['dt=1', 'dt=1', '??', 'dt=1', 'dt=1'];
    h.feed(...values);
    for (let round = 0; round < 2; round++) {
      await h.pass(5_000);
      h.feed(...values);
    }
    await h.pass(70_000);
    return h;
  };
  const deaths = (h: Harness) => h.rewinds.length;

  it('is condemned after two deaths, with its neighbours in jobs of their own size', async () => {
    const h = await poisoned('dead_letter');
    expect([deaths(h), h.letters.map(({ offset, code }) => [offset, code])]).toEqual([
      2,
      [[2, 'worker_crash']],
    ]);
    expect(h.acknowledged.map(end)).toEqual([5]);
    expect(h.trail.filter((step) => step.startsWith('encode'))).toEqual([
      'encode 0-5',
      ...['encode 0-2', 'encode 2-3'],
      ...['encode 0-2', 'encode 3-5'],
    ]);
  });

  it('is skipped and counted, or ends the service, when the configuration says so', async () => {
    const skipped = await poisoned('skip');
    expect([skipped.letters, skipped.acknowledged.map(end)]).toEqual([[], [5]]);
    expect(skipped.batches.at(-1)!.leftOut.skipped).toEqual({ worker_crash: 1 });
    const stopped = await poisoned('stop');
    expect([stopped.failure()?.exit, stopped.acknowledged.map(end)]).toEqual([6, [2]]);
  });
});

describe('rows of one batch with an equal key', () => {
  const plan = planOf({
    columns: { k: 'STRING' },
    partitionKeys: { p: 'STRING' },
    table: {
      columns: { k: { from: 'k' } },
      partitions: { p: { kind: 'source', from: 'p' } },
      deduplicate: { key: ['k'] },
    },
  });
  const open = (more: Parameters<typeof harness>[0] = {}) => {
    const transform = createTransform(plan);
    return harness({ ...more, encode: (job) => transform.run(job) });
  };
  const record = (k: number | null, p = 'a') => JSON.stringify({ k: k === null ? null : `${k}`, p });
  const facts = (h: Harness) => h.batches.map(({ rows, leftOut }) => [rows, leftOut.deduplicated]);

  it('are written once, over several chunks, in the order in which they were read', async () => {
    const h = open();
    h.feed(record(1), record(2), record(1));
    h.feed(record(2), record(3), record(null), record(null));
    h.feed(record(4), record(3));
    await h.pass(60_000);
    expect(facts(h)).toEqual([[6, 3]]);
    expect(h.acknowledged.map(end)).toEqual([9]);
    expect(h.trail.filter((step) => step.startsWith('encode'))).toHaveLength(5);
    expect(h.budgetUsed()).toBe(0);
  });

  it('are compared within their batch only', async () => {
    const h = open();
    h.feed(record(1), record(1));
    await h.pass(60_000);
    h.feed(record(1), record(2));
    await h.pass(60_000);
    expect(facts(h)).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  it('are found in a chunk of many parts, and nothing is lost or doubled', async () => {
    const keys = fc.array(fc.tuple(fc.nat(6), fc.constantFrom('a', 'b', 'c')), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(keys, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        async (chunks, most) => {
          const h = open({ flush: { maxTablePartitions: most } });
          for (const chunk of chunks) h.feed(...chunk.map(([k, p]) => record(k, p)));
          await h.pass(61_000);
          const all = chunks.flat();
          const taken = h.batches.reduce((sum, { rows, leftOut }) => sum + rows + leftOut.deduplicated, 0);
          expect([taken, h.acknowledged.map(end).at(-1)]).toEqual([all.length, all.length]);
          let at = 0;
          for (const { records, rows } of h.batches) {
            const own = all.slice(at, at + records);
            expect(rows).toBe(new Set(own.map(([k]) => k)).size);
            at += records;
          }
          expect(h.budgetUsed()).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('of records with several rows are found too, and a record stays whole', async () => {
    const value = { ...plan.decoders.value!, envelope: 'canal' as const };
    const canal = { ...plan, decoders: { ...plan.decoders, value } };
    const record = fc.array(fc.nat(4), { minLength: 1, maxLength: 3 });
    const chunks = fc.array(fc.array(record, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(chunks, async (list) => {
        const transform = createTransform(canal);
        const h = harness({ encode: (job) => transform.run(job) });
        for (const chunk of list)
          h.feed(
            ...chunk.map((keys) =>
              JSON.stringify({ type: 'INSERT', data: keys.map((k) => ({ k, p: 'a' })) }),
            ),
          );
        await h.pass(61_000);
        const seen = new Set<number>();
        let [rows, copies] = [0, 0];
        for (const keys of list.flat()) {
          const own = keys.filter((k) => !seen.has(k) && seen.add(k));
          if (own.length === 0) copies += 1;
          else rows += keys.length;
        }
        expect(h.acknowledged.map(end)).toEqual([list.flat().length]);
        expect(facts(h)).toEqual([[rows, copies]]);
        expect(h.budgetUsed()).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('seal the batch when their keys take too much of the memory', async () => {
    const h = open({ budgetBytes: 1 << 19 });
    for (let chunk = 0; chunk < 60; chunk++) {
      h.feed(...Array.from({ length: 50 }, (_, i) => record(50 * chunk + i)));
      await h.pass(20);
    }
    expect(h.trail).toContain('sealed keys');
    await h.pass(61_000);
    expect(h.batches.reduce((sum, { rows }) => sum + rows, 0)).toBe(3_000);
    expect(h.budgetUsed()).toBe(0);
  });

  it('are read again whole when a worker dies while it leaves them out', async () => {
    const h = open();
    h.feed(record(1), record(2));
    await h.pass(10);
    const release = h.hold('encode');
    h.feed(record(2), record(3));
    await h.pass(10);
    release();
    h.fail('encode', new SinkError('worker_failed', 'died'));
    await h.pass(1_000);
    h.feed(record(1), record(2), record(2), record(3));
    await h.pass(61_000);
    expect(h.acknowledged.map(end)).toEqual([4]);
    expect(facts(h).at(-1)).toEqual([3, 1]);
    expect(h.budgetUsed()).toBe(0);
  });
});
