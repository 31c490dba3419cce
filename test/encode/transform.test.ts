import { inflateSync } from 'node:zlib';
import avsc from 'avsc';
import { describe, expect, it } from 'vitest';
import { joinPieces } from '../../src/encode/block.ts';
import type { Piece } from '../../src/encode/job.ts';
import { createTransform } from '../../src/encode/transform.ts';
import { framed } from '../support/framed.ts';
import { brokenJob, jobOf, order, planOf, planWithHeader } from './records.ts';
import { readStream } from './stream.ts';

/** Table partition -> ids (column 1) and offsets (column 7) of its rows, read back from a block of its pieces. */
function tableOf(pieces: readonly Piece[]): Record<string, string[]> {
  const names = new Set(pieces.map(({ tablePartition }) => tablePartition));
  return Object.fromEntries(
    [...names].map((name) => {
      const own = pieces.filter(({ tablePartition }) => tablePartition === name);
      const rows = readStream(inflateSync(Buffer.concat(joinPieces(own, 'deflate').body)));
      return [name, rows.map((row) => `${row[0]!.value}@${row.at(-1)!.value}`)];
    }),
  );
}

describe('the transform', () => {
  it('turns records into one piece per table partition, in order', () => {
    const job = jobOf([order(1, 'a'), order(2, 'b'), order(3, 'b'), order(4, 'a')]);
    const { pieces, upTo, rejections, unknownSchemas, chunk } = createTransform(planOf()).run(job);
    expect(tableOf(pieces)).toEqual({ 'day=a': ['1@100', '4@103'], 'day=b': ['2@101', '3@102'] });
    expect(pieces.map(({ rows }) => rows)).toEqual([2, 2]);
    expect({ upTo, rejections, unknownSchemas }).toEqual({ upTo: 4, rejections: [], unknownSchemas: [] });
    expect(chunk).toBe(job.chunk);
  });

  it('encodes only the records asked for', () => {
    const job = jobOf([order(1, 'a'), order(2, 'a'), order(3, 'a')], { from: 1, to: 2 });
    const { pieces, upTo } = createTransform(planOf()).run(job);
    expect(tableOf(pieces)).toEqual({ 'day=a': ['2@101'] });
    expect(upTo).toBe(2);
  });

  it('rejects bad records at every stage, with no trace of them in the rows', () => {
    const job = jobOf([
      order(1, 'a'),
      '{"id": 2,',
      null,
      '{"id": "x", "name": "n", "day": "a"}',
      order(5, ''),
      order(6, 'a'),
    ]);
    const { pieces, rejections } = createTransform(planOf()).run(job);
    expect(tableOf(pieces)).toEqual({ 'day=a': ['1@100', '6@105'] });
    expect(rejections).toMatchObject([
      { record: 1, stage: 'decode', code: 'invalid_json', column: null },
      { record: 2, stage: 'decode', code: 'tombstone', column: null },
      { record: 3, stage: 'type', code: 'wrong_type', column: 'id' },
      { record: 4, stage: 'partition', code: 'bad_partition_value' },
    ]);
    for (const { message } of rejections) expect(message).not.toBe('');
  });

  it('gives no piece to a table partition whose records are all rejected', () => {
    const { pieces } = createTransform(planOf()).run(jobOf(['{"id": "x", "day": "a"}', order(2, 'b')]));
    expect(Object.keys(tableOf(pieces))).toEqual(['day=b']);
  });

  it('stops before one table partition too many; the rest is sent again', () => {
    const values = ['a', 'b', 'a', 'c', 'a', 'd'].map((day, id) => order(id, day));
    const transform = createTransform(planOf());
    const first = transform.run(jobOf(values, { maxTablePartitions: 2 }));
    expect(first.upTo).toBe(3);
    expect(tableOf(first.pieces)).toEqual({ 'day=a': ['0@100', '2@102'], 'day=b': ['1@101'] });
    const rest = transform.run({ ...jobOf(values), from: first.upTo });
    expect(rest.upTo).toBe(6);
    expect(tableOf(rest.pieces)).toEqual({ 'day=c': ['3@103'], 'day=a': ['4@104'], 'day=d': ['5@105'] });
  });

  it('rejects a row above the limit and goes on', () => {
    const values = [order(1, 'a'), order(2, 'a', 'x'.repeat(2_000)), order(3, 'a')];
    const { pieces, rejections } = createTransform(planOf(), 1_000).run(jobOf(values));
    expect(tableOf(pieces)).toEqual({ 'day=a': ['1@100', '3@102'] });
    expect(rejections).toMatchObject([{ record: 1, stage: 'size', code: 'row_too_large', column: null }]);
  });

  it('uses its buffers again without mixing chunks', () => {
    const transform = createTransform(planOf());
    const big = 'y'.repeat(300_000);
    for (let round = 0; round < 6; round++) {
      const days = Array.from({ length: 40 }, (_, day) => `${round}-${day}`);
      const values = days.map((day, id) => order(id, day, id === round ? big : 'n'));
      const { pieces } = transform.run(jobOf(values, { maxTablePartitions: 40 }));
      expect(tableOf(pieces)).toEqual(
        Object.fromEntries(days.map((day, id) => [`day=${day}`, [`${id}@${100 + id}`]])),
      );
    }
  });

  it('tells the oldest and the newest event time of the rows of each piece, rejected records aside', () => {
    const hour = (n: number, id: number | string = n) => JSON.stringify({ id, day: 3_600_000 * n });
    const plan = planOf({
      times: [{ name: 'day', slot: 3, time: { format: null, zone: 'UTC' }, compared: false }],
      partitions: [
        {
          ...{ name: 'day', type: { name: 'STRING' }, kind: 'time', time: 0 },
          ...{ format: 'yyyyMMdd', zone: 'UTC', floor: null },
        },
      ],
    });
    const transform = createTransform(plan);
    const times = (values: string[]) =>
      transform
        .run(jobOf(values))
        .pieces.map((piece) => [
          ...[piece.tablePartition, piece.oldestEvent / 3_600_000, piece.newestEvent / 3_600_000],
        ]);
    expect(times([hour(5), hour(30), hour(2, 'x'), hour(3), hour(20), hour(23, 'x')])).toEqual([
      ['day=19700101', 3, 20],
      ['day=19700102', 30, 30],
    ]);
    expect(times([hour(10)]), 'nothing is left of the chunk before').toEqual([['day=19700101', 10, 10]]);
    const [piece] = createTransform(planOf()).run(jobOf([order(1, 'a')])).pieces;
    expect([piece!.oldestEvent, piece!.newestEvent]).toEqual([Infinity, -Infinity]);
  });

  it('keeps everything in the unnamed table partition of an unpartitioned table', () => {
    const { pieces } = createTransform(planOf({ partitions: [] })).run(jobOf([order(1, 'a'), order(2, 'b')]));
    expect(tableOf(pieces)).toEqual({ '': ['1@100', '2@101'] });
  });

  it('names the record at which it fails, and works on with the next chunk', () => {
    const transform = createTransform(planWithHeader());
    expect(() => transform.run(brokenJob())).toThrow(/^orders\[3\] offset 101: ./);
    expect(tableOf(transform.run(jobOf([order(3, 'a')])).pieces)).toEqual({ '': ['3@100'] });
  });
});

