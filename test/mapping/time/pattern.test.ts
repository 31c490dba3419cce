import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilOf, formatIso } from '../../../src/decode/cell/iso-text.ts';
import { daysOf, isDate, SECONDS_MAX, SECONDS_MIN } from '../../../src/mapping/time/calendar.ts';
import { parseIso } from '../../../src/mapping/time/iso.ts';
import {
  compilePattern,
  formatPattern,
  type Pattern,
  parsePattern,
} from '../../../src/mapping/time/pattern.ts';
import { newMoment } from '../../../src/mapping/time/reader.ts';

const seconds = fc.integer({ min: SECONDS_MIN, max: SECONDS_MAX });
const nanos = fc.integer({ min: 0, max: 999_999_999 });

function pattern(text: string): Pattern {
  const compiled = compilePattern(text);
  if ('problem' in compiled) throw new Error(compiled.problem);
  return compiled;
}

function parse(text: string, written: string) {
  const bytes = Buffer.from(`9${written}9`);
  const out = newMoment();
  return parsePattern(pattern(text), bytes, 1, bytes.length - 1, out) ? out : null;
}

function iso(written: string) {
  const bytes = Buffer.from(`9${written}9`);
  const out = newMoment();
  return parseIso(bytes, 1, bytes.length - 1, out) ? out : null;
}

const dateOf = (s: number) => new Date(s * 1000);

