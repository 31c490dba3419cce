import { expect, it } from 'vitest';
import { bytes, count, duration, since } from '../../src/ops/figures.ts';

it.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [185, '3 min 5 s'],
  [3600, '1 h'],
  [7_440, '2 h 4 min'],
  [86_399, '1 d'],
  [183_600, '2 d 3 h'],
])('%d s is %s', (seconds, shown) => {
  expect(duration(seconds)).toBe(shown);
});

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [201_326_592, '192 MiB'],
  [4 * 1024 ** 3, '4.0 GiB'],
])('%d bytes are %s', (n, shown) => {
  expect(bytes(n)).toBe(shown);
});

it('counts have groups of three digits, and times are told from now', () => {
  expect(count(1_234_567)).toBe('1,234,567');
  expect(since('2026-11-21T10:00:00.000Z', '2026-11-21T10:01:05.000Z')).toBe('1 min 5 s ago');
  expect(since('2026-11-21T10:00:01.000Z', '2026-11-21T10:00:00.000Z')).toBe('0.0 s ago');
});
