import { describe, expect, it } from 'vitest';
import { createBudget } from '../../../src/budget.ts';
import { createIntake } from '../../../src/source/chunk/intake.ts';
import { createPacker } from '../../../src/source/chunk/packer.ts';
import type { Message } from '../../../src/source/client/client.ts';
import type { Owned } from '../../../src/source/membership/owned.ts';
import type { SourceChunk } from '../../../src/source/source.ts';

const message = (offset: number): Message =>
  ({ topic: 't', partition: 0, offset, value: Buffer.from('v'), key: null, size: 1 }) as unknown as Message;

const CENSUS = { size: 1, unstarted: [], topicId: null, pipeline: 'p', table: 'demo.t' };

/** One topic partition and one chunk: whoever holds it keeps the rest waiting. */
function setUp() {
  const held: SourceChunk[] = [];
  const at = { topic: 't', partition: 0, index: 0, position: 0, acknowledged: 0 };
  const owned: Owned = { ...at, topicId: null, census: CENSUS, replaced: false };
  const packer = createPacker({
    chunkBytes: 4096,
    chunks: 1,
    budget: createBudget(1 << 30),
    onChunk: (chunk) => held.push(chunk),
  });
  packer.reset(1, [owned]);
  const read: number[] = [];
  const intake = createIntake({
    packer,
    find: (topic) => (topic === 't' ? owned : undefined),
    onRead: (_tp, records) => read.push(records),
  });
  return { held, owned, packer, intake, read };
}

describe('polled records', () => {
  it('wait for a chunk in order, and none is counted twice', () => {
    const { held, owned, packer, intake, read } = setUp();
    intake.add([message(0), message(1)]);
    expect(intake.pack(0)).toBe(true);
    packer.flush();
    intake.add([message(2)]);
    intake.add([message(3)]);
    expect(intake.pack(0)).toBe(false);
    expect(owned.position).toBe(2);
    packer.recycle(held[0]!);
    expect(intake.pack(0)).toBe(true);
    packer.flush();
    expect(held[1]!.ranges).toMatchObject([{ first: 2, end: 4, records: 2 }]);
    expect(read).toEqual([2, 2]);
  });

  it('below the position, or of a topic partition that is gone, are passed over', () => {
    const { owned, intake, read } = setUp();
    owned.position = 5;
    intake.add([message(4), message(5), { ...message(9), topic: 'gone' }]);
    expect(intake.pack(0)).toBe(true);
    expect(read).toEqual([1]);
    expect(owned.position).toBe(6);
  });
});

describe('the end of a log', () => {
  it('counts only behind the records before it', () => {
    const { held, owned, packer, intake } = setUp();
    intake.add([message(0)]);
    intake.pack(0);
    packer.flush();
    intake.add([message(1)]);
    intake.addEnd({ topic: 't', partition: 0, offset: 4 });
    expect(intake.pack(0)).toBe(false);
    expect(owned.position).toBe(1);
    packer.recycle(held[0]!);
    expect(intake.pack(0)).toBe(true);
    packer.flush();
    expect(held[1]!.ranges).toMatchObject([{ first: 1, end: 4, records: 1 }]);
  });

  it('that finds no chunk is not forgotten', () => {
    const { held, owned, packer, intake } = setUp();
    intake.add([message(0)]);
    intake.pack(0);
    packer.flush();
    intake.addEnd({ topic: 't', partition: 0, offset: 3 });
    intake.pack(0);
    expect(owned.position).toBe(1);
    packer.recycle(held[0]!);
    intake.pack(0);
    packer.flush();
    expect(owned.position).toBe(3);
    expect(held[1]!.ranges).toMatchObject([{ first: 3, end: 3, records: 0 }]);
  });
});
