import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intentChars, intentFits } from '../../src/ledger/fits.ts';
import { encodePointer } from '../../src/ledger/pointer.ts';
import { LIMITS } from '../../src/limits.ts';
import { anchors, typicalPointer } from './pointers.ts';

const factsOf = ({ to, cluster, list }: ReturnType<typeof typicalPointer>) => ({
  ...{ to, cluster, members: list!.members },
  tablePartitions: list!.sessions.flatMap(({ tablePartition, table }) => (table ? [] : tablePartition)),
  letters: list!.sessions.find(({ table }) => table)?.table ?? null,
});

describe('whether an intent will fit', () => {
  it('is never said of one that is longer', () => {
    fc.assert(
      fc.property(anchors, (pointer) => {
        expect(encodePointer(pointer).length).toBeLessThanOrEqual(intentChars(factsOf(pointer)));
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on an order', () => {
    const facts = factsOf(typicalPointer(50, 30, true));
    const reversed = { ...facts, members: [...facts.members].reverse() };
    reversed.tablePartitions = [...facts.tablePartitions].reverse();
    expect(intentChars(reversed)).toBe(intentChars(facts));
  });

  it('is said of 40 table partitions with all topic partitions of a topic, and not of 60', () => {
    for (const topicPartitions of [1, 16, 100, 500])
      expect(intentFits(factsOf(typicalPointer(topicPartitions, 40)))).toBe(true);
    expect(intentFits(factsOf(typicalPointer(1, 60)))).toBe(false);
  });

  it('grows with each topic partition and table partition that joins', () => {
    const room = (topicPartitions: number, tablePartitions: number) =>
      intentChars(factsOf(typicalPointer(topicPartitions, tablePartitions, true)));
    expect(room(500, 40)).toBeGreaterThan(room(100, 40));
    expect(room(100, 40)).toBeGreaterThan(room(100, 39));
    expect(intentFits(factsOf(typicalPointer(500, 40, true)))).toBe(false);
    expect(room(500, 25)).toBeLessThanOrEqual(LIMITS.intentChars);
  });
});