describe('the transform, when records name their schema by id', () => {
  const plan = planOf({
    decoders: { value: { format: 'avro', paths: [['id'], ['name'], ['day']] }, key: null },
  });
  const fields = ['id', 'name', 'day'].map((name) => ({ name, type: name === 'id' ? 'long' : 'string' }));
  const text = JSON.stringify({ type: 'record', name: 'Order', fields });
  const type = avsc.Type.forSchema(JSON.parse(text));
  const named = (schema: number, id: number): Buffer =>
    framed(schema, type.toBuffer({ id, name: 'n', day: 'a' }));

  it('does nothing but list the ids it does not know, each once', () => {
    const job = jobOf([named(7, 1), null, named(8, 2), named(7, 3)]);
    expect(createTransform(plan).run(job)).toEqual({
      chunk: job.chunk,
      upTo: 0,
      unknownSchemas: [7, 8],
      pieces: [],
      rejections: [],
      extraRows: 0,
      filtered: 0,
      skipped: {},
      unmappedFields: [],
    });
  });

  it('looks only at the records asked for', () => {
    const job = jobOf([named(7, 1), named(8, 2), named(9, 3)], { from: 1, to: 2 });
    expect(createTransform(plan).run(job).unknownSchemas).toEqual([8]);
  });

  it('leaves no trace of the records before the one whose schema it does not know', () => {
    const transform = createTransform(plan);
    const schema = { type: 'AVRO', text, references: [] } as const;
    const values = [named(7, 1), Buffer.of(9), named(8, 2)];
    const first = transform.run(jobOf(values, { schemas: [{ id: 7, schema }] }));
    expect(first).toMatchObject({ upTo: 0, unknownSchemas: [8], pieces: [], rejections: [] });
    const { pieces, rejections } = transform.run(jobOf(values, { schemas: [{ id: 8, schema }] }));
    expect(tableOf(pieces)).toEqual({ 'day=a': ['1@100', '2@102'] });
    expect(rejections).toMatchObject([{ record: 1, code: 'invalid_avro' }]);
  });

  it('takes schemas with a job and keeps them; an id that the registry does not know rejects its records', () => {
    const transform = createTransform(plan);
    const values = [named(7, 1), named(8, 2), named(7, 3)];
    const schemas = [
      { id: 7, schema: { type: 'AVRO', text, references: [] } as const },
      { id: 8, schema: null },
    ];
    const { pieces, rejections } = transform.run(jobOf(values, { schemas }));
    expect(tableOf(pieces)).toEqual({ 'day=a': ['1@100', '3@102'] });
    expect(rejections).toMatchObject([{ record: 1, stage: 'decode', code: 'unknown_schema' }]);
    expect(tableOf(transform.run(jobOf([named(7, 4)])).pieces)).toEqual({ 'day=a': ['4@100'] });
  });
});
