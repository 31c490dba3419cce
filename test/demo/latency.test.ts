import { describe, expect, it } from 'vitest';
import { latencies, quantile } from '../../src/demo/latency.ts';

describe('latency', () => {
  const sightings = [
    { group: 'a', offset: 10, at: 1_000 },
    { group: 'b', offset: 3, at: 1_000 },
    { group: 'a', offset: 10, at: 1_300 },
    { group: 'a', offset: 25, at: 1_600 },
  ];

  it('ends with the first query that saw the row of its own group', () => {
    const rows = [
      { group: 'a', offset: 10, producedAt: 400 },
      { group: 'a', offset: 11, producedAt: 400 },
      { group: 'b', offset: 0, producedAt: 900 },
    ];
    expect(latencies(rows, sightings)).toEqual([100, 600, 1_200]);
  });

  it('leaves out what no query saw', () => {
    const rows = [
      { group: 'a', offset: 26, producedAt: 0 },
      { group: 'c', offset: 0, producedAt: 0 },
    ];
    expect(latencies(rows, sightings)).toEqual([]);
  });
});

it.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0, 1],
])('quantile %d of 1 to 100 is %d', (share, value) => {
  const sorted = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(quantile(sorted, share)).toBe(value);
});

it('there is no quantile of nothing', () => {
  expect(quantile([], 0.5)).toBeNaN();
});
