import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createBudget } from '../../src/budget.ts';
import type { EncodeJob, EncodeResult, Rejection } from '../../src/encode/job.ts';
import { createCaution } from '../../src/sink/caution.ts';
import { Encoding } from '../../src/sink/encoding.ts';
import { intentOfPartFits } from '../../src/sink/intend.ts';
import type { Part } from '../../src/sink/part.ts';
import { createPacker } from '../../src/source/chunk/packer.ts';
import type { Message } from '../../src/source/client/client.ts';
import { type SourceChunk, topicPartitionKey } from '../../src/source/source.ts';
import { until } from '../support/until.ts';

const IDENTITY = {
  to: { project: 'p', schema: null, table: 't' },
  cluster: null,
  mapping: '0123456789abcdef',
};
const TOPICS = 400;

/** One row of one table partition for each record. */
const encode = async ({ chunk, from, to }: EncodeJob): Promise<EncodeResult> => {
  const numbers = { oldestEvent: 0, newestEvent: 0, crcOfCrcs: 0, adler32: 1, rawBytes: 1 };
  const piece = { ...numbers, tablePartition: 'dt=1', bytes: new Uint8Array(1), rows: to - from };
  return {
    chunk,
    upTo: to,
    unknownSchemas: [],
    pieces: [piece],
    rejections: [],
    extraRows: 0,
    filtered: 0,
    skipped: {},
    unmappedFields: [],
    cpuMicros: 0,
  };
};

/** All parts, when nothing is at the workers any more. */
async function takeAll(encoding: Encoding): Promise<Part[]> {
  const parts: Part[] = [];
  const take = () => {
    for (let part = encoding.head(); part; part = encoding.head()) {
      parts.push(part);
      encoding.shift();
    }
    return encoding.size === 0;
  };
  await until(take, { what: 'every part', everyMs: 5 });
  return parts;
}

/** The parts of one chunk with two records of each topic, whose names have nothing in common. */
async function partsOf(gapBehind: number): Promise<Part[]> {
  const budget = createBudget(1 << 30);
  const packer = createPacker({ chunkBytes: 1 << 20, chunks: 1, budget, onChunk: (c) => encoding.submit(c) });
  const encoding: Encoding = new Encoding({
    ...{ encoder: { run: encode }, schemas: { schema: async () => null }, caution: createCaution(), budget },
    maxTablePartitions: 40,
    fits: (part) => intentOfPartFits(part, IDENTITY),
    recycle: () => undefined,
    onProgress: () => undefined,
    onFailure: (error) => {
      throw error;
    },
  });
  const names = Array.from({ length: TOPICS }, (_, i) => createHash('sha256').update(`${i}`).digest('hex'));
  packer.reset(
    1,
    names.map((topic) => ({ topic, partition: 0 })),
  );
  for (let record = 0; record < 2 * TOPICS; record++) {
    const message = {
      offset: Math.floor(record / TOPICS),
      value: Buffer.from('{}'),
      key: null,
      timestamp: 1,
    };
    packer.add(message as unknown as Message, record % TOPICS, 0);
  }
  for (let number = 0; number < TOPICS; number++) packer.mark(number, 2 + gapBehind, 0);
  packer.flush();
  return takeAll(encoding);
}

describe('a chunk of more topic partitions than an intent can name', () => {
  it.each([0, 1])(
    'becomes parts that fit, in order, with nothing left out (gap of %i at the ends)',
    async (gap) => {
      const parts = await partsOf(gap);
      expect(parts.every((part) => intentOfPartFits(part, IDENTITY))).toBe(true);
      expect(parts.reduce((sum, part) => sum + part.records, 0)).toBe(2 * TOPICS);
      const reached = new Map<string, number>();
      for (const range of parts.flatMap((part) => part.ranges)) {
        const key = topicPartitionKey(range);
        // A range without records lies at its end.
        if (range.records > 0) expect(range.first).toBe(reached.get(key) ?? 0);
        reached.set(key, range.end);
      }
      expect([...reached.values()].every((end) => end === 2 + gap)).toBe(true);
      expect(reached.size).toBe(TOPICS);
    },
  );
});

