import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinPieces } from '../../src/encode/block.ts';
import type { EncodeJob, Piece } from '../../src/encode/job.ts';
import { createTransform } from '../../src/encode/transform.ts';
import type { Plan } from '../../src/mapping/plan.ts';
import { createRowCollector } from '../../src/preview/row-collector.ts';
import { jobOf, planOf } from './records.ts';
import { readStream } from './stream.ts';

/** Columns id, name and the offset; table partition `day`; rows from Canal's messages. */
const canalPlan = (more: Partial<Plan> = {}): Plan => {
  const value = { format: 'json', envelope: 'canal', paths: [['id'], ['name'], ['day']] } as const;
  return planOf({ decoders: { value, key: null }, ...more });
};

interface Row {
  readonly id: string;
  readonly day: string;
  readonly name?: string;
}

const message = (rows: readonly Row[]): string => JSON.stringify({ type: 'INSERT', data: rows });
const rowOf = (id: number | string, day: string): Row => ({ id: String(id), day, name: `n${id}` });

/** Table partition -> the bytes of its record stream. */
function streams(pieces: readonly Piece[]): Record<string, Buffer> {
  const names = new Set(pieces.map(({ tablePartition }) => tablePartition));
  return Object.fromEntries(
    [...names].map((name) => {
      const own = pieces.filter(({ tablePartition }) => tablePartition === name);
      return [name, inflateSync(Buffer.concat(joinPieces(own, 'deflate').body))];
    }),
  );
}

const ids = (pieces: readonly Piece[]): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(streams(pieces)).map(([name, bytes]) => [
      name,
      readStream(bytes).map((row) => `${row[0]!.value}@${row.at(-1)!.value}`),
    ]),
  );

describe('a record of several rows', () => {
  it('becomes rows in the table partitions that they belong into', () => {
    const job = jobOf([
      message([rowOf(1, 'a'), rowOf(2, 'b'), rowOf(3, 'a')]),
      message([rowOf(4, 'b')]),
      message([rowOf(5, 'b'), rowOf(6, 'b')]),
    ]);
    const { pieces, rejections, extraRows, upTo } = createTransform(canalPlan()).run(job);
    expect(ids(pieces)).toEqual({
      'day=a': ['1@100', '3@100'],
      'day=b': ['2@100', '4@101', '5@102', '6@102'],
    });
    expect({ rejections, extraRows, upTo }).toEqual({ rejections: [], extraRows: 3, upTo: 3 });
  });

  it('is rejected as a whole when one row is dirty, and leaves no trace', () => {
    const job = jobOf([
      message([rowOf(1, 'a')]),
      message([rowOf(2, 'a'), rowOf(3, 'b'), rowOf('x', 'a')]),
      message([rowOf(4, 'a'), rowOf(5, '')]),
      message([rowOf(6, 'a'), rowOf(7, 'a')]),
      message([rowOf('y', 'a'), rowOf(8, 'a')]),
    ]);
    const { pieces, rejections, extraRows } = createTransform(canalPlan()).run(job);
    expect(ids(pieces)).toEqual({ 'day=a': ['1@100', '6@103', '7@103'] });
    expect(rejections).toMatchObject(
      [
        { record: 1, stage: 'type', code: 'wrong_type', column: 'id', message: /^row 2 of 3: / },
        { record: 2, stage: 'partition', code: 'bad_partition_value', message: /^row 1 of 2: / },
        { record: 4, stage: 'type', code: 'wrong_type', message: /^row 0 of 2: / },
      ].map(({ message: text, ...rest }) => ({ ...rest, message: expect.stringMatching(text) })),
    );
    expect(extraRows).toBe(1);
  });

  it('waits for the next job when its table partitions are too many for this one', () => {
    const values = [
      message([rowOf(1, 'a')]),
      message([rowOf(2, 'b'), rowOf(3, 'c')]),
      message([rowOf(4, 'd')]),
    ];
    const transform = createTransform(canalPlan());
    const first = transform.run(jobOf(values, { maxTablePartitions: 2 }));
    expect([first.upTo, ids(first.pieces), first.rejections]).toEqual([1, { 'day=a': ['1@100'] }, []]);
    const second = transform.run(jobOf(values, { maxTablePartitions: 2, from: 1 }));
    expect([second.upTo, ids(second.pieces)]).toEqual([2, { 'day=b': ['2@101'], 'day=c': ['3@101'] }]);
  });

  it('is dirty when they are too many for any job', () => {
    const values = [message(['a', 'b', 'c'].map((day, i) => rowOf(i, day))), message([rowOf(9, 'z')])];
    const { pieces, rejections, upTo } = createTransform(canalPlan()).run(
      jobOf(values, { maxTablePartitions: 2 }),
    );
    expect(rejections).toMatchObject([
      { record: 0, stage: 'partition', code: 'too_many_table_partitions', column: null },
    ]);
    expect(rejections[0]!.message).toMatch(/^its 3 rows need more than 2 table partitions/);
    // What it had opened is taken until the next job.
    const rest = upTo === 2 ? pieces : createTransform(canalPlan()).run(jobOf(values, { from: upTo })).pieces;
    expect(ids(rest)).toEqual({ 'day=z': ['9@101'] });
  });

  it('is dirty when all its rows together are larger than one row may be', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ ...rowOf(i, 'a'), name: 'x'.repeat(50) }));
    const { pieces, rejections } = createTransform(canalPlan(), 1_000).run(
      jobOf([message(rows), message(rows.slice(0, 5))]),
    );
    expect(rejections).toMatchObject([{ record: 0, stage: 'size', code: 'row_too_large' }]);
    expect(rejections[0]!.message).toMatch(/^the first \d+ rows of the record have \d+ bytes/);
    expect(Object.values(ids(pieces)).flat()).toHaveLength(5);
  });

  it('is collected as a whole by a preview, too', () => {
    const plan = canalPlan();
    const collector = createRowCollector(plan);
    const transform = createTransform(plan, 1_000, collector);
    const run = (rows: readonly Row[]) => {
      const { rejections } = transform.run(jobOf([message(rows)], { maxTablePartitions: 1 }));
      return [collector.take().map(({ values }) => values.get(1)), rejections.length];
    };
    expect(run([rowOf(1, 'a'), rowOf(2, 'b')])).toEqual([['1', '2'], 0]);
    expect(run([rowOf(1, 'a'), rowOf(2, 'b'), rowOf('x', 'b')])).toEqual([[], 1]);
    expect(run([rowOf(3, 'a')])).toEqual([['3'], 0]);
  });
});

