import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../src/deadletter/dead-letter.ts';
import type { EncodeResult, Rejection } from '../../src/encode/job.ts';
import { type EncodedLetters, encodeLetters } from '../../src/replay/encode.ts';

const letterOf = (offset: number): DeadLetter => ({
  ...{
    topic: 'orders',
    partition: 0,
    offset,
    timestamp: 0,
    key: null,
    value: Buffer.from('{}'),
    headers: [],
  },
  ...{ stage: 'map', code: 'too_long', column: 'tag', message: 'too long', sample: null },
});

/** Records with these numbers are of a class that stops the service. */
const encoder = (stops: readonly number[]) => {
  const asked: number[] = [];
  return {
    asked,
    async run({ chunk, from, to }: { chunk: ArrayBuffer; from: number; to: number }): Promise<EncodeResult> {
      if (asked.push(from) > 20) throw new Error('asked again and again');
      const record = stops.find((one) => one >= from && one < to) ?? null;
      const bad = { stage: 'type', code: 'too_long', column: 'tag', message: 'too long' } as const;
      const stopped: Rejection | null = record === null ? null : { record, ...bad };
      return {
        ...{ chunk, upTo: record ?? to, stopped, unknownSchemas: [], pieces: [], rejections: [] },
        ...{ extraRows: 0, filtered: 0, skipped: {}, unmappedFields: [], cpuMicros: 0 },
      };
    },
  };
};

describe('letters whose class of dirt says stop', () => {
  it('stay dead letters, and those around them are taken', async () => {
    const found: EncodedLetters[] = [];
    const letters = Array.from({ length: 5 }, (_, i) => letterOf(i));
    const options = { schema: async () => null, maxTablePartitions: 1, now: 0 };
    for await (const part of encodeLetters(letters, { ...options, encoder: encoder([0, 2, 3]) }))
      found.push(part);
    expect(found.flatMap(({ taken }) => taken)).toEqual(['orders-0-1', 'orders-0-4']);
    expect(found.flatMap(({ rejected }) => rejected)).toMatchObject(
      [0, 2, 3].map((offset) => ({ id: `orders-0-${offset}`, code: 'too_long', column: 'tag' })),
    );
  });
});