describe('a record whose rows need more table partitions than an intent can name', () => {
  it('is tried with fewer and fewer, alone; those around it go on', async () => {
    const budget = createBudget(1 << 30);
    const asked: string[] = [];
    /** Record 1 has rows of 32 table partitions, others of one. */
    const run = async (job: EncodeJob): Promise<EncodeResult> => {
      const { from, to, maxTablePartitions } = job;
      asked.push(`${from}-${to} ${maxTablePartitions}`);
      const wide = from <= 1 && to > 1;
      const result = await encode({ ...job, to: wide && from < 1 ? 1 : to });
      if (!wide || from < 1) return result;
      const [piece] = result.pieces;
      const one = { ...result, upTo: 2 };
      if (maxTablePartitions < 32) return { ...one, pieces: [], rejections: [TOO_MANY] };
      const pieces = Array.from({ length: 32 }, (_, i) => ({
        ...piece!,
        tablePartition: `dt=${i}`,
        rows: 1,
      }));
      return { ...one, pieces, extraRows: 31 };
    };
    const encoding: Encoding = new Encoding({
      ...{ encoder: { run }, schemas: { schema: async () => null }, caution: createCaution(), budget },
      maxTablePartitions: 40,
      fits: ({ pieces }) => pieces.length <= 16,
      recycle: () => undefined,
      onProgress: () => undefined,
      onFailure: (error) => {
        throw error;
      },
    });
    const submit = (c: SourceChunk) => encoding.submit(c);
    const packer = createPacker({ chunkBytes: 1 << 20, chunks: 1, budget, onChunk: submit });
    packer.reset(1, [{ topic: 't', partition: 0 }]);
    for (const offset of [0, 1, 2]) {
      const message = { offset, value: Buffer.from('{}'), key: null, timestamp: 1 };
      packer.add(message as unknown as Message, 0, 0);
    }
    packer.flush();
    const parts = await takeAll(encoding);
    expect(parts.map(({ records, letters, extraRows }) => [records, letters.length, extraRows])).toEqual([
      ...[
        [1, 0, 0],
        [1, 1, 0],
        [1, 0, 0],
      ],
    ]);
    expect(parts[1]!.letters[0]).toMatchObject({ offset: 1, code: 'too_many_table_partitions' });
    expect(asked).toContain('1-2 20');
    expect(asked.at(-1)).toBe('2-3 40');
  });
});

const TOO_MANY: Rejection = {
  ...{ record: 1, column: null, message: 'x' },
  ...{ stage: 'partition', code: 'too_many_table_partitions' },
};

describe('a part that is made once more as soon as it is there', () => {
  it('keeps its chunk: neither the rest of it nor its owner gets the bytes meanwhile', async () => {
    const budget = createBudget(1 << 30);
    const recycled: number[] = [];
    const failures: unknown[] = [];
    const taken: number[] = [];
    let away = 0;
    /** One record at a time, whose bytes go to the worker and come back, as with threads. */
    const run = async (job: EncodeJob): Promise<EncodeResult> => {
      if (job.chunk.byteLength === 0) throw new Error(`records from ${job.from} on: the bytes are away`);
      away += 1;
      const chunk = structuredClone(job.chunk, { transfer: [job.chunk] });
      await new Promise((resolve) => setTimeout(resolve, 5));
      away -= 1;
      const result = await encode({ ...job, chunk, to: job.from + 1 });
      return { ...result, keys: new Uint32Array(4 - 4 * (job.drop?.length ?? 0)) };
    };
    const collect = () => {
      for (let part = encoding.head(); part; part = encoding.head()) {
        if (part.keys?.length) encoding.again([0]);
        else {
          taken.push(part.ranges[0]!.first);
          encoding.shift();
        }
      }
    };
    const encoding: Encoding = new Encoding({
      ...{ encoder: { run }, schemas: { schema: async () => null }, caution: createCaution(), budget },
      maxTablePartitions: 40,
      keepsChunks: true,
      fits: () => true,
      recycle: () => void recycled.push(away),
      onProgress: collect,
      onFailure: (error) => void failures.push(error),
    });
    const submit = (c: SourceChunk) => encoding.submit(c);
    const packer = createPacker({ chunkBytes: 1 << 20, chunks: 1, budget, onChunk: submit });
    packer.reset(1, [{ topic: 't', partition: 0 }]);
    for (const offset of [0, 1, 2]) {
      const message = { offset, value: Buffer.from('{}'), key: null, timestamp: 1 };
      packer.add(message as unknown as Message, 0, 0);
    }
    packer.flush();
    await expect.poll(() => taken.length + failures.length).toBe(3);
    await expect.poll(() => recycled).toEqual([0]);
    expect([failures, taken, encoding.size]).toEqual([[], [0, 1, 2], 0]);
  });
});
