import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BOOLEAN, type Cell, DOUBLE, INSTANT, TIME } from '../../../src/decode/cell/cell.ts';
import { integer, number, ofKind, string } from '../../decode/trees.ts';
import { type StoreOptions, stored } from '../stored.ts';

const dayTime = (cell: Cell, options?: StoreOptions) => stored('INTERVAL_DAY_TIME', cell, options);
const yearMonth = (cell: Cell) => stored('INTERVAL_YEAR_MONTH', cell);
const code = (name: string) => expect.objectContaining({ code: name });
const SECOND = 1_000_000_000n;

describe('INTERVAL_DAY_TIME columns', () => {
  it.each([
    ['PT0S', 0n],
    ['P1DT2H3M4.000000005S', 93_784n * SECOND + 5n],
    ['p1d', 86_400n * SECOND],
    ['P2W', 14n * 86_400n * SECOND],
    ['P0Y0MT1S', SECOND],
    ['-PT0.5S', -SECOND / 2n],
    ['PT-0.5S', -SECOND / 2n],
    ['PT-1.5S', (-3n * SECOND) / 2n],
    ['-PT-1,5S', (3n * SECOND) / 2n],
    ['P-1DT+1H', -82_800n * SECOND],
    ['P3652059D', 3_652_059n * 86_400n * SECOND],
  ])('take the duration %s', (text, nanos) => expect(dayTime(string(text))).toBe(nanos));

  it.each([
    '',
    'P',
    'PT',
    'P1',
    'P1DT',
    '1D',
    'P1.5D',
    'P1D ',
    'PT1.0123456789S',
    'P1S',
    'PT1M1H',
    'P1D2W',
    'PTS',
    `PT${'1'.repeat(300)}S`,
  ])('refuse %j', (text) => expect(dayTime(string(text))).toEqual(code('bad_time')));

  it('have no months, and no more days than there are between two dates', () => {
    expect(dayTime(string('P1M'))).toEqual(code('wrong_type'));
    expect(dayTime(string('P3652060D'))).toEqual(code('out_of_range'));
    expect(dayTime(integer(2 ** 53 - 1))).toEqual(code('out_of_range'));
  });

  it('take numbers in the unit of timeFormat, and times of day', () => {
    expect(dayTime(integer(1500))).toBe((3n * SECOND) / 2n);
    expect(dayTime(number('-0.25'), { time: { format: 'epoch_s', zone: 'UTC' } })).toBe(-SECOND / 4n);
    expect(dayTime(integer(7), { time: { format: 'epoch_ns', zone: 'UTC' } })).toBe(7n);
    expect(dayTime(ofKind(DOUBLE, 1e-9))).toEqual(code('not_exact'));
    expect(dayTime(ofKind(DOUBLE, 1e-9), { round: true })).toBe(0n);
    expect(dayTime(ofKind(TIME, 30_600, 5))).toBe(30_600n * SECOND + 5n);
    expect(dayTime(ofKind(INSTANT, 1))).toEqual(code('wrong_type'));
    expect(dayTime(ofKind(DOUBLE, Number.NaN))).toEqual(code('wrong_type'));
  });

  it('are exact', () => {
    const nanos = fc.bigInt({ min: -315_537_897_600n * SECOND, max: 315_537_897_600n * SECOND });
    fc.assert(
      fc.property(nanos, (value) => {
        const size = value < 0n ? -value : value;
        const text = `${value < 0n ? '-' : ''}PT${size / SECOND}.${String(size % SECOND).padStart(9, '0')}S`;
        expect(dayTime(string(text))).toBe(value);
      }),
    );
  });
});

describe('INTERVAL_YEAR_MONTH columns', () => {
  it('take durations of years and months, and numbers of months', () => {
    expect(yearMonth(string('P1Y2M'))).toBe(14);
    expect(yearMonth(string('-P3M'))).toBe(-3);
    expect(yearMonth(string('P1Y-1MT0S'))).toBe(11);
    expect(yearMonth(string('P9999Y11M'))).toBe(119_999);
    expect(yearMonth(integer(-5))).toBe(-5);
    expect(yearMonth(number('1e1'))).toBe(10);
  });

  it('refuse everything else', () => {
    expect(yearMonth(string('P1D'))).toEqual(code('wrong_type'));
    expect(yearMonth(string('14'))).toEqual(code('bad_time'));
    expect(yearMonth(string('P10000Y'))).toEqual(code('out_of_range'));
    expect(yearMonth(number('1e20'))).toEqual(code('out_of_range'));
    expect(yearMonth(number('0.5'))).toEqual(code('not_exact'));
    expect(yearMonth(ofKind(TIME, 1))).toEqual(code('wrong_type'));
    expect(yearMonth(ofKind(BOOLEAN, 1))).toEqual(code('wrong_type'));
    expect(dayTime(ofKind(BOOLEAN, 1))).toEqual(code('wrong_type'));
  });
});
