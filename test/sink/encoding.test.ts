import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createBudget } from '../../src/budget.ts';
import type { EncodeJob, EncodeResult } from '../../src/encode/job.ts';
import { createCaution } from '../../src/sink/caution.ts';
import { Encoding } from '../../src/sink/encoding.ts';
import { intentOfPartFits } from '../../src/sink/intend.ts';
import type { Part } from '../../src/sink/part.ts';
import type { Message } from '../../src/source/client.ts';
import { createPacker } from '../../src/source/packer.ts';
import { topicPartitionKey } from '../../src/source/source.ts';

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

/** The parts of one chunk with two records of each topic, whose names have nothing in common. */
async function partsOf(gapBehind: number): Promise<Part[]> {
  const budget = createBudget(1 << 30);
  const parts: Part[] = [];
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
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (let part = encoding.head(); part; part = encoding.head()) {
    parts.push(part);
    encoding.shift();
  }
  return parts;
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
