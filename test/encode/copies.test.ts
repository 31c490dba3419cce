import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_WORDS } from '../../src/encode/copies.ts';
import { createKeySet } from '../../src/encode/key-set.ts';
import { createTransform } from '../../src/encode/transform.ts';
import { createRowCollector } from '../../src/preview/row-collector.ts';
import { planOf } from '../mapping/support.ts';
import { jobOf } from './records.ts';

const keyOf = (n: number): Uint32Array => {
  const hash = createHash('sha256').update(String(n)).digest();
  return new Uint32Array(hash.buffer.slice(hash.byteOffset, hash.byteOffset + 4 * KEY_WORDS));
};

describe('a set of keys', () => {
  it('has what a set has', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(50)), (added, asked) => {
        const [set, plain] = [createKeySet(), new Set<number>()];
        for (const n of added) {
          expect(set.add(keyOf(n), 0)).toBe(!plain.has(n));
          plain.add(n);
        }
        for (const n of asked) expect(set.has(keyOf(n), 0)).toBe(plain.has(n));
        set.clear();
        expect(added.some((n) => set.has(keyOf(n), 0))).toBe(false);
      }),
    );
  });

  it('grows, and takes at most 48 bytes a key', () => {
    const set = createKeySet();
    const count = 20_000;
    for (let n = 0; n < count; n++) set.add(keyOf(n), 0);
    for (let n = 0; n < count; n++) expect(set.has(keyOf(n), 0)).toBe(true);
    expect(set.has(keyOf(count), 0)).toBe(false);
    expect(set.bytes).toBeLessThan(48 * count);
  });

  it('never has a key of zeros, and tells keys apart that differ in any word', () => {
    const set = createKeySet();
    expect([set.add(new Uint32Array(4), 0), set.has(new Uint32Array(4), 0)]).toEqual([false, false]);
    expect(set.add(Uint32Array.of(7, 0, 0, 0), 0)).toBe(true);
    for (const other of [Uint32Array.of(7, 1, 0, 0), Uint32Array.of(7, 0, 1, 0), Uint32Array.of(7, 0, 0, 1)])
      expect(set.has(other, 0)).toBe(false);
  });
});

