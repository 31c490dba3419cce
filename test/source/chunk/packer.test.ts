import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBudget } from '../../../src/budget.ts';
import { toDeadLetter } from '../../../src/sink/letters.ts';
import { createPacker } from '../../../src/source/chunk/packer.ts';
import type { Message } from '../../../src/source/client/client.ts';
import type { SourceChunk } from '../../../src/source/source.ts';

const TOPIC_PARTITIONS = [0, 1, 2].map((partition) => ({ topic: 't', partition }));

function setUp(options: { chunkBytes?: number; chunks?: number; budgetBytes?: number } = {}) {
  const chunks: SourceChunk[] = [];
  const budget = createBudget(options.budgetBytes ?? 1 << 30);
  const packer = createPacker({
    chunkBytes: options.chunkBytes ?? 1024,
    chunks: options.chunks ?? 1000,
    budget,
    onChunk: (chunk) => chunks.push(chunk),
  });
  packer.reset(1, TOPIC_PARTITIONS);
  return { packer, budget, chunks };
}

const message = (given: Partial<Record<keyof Message, unknown>>): Message =>
  ({
    topic: 't',
    partition: 0,
    offset: 0,
    timestamp: 5,
    key: null,
    value: null,
    size: 0,
    ...given,
  }) as unknown as Message;

const bytes = fc.option(fc.uint8Array({ maxLength: 700 }).map((b) => Buffer.from(b)));
const anyMessage = fc.record({
  tp: fc.nat({ max: 2 }),
  key: bytes,
  value: bytes,
  headers: fc.array(fc.tuple(fc.string({ maxLength: 5 }), fc.uint8Array({ maxLength: 9 })), { maxLength: 3 }),
  timestamp: fc.constantFrom(-1, 0, 1_700_000_000_000),
});

describe('packing records into chunks', () => {
  it('passes a header called __proto__ over, which the client hands over as the prototype', () => {
    const { packer, chunks } = setUp();
    const named = Object.setPrototypeOf({}, Buffer.from('x'));
    packer.add(message({ value: Buffer.from('v'), headers: [named, { a: Buffer.from('y') }] }), 0, 0);
    packer.flush();
    const reason = { record: 0, stage: 'decode', code: 'invalid_json', column: null, message: '' } as const;
    const letter = toDeadLetter(chunks[0]!, reason);
    expect(letter.headers.map(({ name, value }) => [name, String(value)])).toEqual([['a', 'y']]);
  });

  it('gives every record back whole, in order, with keys, headers, timestamps and nulls', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 60 }), (records) => {
        const { packer, chunks } = setUp();
        records.forEach((r, i) => {
          const headers = r.headers.map(([name, value]) => ({ [name]: Buffer.from(value) }));
          expect(packer.add(message({ ...r, offset: i * 3, headers }), r.tp, 0)).toBe(true);
        });
        packer.flush();
        const read = chunks.flatMap((chunk) =>
          Array.from({ length: chunk.records }, (_, record) =>
            toDeadLetter(chunk, { record, stage: 'decode', code: 'invalid_json', column: null, message: '' }),
          ),
        );
        expect(read).toHaveLength(records.length);
        records.forEach((r, i) => {
          const letter = read[i]!;
          expect(letter.offset).toBe(i * 3);
          expect(letter.partition).toBe(r.tp);
          expect(letter.timestamp).toBe(r.timestamp < 0 ? null : r.timestamp);
          expect(letter.value && Buffer.from(letter.value)).toEqual(r.value);
          expect(letter.key && Buffer.from(letter.key)).toEqual(r.key);
          expect(letter.headers.map((h) => [h.name, [...h.value!]])).toEqual(
            r.headers.map(([n, v]) => [n, [...v]]),
          );
        });
      }),
    );
  });

  it('tells the offset ranges of each chunk without holes between chunks', () => {
    const { packer, chunks } = setUp();
    for (let offset = 0; offset < 40; offset++) {
      packer.add(message({ offset: offset * 2, value: Buffer.alloc(100) }), offset % 2, 0);
    }
    packer.flush();
    expect(chunks.length).toBeGreaterThan(2);
    const ends = [0, 2];
    for (const chunk of chunks) {
      for (const range of chunk.ranges) {
        expect(range.first).toBeGreaterThanOrEqual(ends[range.partition]!);
        ends[range.partition] = range.end;
      }
    }
    expect(ends).toEqual([77, 79]);
  });

  it('lets a record larger than a chunk travel alone', () => {
    const { packer, chunks } = setUp();
    packer.add(message({ offset: 1, value: Buffer.from('a') }), 0, 0);
    packer.add(message({ offset: 2, value: Buffer.alloc(5000, 'b') }), 0, 0);
    packer.add(message({ offset: 3, value: Buffer.from('c') }), 0, 0);
    packer.flush();
    expect(chunks.map((c) => c.records)).toEqual([1, 1, 1]);
    expect(chunks[1]!.capacity).toBe(1);
  });

  it('refuses a record when the budget is used up, and takes it when a chunk comes back', () => {
    const { packer, chunks, budget } = setUp({ budgetBytes: 400_000 });
    expect(packer.add(message({ value: Buffer.alloc(1000) }), 0, 0)).toBe(true);
    expect(packer.add(message({ offset: 1, value: Buffer.alloc(1000) }), 0, 0)).toBe(false);
    expect(budget.wantedBytes).toBeGreaterThan(0);
    packer.recycle(chunks[0]!);
    expect(packer.add(message({ offset: 1, value: Buffer.alloc(1000) }), 0, 0)).toBe(true);
  });

  it('takes a record larger than the whole budget when nothing else is held', () => {
    const { packer, chunks, budget } = setUp({ budgetBytes: 1000 });
    expect(packer.add(message({ value: Buffer.alloc(9000) }), 0, 0)).toBe(true);
    packer.flush();
    packer.recycle(chunks[0]!);
    expect(budget.usedBytes).toBe(0);
  });

  it('carries the end of a log that no record shows', () => {
    const { packer, chunks } = setUp();
    packer.add(message({ offset: 4, value: Buffer.from('x') }), 1, 0);
    packer.mark(1, 9, 0);
    packer.mark(2, 3, 0);
    packer.flush();
    expect(
      chunks[0]!.ranges.map(({ partition, first, end, records }) => [partition, first, end, records]),
    ).toEqual([
      [1, 4, 9, 1],
      [2, 3, 3, 0],
    ]);
  });

  it('uses a returned buffer again, but not one that went down with its worker', () => {
    const { packer, chunks } = setUp({ chunks: 1 });
    packer.add(message({ value: Buffer.from('x') }), 0, 0);
    packer.flush();
    const first = chunks[0]!.buffer;
    packer.recycle(chunks[0]!);
    packer.recycle(chunks[0]!);
    packer.add(message({ offset: 1, value: Buffer.from('y') }), 0, 0);
    packer.flush();
    expect(chunks[1]!.buffer).toBe(first);
    structuredClone(chunks[1]!.buffer, { transfer: [chunks[1]!.buffer] });
    packer.recycle(chunks[1]!);
    packer.add(message({ offset: 2, value: Buffer.from('z') }), 0, 0);
    packer.flush();
    expect(chunks[2]!.buffer.byteLength).toBeGreaterThan(0);
  });
});