describe('any records of any number of rows', () => {
  const dayOf = fc.constantFrom('a', 'b', 'c', 'd', '');
  const row = fc.record({
    id: fc.oneof(
      { weight: 8, arbitrary: fc.nat(1e6).map(String) },
      { weight: 1, arbitrary: fc.constant('x') },
    ),
    day: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') },
      { weight: 1, arbitrary: dayOf },
    ),
    name: fc.string({ maxLength: 5 }),
  });
  const records = fc.array(fc.array(row, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 });
  const clean = (rows: readonly Row[]) => rows.every(({ id, day }) => id !== 'x' && day !== '');

  it('are the rows of the clean ones, byte for byte as if each row had been a record of its own', () => {
    const [several, single] = [createTransform(canalPlan()), createTransform(canalPlan())];
    fc.assert(
      fc.property(records, (list) => {
        const result = several.run(jobOf(list.map(message)));
        expect(result.upTo).toBe(list.length);
        expect(result.rejections.map(({ record }) => record)).toEqual(
          list.flatMap((rows, record) => (clean(rows) ? [] : [record])),
        );
        const kept = list.flatMap((rows, record) =>
          clean(rows) ? rows.map((one) => ({ one, record })) : [],
        );
        const alone = single.run(
          withOffsets(
            kept.map(({ one }) => message([one])),
            kept.map(({ record }) => record),
          ),
        );
        expect(streams(result.pieces)).toEqual(streams(alone.pieces));
        const sizes = ({ pieces }: typeof result) =>
          Object.fromEntries(
            pieces.map((p) => [p.tablePartition, [p.rows, p.rawBytes, p.crcOfCrcs, p.adler32]]),
          );
        expect(sizes(result)).toEqual(sizes(alone));
        expect(result.extraRows).toBe(kept.length - list.filter(clean).length);
      }),
      { numRuns: 150 },
    );
  });

  it('come to the same in jobs of few table partitions', () => {
    const transform = createTransform(canalPlan());
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 4 }), (list, maxTablePartitions) => {
        const found: string[] = [];
        const values = list.map(message);
        for (let from = 0; from < list.length; ) {
          const { pieces, upTo } = transform.run(jobOf(values, { from, maxTablePartitions }));
          expect(upTo).toBeGreaterThan(from);
          expect(new Set(pieces.map((p) => p.tablePartition)).size).toBeLessThanOrEqual(maxTablePartitions);
          found.push(...Object.values(ids(pieces)).flat());
          from = upTo;
        }
        const wanted = list.flatMap((rows, record) => {
          const fits = new Set(rows.map(({ day }) => day)).size <= maxTablePartitions;
          return clean(rows) && fits ? rows.map(({ id }) => `${id}@${100 + record}`) : [];
        });
        expect(found.sort()).toEqual(wanted.sort());
      }),
      { numRuns: 100 },
    );
  });
});

/** A job whose records have the offsets of others. */
function withOffsets(values: readonly string[], records: readonly number[]): EncodeJob {
  const job = jobOf(values);
  const offsets = new Float64Array(
    job.chunk,
    job.chunk.byteLength - job.capacity * (8 + 8 + 4 * 7),
    job.capacity,
  );
  for (const [at, record] of records.entries()) offsets[at] = 100 + record;
  return job;
}
