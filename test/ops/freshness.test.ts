import { expect, it } from 'vitest';
import { createFreshness } from '../../src/ops/freshness.ts';

const written = (tablePartition: string, oldestEvent: number, newestEvent: number, rows = 1) => {
  return { tablePartition, rows, oldestEvent, newestEvent };
};
const none = (tablePartition: string) =>
  written(tablePartition, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const names = (freshness: ReturnType<typeof createFreshness>) =>
  freshness.list().map((one) => one.tablePartition);

it('joins what batches wrote to the same table partition', () => {
  const freshness = createFreshness();
  freshness.add([written('hr=09', 500, 900, 10), written('hr=10', 1000, 1100)], 5000);
  freshness.add([written('hr=09', 400, 800, 5)], 6000);
  expect(freshness.list()).toEqual([
    { tablePartition: 'hr=10', rows: 1, oldestEvent: 1000, newestEvent: 1100, lastWrittenAt: 5000 },
    { tablePartition: 'hr=09', rows: 15, oldestEvent: 400, newestEvent: 900, lastWrittenAt: 6000 },
  ]);
});

it('keeps those with the newest event times, whatever is written last', () => {
  const freshness = createFreshness(2);
  freshness.add([written('hr=09', 900, 900), written('hr=10', 1000, 1000)], 1);
  freshness.add([written('hr=03', 300, 300)], 2);
  expect(names(freshness)).toEqual(['hr=10', 'hr=09']);
  freshness.add([written('hr=11', 1100, 1100)], 3);
  expect(names(freshness)).toEqual(['hr=11', 'hr=10']);
});

it('keeps those written last when there are no event times', () => {
  const freshness = createFreshness(2);
  freshness.add([none('a')], 1);
  freshness.add([none('b')], 2);
  freshness.add([none('c')], 3);
  freshness.add([none('b')], 4);
  expect(names(freshness)).toEqual(['b', 'c']);
});
