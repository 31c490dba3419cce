import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationText, parseDuration, parseSize, sizeText } from '../../src/config/units.ts';

describe('durations', () => {
  it.each([
    ['0ms', 0],
    ['250ms', 250],
    ['60s', 60_000],
    ['1.5h', 5_400_000],
    ['5 m', 300_000],
    ['1d', 86_400_000],
    [' 2h ', 7_200_000],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    '60',
    '',
    's',
    '-1s',
    '1.5ms',
    '1e3s',
    '1H',
    '1 week',
    '1s 5ms',
    `${'9'.repeat(30)}d`,
    '1,5s',
    '٣s',
  ])('%j is none', (text) => expect(parseDuration(text)).toBeUndefined());

  it('are written so that they are read as the same', () => {
    fc.assert(fc.property(fc.nat(), (ms) => parseDuration(durationText(ms)) === ms));
  });
});

describe('sizes', () => {
  it.each([
    ['1KiB', 1024],
    ['64MiB', 67_108_864],
    ['4GiB', 4_294_967_296],
    ['1KB', 1000],
    ['1.5MB', 1_500_000],
    ['2GB', 2_000_000_000],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['64', '64M', '64mib', '1B', '0.0001KiB', '-1MB', 'MiB'])('%j is none', (text) =>
    expect(parseSize(text)).toBeUndefined(),
  );

  it('are written in the largest unit that fits', () => {
    expect([1, 1024, 67_108_864, 1_500_000].map(sizeText)).toEqual([
      '1 bytes',
      '1KiB',
      '64MiB',
      '1500000 bytes',
    ]);
  });
});
