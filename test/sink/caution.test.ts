import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBudget } from '../../src/budget.ts';
import { type Caution, createCaution, dangerOf } from '../../src/sink/caution.ts';
import { positionsOf } from '../../src/sink/ranges.ts';
import { createPacker } from '../../src/source/chunk/packer.ts';
import type { Message } from '../../src/source/client/client.ts';
import { type Position, type SourceChunk, topicPartitionKey } from '../../src/source/source.ts';

type Record = [partition: number, offset: number];

/** A chunk of these records; `marks` are ends of logs past the last record. */
function chunkOf(records: Record[], marks: Record[] = []): SourceChunk {
  const chunks: SourceChunk[] = [];
  const packer = createPacker({
    chunkBytes: 1 << 16,
    chunks: 9,
    budget: createBudget(1 << 30),
    onChunk: (chunk) => chunks.push(chunk),
  });
  packer.reset(
    1,
    [0, 1].map((partition) => ({ topic: 't', partition })),
  );
  for (const [partition, offset] of records)
    packer.add({ offset, value: Buffer.from('v'), key: null } as unknown as Message, partition, 0);
  for (const [partition, offset] of marks) packer.mark(partition, offset, 0);
  packer.flush();
  return chunks[0]!;
}

/** Reads the chunks as the lanes do; the names of condemned records, or null when a worker died. */
function read(caution: Caution, chunks: SourceChunk[], poison: string, named = false): string[] | null {
  const condemned: string[] = [];
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.records; ) {
      const to = caution.end(chunk, from);
      const run = Array.from({ length: to - from }, (_, i) => nameOf(chunk, from + i));
      if (run.includes(poison)) {
        caution.died(dangerOf(chunk, from, to), named ? positionOf(poison) : null);
        return null;
      }
      if (to === from) condemned.push(nameOf(chunk, from));
      from = to === from ? from + 1 : to;
    }
  }
  return condemned;
}

function positionOf(name: string): Position {
  const [topic = '', partition, offset] = name.split('-');
  return { topic, partition: Number(partition), offset: Number(offset) };
}

function nameOf(chunk: SourceChunk, record: number): string {
  const position = positionsOf(chunk)(record);
  return `${topicPartitionKey(position)}-${position.offset}`;
}

/** Ends of the jobs of a chunk; the same end twice: a condemned record. */
function jobs(caution: Caution, chunk: SourceChunk): number[] {
  const ends: number[] = [];
  for (let from = 0; from < chunk.records; ) {
    const to = caution.end(chunk, from);
    ends.push(to);
    from = to === from ? from + 1 : to;
  }
  return ends;
}

/** Reads again until it gets through; how many workers died, and what was condemned. */
function readThrough(chunksOfRound: (round: number) => SourceChunk[], poison: string, named = false) {
  const caution = createCaution();
  for (let deaths = 0; deaths < 40; deaths++) {
    const condemned = read(caution, chunksOfRound(deaths), poison, named);
    if (condemned) return { deaths, condemned };
  }
  throw new Error('workers die for ever');
}

const run = (partition: number, from: number, to: number): Record[] =>
  Array.from({ length: to - from }, (_, i) => [partition, from + i]);

describe('the record that kills workers', () => {
  it('is found by halves, and no other record is condemned', () => {
    const found = readThrough(() => [chunkOf(run(0, 0, 1000))], 't-0-777');
    expect(found.condemned).toEqual(['t-0-777']);
    expect(found.deaths).toBeLessThan(13);
  });

  it('is found by two deaths when the worker says where it was, and no other record is condemned', () => {
    fc.assert(
      fc.property(fc.nat(299), fc.nat(3), (poison, more) => {
        const chunks = (round: number) => [
          chunkOf([...run(1, 0, more * round), ...run(0, 0, 200)]),
          chunkOf(run(0, 200, 300)),
        ];
        const found = readThrough(chunks, `t-0-${poison}`, true);
        expect(found).toEqual({ deaths: 2, condemned: [`t-0-${poison}`] });
      }),
    );
  });

  it('travels alone once it is a suspect; what is beside it goes in large jobs', () => {
    const caution = createCaution();
    const chunk = chunkOf(run(0, 0, 100));
    caution.died(dangerOf(chunk, 0, 100), positionOf('t-0-40'));
    expect(jobs(caution, chunk)).toEqual([40, 41, 100]);
    caution.died(dangerOf(chunk, 40, 41), positionOf('t-0-40'));
    expect(jobs(caution, chunk), 'condemned').toEqual([40, 40, 100]);
  });

  it('is found by halves when another record is named each time', () => {
    const caution = createCaution();
    const chunk = chunkOf(run(0, 0, 256));
    for (let death = 0; death < 5; death++)
      caution.died(dangerOf(chunk, 0, jobs(caution, chunk)[0]!), positionOf(`t-0-${200 + death}`));
    expect(jobs(caution, chunk)[0]).toBeLessThanOrEqual(16);
  });

  it('is not condemned by its first death, though it travelled alone', () => {
    const caution = createCaution();
    const chunk = chunkOf([[0, 5]]);
    expect(read(caution, [chunk], 't-0-5')).toBeNull();
    expect(read(caution, [chunk], 'none')).toEqual([]);
    expect(readThrough(() => [chunk], 't-0-5')).toEqual({ deaths: 2, condemned: ['t-0-5'] });
  });

  it('is found though control records follow it at the end of the log', () => {
    const found = readThrough(() => [chunkOf(run(0, 0, 3), [[0, 9]])], 't-0-2');
    expect(found.condemned).toEqual(['t-0-2']);
  });

  it('is found though other topic partitions fill the chunk differently every time', () => {
    const found = readThrough((round) => {
      return [chunkOf([...run(1, 0, 100 * (round + 1)), ...run(0, 0, 100)])];
    }, 't-0-50');
    expect(found.condemned).toEqual(['t-0-50']);
    expect(found.deaths).toBeLessThan(20);
  });

  it('is forgotten once everything up to it is acknowledged: all chunks go whole again', () => {
    const caution = createCaution();
    const chunk = chunkOf(run(0, 0, 10));
    caution.died(dangerOf(chunk, 0, 10), null);
    caution.died(dangerOf(chunk, 0, 10), null);
    expect(caution.end(chunk, 0)).toBe(5);
    caution.acknowledged([{ topic: 't', partition: 0, offset: 10 }]);
    expect(caution.end(chunk, 0)).toBe(10);
  });
});