describe('calendar', () => {
  it('agrees with the runtime for every day of the range', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (days) => {
        const civil = { year: 0, month: 0, day: 0 };
        civilOf(days, civil);
        const date = new Date(days * 86_400_000);
        expect(civil).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        });
        expect(daysOf(civil.year, civil.month, civil.day)).toBe(days);
        expect(isDate(civil.year, civil.month, civil.day)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('time patterns', () => {
  it('read back what they write, to the nanosecond', () => {
    const date = fc.constantFrom(
      "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS",
      'yyyyMMddHHmmssSSSSSSSSS',
      "dd/MM/yyyy HH'h'mm ss SSSSSSSSS",
      "SSSSSSSSS ss mm HH dd MM yyyy ''",
    );
    fc.assert(
      fc.property(date, seconds, nanos, (text, at, fraction) => {
        const written = formatPattern(pattern(text), at, fraction, 0);
        expect(parse(text, written)).toEqual({ seconds: at, nanos: fraction, local: true });
      }),
    );
  });

  it('write the fields of the runtime calendar', () => {
    fc.assert(
      fc.property(seconds, (at) => {
        expect(formatPattern(pattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"), at, 0, 0)).toBe(
          dateOf(at).toISOString(),
        );
      }),
    );
  });

  it('read offsets in the style of the pattern only', () => {
    const offsets = fc.integer({ min: -18 * 60, max: 18 * 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: -(10 ** 9), max: 10 ** 9 }),
        offsets,
        fc.constantFrom('X', 'XXX'),
        (at, minutes, style) => {
          const text = `yyyy-MM-dd HH:mm:ss${style}`;
          const written = formatPattern(pattern(text), at + minutes * 60, 0, minutes * 60);
          expect(parse(text, written)).toEqual({ seconds: at, nanos: 0, local: false });
        },
      ),
    );
    expect(parse('yyyyX', '2026+08')).toMatchObject({ local: false });
    expect(parse('yyyyX', '2026+0830')).not.toBeNull();
    expect(parse('yyyyX', '2026+08:30')).toBeNull();
    expect(parse('yyyyXXX', '2026+0830')).toBeNull();
    expect(parse('yyyyXXX', '2026+08')).toBeNull();
    expect(parse('yyyyXXX', '2026-18:30')).toBeNull();
    expect(parse('yyyyXXX', '2026+08:60')).toBeNull();
  });

  it('write offsets as Java does', () => {
    expect(formatPattern(pattern('X|'), 0, 0, 0)).toBe('Z|');
    expect(formatPattern(pattern('X'), 0, 0, 19_800)).toBe('+0530');
    expect(formatPattern(pattern('X'), 0, 0, -3600)).toBe('-01');
    expect(formatPattern(pattern('XXX'), 0, 0, 28_800)).toBe('+08:00');
  });

  it('refuse what is no date, no time of day, or not the whole text', () => {
    const day = 'yyyy-MM-dd HH:mm:ss';
    for (const wrong of [
      '2026-02-29 00:00:00',
      '2100-02-29 00:00:00',
      '2026-00-10 00:00:00',
      '2026-13-10 00:00:00',
      '2026-04-31 00:00:00',
      '0000-01-01 00:00:00',
      '2026-01-01 24:00:00',
      '2026-01-01 00:60:00',
      '2026-01-01 23:59:60',
      '2026-01-01 00:00:0',
      '2026-01-01 00:00:000',
      '2026-1-01 00:00:00',
      '2026/01/01 00:00:00',
      ' 2026-01-01 00:00:00',
      '2026-01-01 00:00:-1',
      '',
    ]) {
      expect([wrong, parse(day, wrong)]).toEqual([wrong, null]);
    }
    expect(parse(day, '2024-02-29 23:59:59')).not.toBeNull();
    expect(parse('yyyyMM', '202611')).toEqual({
      seconds: Date.UTC(2026, 10, 1) / 1000,
      nanos: 0,
      local: true,
    });
  });

  it('refuse letters that they do not know, and say which', () => {
    for (const text of [
      'YYYY-MM-dd',
      'yy',
      'yyyy-M-d',
      'hh:mm a',
      'SSSSSSSSSS',
      'yyyy XX',
      'yyyyTHH',
      "yyyy'T",
      'yyyy yyyy',
      '',
      '--',
      "''",
    ]) {
      expect([text, compilePattern(text)]).toMatchObject([text, { problem: expect.stringMatching(/./) }]);
    }
    expect(compilePattern("yyyy'o''clock'")).toMatchObject({ tokens: [{}, { text: "o'clock" }] });
  });
});

describe('iso times', () => {
  it('read back what they write, with and without zone', () => {
    fc.assert(
      fc.property(seconds, nanos, (at, fraction) => {
        const text = formatIso(at, fraction);
        expect(iso(text)).toEqual({ seconds: at, nanos: fraction, local: true });
        expect(iso(`${text.replace('T', ' ')}Z`)).toEqual({ seconds: at, nanos: fraction, local: false });
        expect(text.slice(0, 19)).toBe(dateOf(at).toISOString().slice(0, 19));
      }),
    );
  });

  it('take the usual variants', () => {
    const at = Date.UTC(2026, 10, 21, 9, 5) / 1000;
    for (const text of [
      '2026-11-21T09:05Z',
      '2026-11-21 09:05:00z',
      '2026-11-21t17:05:00+08:00',
      '2026-11-21T17:05:00.000+0800',
      '2026-11-21T17:05+08',
      '2026-11-21T03:35:00-05:30',
    ]) {
      expect([text, iso(text)]).toEqual([text, { seconds: at, nanos: 0, local: false }]);
    }
    expect(iso('2026-11-21')).toEqual({ seconds: Date.UTC(2026, 10, 21) / 1000, nanos: 0, local: true });
    expect(iso('2026-11-21T09:05:07.5')).toMatchObject({ nanos: 500_000_000, local: true });
  });

  it('refuse everything else', () => {
    for (const text of [
      '',
      '2026',
      '2026-11',
      '2026-11-2',
      '2026-11-211',
      '2026-11-21T',
      '2026-11-21T09',
      '2026-11-21T09:',
      '2026-11-21T09:05:',
      '2026-11-21T09:05:07.',
      '2026-11-21T09:05:07.1234567890',
      '2026-11-21T24:00',
      '2026-11-21T09:05:60',
      '2026-02-30',
      '20261121T090507',
      '2026-11-21X09:05',
      '2026-11-21T09:05:07 Z',
      '2026-11-21T09:05+8',
      '2026-11-21T09:05+08:0',
      '2026-11-21T09:05+19:00',
      '2026-11-21T09:05ZZ',
      '2026-11-21T09-05',
      '-026-11-21',
    ]) {
      expect([text, iso(text)]).toEqual([text, null]);
    }
  });
});