describe('rows of one job with an equal key', () => {
  const plan = planOf({
    columns: { a: 'STRING', b: 'STRING', n: 'INT' },
    table: { deduplicate: { key: ['a', 'b'] } },
  });
  const collector = createRowCollector(plan);
  const transform = createTransform(plan, undefined, collector);
  const run = (values: string[], drop: number[] = []) => {
    const { keys, deduplicated, rejections } = transform.run(jobOf(values, { drop }));
    const rows = collector.take().map(({ values: row }) => row.get(3));
    return { keys: keys!, deduplicated, rejections, rows };
  };
  const record = (a: unknown, b: unknown, n: unknown) => JSON.stringify({ a, b, n });

  it('are left out but for the first, and counted', () => {
    const { rows, keys, deduplicated } = run([
      record('x', 'y', 1),
      record('x', 'z', 2),
      record('x', 'y', 3),
      record('xy', '', 4),
      record('x', 'z', 5),
    ]);
    expect(rows).toEqual([1, 2, 4]);
    expect([keys.length / KEY_WORDS, deduplicated]).toEqual([3, 2]);
  });

  it('have text as key: a number is its source text, NULL is like nothing', () => {
    const { rows, keys } = run([
      ...[record(1, 'y', 1), record('1', 'y', 2), '{"a": 1.0, "b": "y", "n": 3}'],
      ...[record(null, 'y', 4), record(null, 'y', 5), '{"b": "y", "n": 6}'],
    ]);
    expect(rows).toEqual([1, 3, 4, 5, 6]);
    expect([...keys.subarray(2 * KEY_WORDS)].every((word) => word === 0)).toBe(true);
  });

  it('do not count when they are dirty: the next good one stays', () => {
    const { rows, rejections, deduplicated } = run([
      ...[record('x', 'y', 'bad'), record('x', 'y', 1), record('x', 'y', 'bad'), record('x', 'y', 2)],
    ]);
    expect([rows, rejections.length, deduplicated]).toEqual([[1], 2, 1]);
  });

  it('are left out besides where main says so, by the numbers of the keys that it was given', () => {
    const values = [1, 2, 1, 3, 2, 4].map((key, n) => record(`${key}`, '', n));
    expect(run(values).rows).toEqual([0, 1, 3, 5]);
    const again = run(values, [1, 3]);
    expect([again.rows, again.keys.length / KEY_WORDS, again.deduplicated]).toEqual([[0, 3], 2, 4]);
    expect(run(values).rows, 'nothing is left of the job before').toEqual([0, 1, 3, 5]);
  });

  it('have a key that an expression may make, alone or beside sources', () => {
    const table = { deduplicate: { key: ['a', { expr: 'b.lowerAscii() + "/" + string(size(b) % 2)' }] } };
    const expressing = createTransform(
      planOf({ columns: { a: 'STRING', b: 'STRING', n: 'INT' }, table }),
      undefined,
      collector,
    );
    const values = [record('x', 'Y', 1), record('x', 'y', 2), record('x', 'yy', 3), record('x', 'y', 4)];
    const { rejections, deduplicated } = expressing.run(
      jobOf([...values, record('x', 7, 5), record('x', null, 6), record('x', null, 7)]),
    );
    expect(collector.take().map(({ values: row }) => row.get(3))).toEqual([1, 3, 6, 7]);
    expect(deduplicated).toBe(2);
    expect(rejections).toMatchObject([
      { record: 4, stage: 'map', code: 'expr_failed', message: expect.stringMatching(/^in table\.dedup/) },
    ]);
  });

  it('have keys that depend on their key alone', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1 }), fc.nat(9), (list, other) => {
        const keys = (key: number) => run([record(`${key}`, null, 0), record(`${key}`, 'b', 0)]).keys;
        for (const key of list) {
          const same = Buffer.from(keys(key).buffer).equals(Buffer.from(keys(other).buffer));
          expect(same).toBe(key === other);
        }
      }),
    );
  });
});

describe('records of several rows', () => {
  const plan = {
    ...planOf({ columns: { k: 'STRING', n: 'INT' }, table: { deduplicate: { key: ['k'] } } }),
    tombstone: 'reject' as const,
  };
  const value = { ...plan.decoders.value!, envelope: 'canal' as const };
  const collector = createRowCollector(plan);
  const transform = createTransform({ ...plan, decoders: { ...plan.decoders, value } }, undefined, collector);
  let n = 0;
  const record = (...keys: (string | null)[]) =>
    JSON.stringify({ type: 'INSERT', data: keys.map((k) => ({ k, n: `${n++}` })) });
  const run = (values: string[], drop: number[] = []) => {
    const { keys, deduplicated, extraRows, rejections, upTo } = transform.run(jobOf(values, { drop }));
    expect(rejections).toEqual([]);
    const rows = collector.take().map(({ values: row }) => row.get(1) ?? null);
    expect(rows.length - extraRows + deduplicated!).toBe(upTo);
    return { rows, deduplicated, keys: keys!.length / KEY_WORDS };
  };

  it('are left out when each of their rows is a copy, and else stay whole', () => {
    const values = [record('a', 'b'), record('b', 'a'), record('b', 'c'), record('c'), record('a', 'b', 'c')];
    expect(run(values)).toEqual({ rows: ['a', 'b', 'b', 'c'], deduplicated: 3, keys: 3 });
    expect(run([record('a', 'a'), record('a', null), record('a', 'a')]).rows).toEqual(['a', 'a', 'a', null]);
  });

  it('are left out by the numbers of their keys, and those that stay are not named again', () => {
    const values = [record('a', 'b'), record('c', 'd'), record('e'), record('d', 'c')];
    expect(run(values).keys).toBe(5);
    expect(run(values, [0, 1])).toEqual({ rows: ['c', 'd', 'e'], deduplicated: 2, keys: 3 });
    expect(run(values, [0, 4])).toEqual({ rows: ['a', 'b', 'c', 'd'], deduplicated: 2, keys: 4 });
  });
});
