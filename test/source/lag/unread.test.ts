import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUnread, timestampOf } from '../../../src/source/lag/unread.ts';
import type { Owned } from '../../../src/source/membership/owned.ts';

const NOW = 1_795_000_000_000;

/** What Kafka answers: the first offset whose timestamp is not before `ms`, or -1. */
const log = (timestamps: readonly number[]) => {
  let asked = 0;
  return {
    asked: () => asked,
    first: async (ms: number) => {
      asked += 1;
      return timestamps.findIndex((timestamp) => timestamp >= ms);
    },
  };
};

describe('the timestamp of an offset', () => {
  it('is found within a second or a thirtieth of its age, with few questions', async () => {
    const ages = fc.array(fc.integer({ min: 0, max: 5 * 365 * 86_400_000 }), { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(ages, fc.nat(), async (given, at) => {
        const timestamps = given.sort((a, b) => b - a).map((age) => NOW - age);
        const offset = at % timestamps.length;
        const { first, asked } = log(timestamps);
        const found = (await timestampOf(offset, NOW, first))!;
        // Whatever has the same timestamp in front of it is as old.
        const age = NOW - timestamps[offset]!;
        expect(NOW - found).toBeGreaterThanOrEqual(age);
        expect(NOW - found - age).toBeLessThanOrEqual(Math.max(1000, age / 30));
        expect(asked()).toBeLessThan(50);
      }),
    );
  });

  it('in the future is now; one that the log does not have is not known', async () => {
    expect(NOW - (await timestampOf(0, NOW, log([NOW + 60_000]).first))!).toBeLessThanOrEqual(1000);
    expect(await timestampOf(0, NOW, async () => -1)).toBeNull();
    expect(await timestampOf(0, NOW, async () => 1)).toBeNull();
  });
});

describe('records that nobody has read', () => {
  const owned = (position: number, acknowledged = position): Owned => {
    return {
      topic: 't',
      partition: 0,
      index: 0,
      topicId: null,
      census: { size: 1, unstarted: [], topicId: null, pipeline: 'p', table: 'demo.t' },
      position,
      acknowledged,
      replaced: false,
    };
  };

  it('count from the moment they are seen, then from their timestamp, asked for once', async () => {
    const { first, asked } = log([NOW - 7_200_000, NOW - 3_600_000]);
    const unread = createUnread((_, ms) => first(ms));
    const tp = owned(1);
    await unread.look(tp, 2, NOW);
    expect([unread.since(tp), asked()]).toEqual([NOW, 0]);
    await unread.look(tp, 2, NOW + 5_000);
    expect(NOW - unread.since(tp)!).toBeGreaterThan(3_590_000);
    expect(NOW - unread.since(tp)!).toBeLessThan(3_750_000);
    const before = asked();
    await unread.look(tp, 2, NOW + 10_000);
    expect(asked()).toBe(before);
  });

  it('are none where nothing is behind, or where reading goes on', async () => {
    const unread = createUnread(async () => 0);
    const tp = owned(5);
    await unread.look(tp, 5, NOW);
    expect(unread.since(tp)).toBeNull();
    await unread.look(tp, 9, NOW);
    expect(unread.since(tp)).toBe(NOW);
    tp.position = 7;
    expect(unread.since(tp)).toBeNull();
    await unread.look(tp, 9, NOW);
    expect(unread.since(tp)).toBeNull();
    tp.acknowledged = 7;
    await unread.look(tp, 9, NOW + 1);
    expect(unread.since(tp)).toBe(NOW + 1);
  });
});
