import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boolean,
  bytes,
  convert,
  day,
  double,
  instant,
  integer,
  jsonText,
  local,
  number,
  string,
} from '../support.ts';

const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
const nanos = fc.oneof(
  fc.integer({ min: 0, max: 999_999_999 }),
  fc.constantFrom(0, 1, 999_999_999, 500_000_000),
);
const isoText = (at: number) => new Date(at * 1000).toISOString().slice(0, 19);

describe('TIMESTAMP columns', () => {
  it('are exact to the nanosecond, also before 1970, from every notation of the same time', () => {
    fc.assert(
      fc.property(seconds, nanos, (at, fraction) => {
        const digits = String(fraction).padStart(9, '0');
        const expected = [at, fraction];
        const total = BigInt(at) * 1_000_000_000n + BigInt(fraction);
        const decimal = (places: number) => {
          const text = String(total < 0n ? -total : total).padStart(20, '0');
          const point = text.length - 9 + places;
          return `${total < 0n ? '-' : ''}${text.slice(0, point)}.${text.slice(point)}`;
        };
        expect(convert('TIMESTAMP', string(`${isoText(at)}.${digits}Z`))).toEqual(expected);
        expect(convert('TIMESTAMP', string(`${isoText(at)}.${digits}`))).toEqual(expected);
        expect(convert('TIMESTAMP', instant(at, fraction))).toEqual(expected);
        expect(convert('TIMESTAMP', number(String(total)), { format: 'epoch_ns' })).toEqual(expected);
        expect(convert('TIMESTAMP', string(decimal(0)), { format: 'epoch_s' })).toEqual(expected);
        expect(convert('TIMESTAMP', number(decimal(3)))).toEqual(expected);
        expect(convert('TIMESTAMP', number(decimal(6)), { format: 'epoch_us' })).toEqual(expected);
        if (BigInt.asIntN(64, total) === total)
          expect(convert('TIMESTAMP', integer(total), { format: 'epoch_ns' })).toEqual(expected);
        expect(
          convert('TIMESTAMP', string(`${isoText(at).replace('T', ' ')} ${digits}`), {
            format: 'yyyy-MM-dd HH:mm:ss SSSSSSSSS',
          }),
        ).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('read text without a zone in the zone of the source', () => {
    expect(convert('TIMESTAMP', string('2026-11-21 09:05:07'), { zone: 'Asia/Shanghai' })).toEqual([
      Date.UTC(2026, 10, 21, 1, 5, 7) / 1000,
      0,
    ]);
    expect(convert('TIMESTAMP', string('2026-11-21 09:05:07Z'), { zone: 'Asia/Shanghai' })).toEqual([
      Date.UTC(2026, 10, 21, 9, 5, 7) / 1000,
      0,
    ]);
    expect(convert('TIMESTAMP', local(0), { zone: 'Asia/Shanghai' })).toEqual([-28_800, 0]);
    expect(convert('TIMESTAMP', day(1), { zone: '+08:00' })).toEqual([57_600, 0]);
  });

  it('refuse digits below a nanosecond unless asked to round', () => {
    expect(convert('TIMESTAMP', number('1.0000000001'), { format: 'epoch_s' })).toEqual({
      code: 'not_exact',
    });
    expect(convert('TIMESTAMP', number('1.0000000005'), { format: 'epoch_s', round: true })).toEqual([1, 1]);
    expect(convert('TIMESTAMP', number('0.9999999999'), { format: 'epoch_s', round: true })).toEqual([1, 0]);
    expect(convert('TIMESTAMP', number('-0.9999999999'), { format: 'epoch_s', round: true })).toEqual([
      -1, 0,
    ]);
    expect(convert('TIMESTAMP', number('1e-99999'), { format: 'epoch_s', round: true })).toEqual([0, 0]);
  });

  it('hold the years 0001 to 9999', () => {
    expect(convert('TIMESTAMP', string('9999-12-31T23:59:59Z'))).toEqual([253_402_300_799, 0]);
    expect(convert('TIMESTAMP', string('9999-12-31T23:59:59-01:00'))).toEqual({ code: 'out_of_range' });
    expect(convert('TIMESTAMP', string('0001-01-01T00:00:00'), { zone: '+08:00' })).toEqual({
      code: 'out_of_range',
    });
    expect(convert('TIMESTAMP', number('1e30'))).toEqual({ code: 'out_of_range' });
    expect(convert('TIMESTAMP', integer(Number.MAX_SAFE_INTEGER))).toEqual({ code: 'out_of_range' });
    expect(convert('TIMESTAMP', instant(-(2 ** 53)))).toEqual({ code: 'out_of_range' });
    expect(convert('DATE', day(10_000_000))).toEqual({ code: 'out_of_range' });
  });
});

describe('TIMESTAMP_NTZ columns', () => {
  it('hold the local fields as if they were UTC', () => {
    expect(convert('TIMESTAMP_NTZ', string('2026-11-21 09:05:07.25'), { zone: 'Asia/Shanghai' })).toEqual([
      Date.UTC(2026, 10, 21, 9, 5, 7) / 1000,
      250_000_000,
    ]);
    expect(convert('TIMESTAMP_NTZ', instant(0), { zone: 'Asia/Shanghai' })).toEqual([28_800, 0]);
    expect(convert('TIMESTAMP_NTZ', local(5, 6), { zone: 'Asia/Shanghai' })).toEqual([5, 6]);
  });
});

describe('DATETIME columns', () => {
  // The last millisecond of the year 9999 (protocol 5.5): rounding up may pass it.
  const DATETIME_MAX = 253_402_300_799_999n;

  it('are milliseconds; finer digits are dirty, or rounded half up', () => {
    fc.assert(
      fc.property(seconds, nanos, (at, fraction) => {
        const text = `${isoText(at)}.${String(fraction).padStart(9, '0')}Z`;
        const ms = BigInt(at) * 1000n;
        const exact = fraction % 1_000_000 === 0;
        expect(convert('DATETIME', string(text))).toEqual(
          exact ? ms + BigInt(fraction / 1e6) : { code: 'not_exact' },
        );
        const rounded = ms + BigInt(Math.floor((fraction + 500_000) / 1e6));
        expect(convert('DATETIME', string(text), { round: true })).toEqual(
          rounded <= DATETIME_MAX ? rounded : { code: 'out_of_range' },
        );
      }),
      { examples: [[253_402_300_799, 999_500_000]] },
    );
  });

  it('are never rounded into the year 10000', () => {
    const rounded = (text: string) => convert('DATETIME', string(text), { round: true });
    expect(rounded('9999-12-31T23:59:59.9994Z')).toBe(253_402_300_799_999n);
    expect(rounded('9999-12-31T23:59:59.9995Z')).toEqual({ code: 'out_of_range' });
  });

  it('take epoch numbers and patterns', () => {
    expect(convert('DATETIME', integer(1_795_252_147_123))).toBe(1_795_252_147_123n);
    expect(convert('DATETIME', number('1795252147123'))).toBe(1_795_252_147_123n);
    expect(convert('DATETIME', number('1795252147.123'), { format: 'epoch_s' })).toBe(1_795_252_147_123n);
    expect(convert('DATETIME', double(1_795_252_147.5), { format: 'epoch_s' })).toBe(1_795_252_147_500n);
    expect(convert('DATETIME', number('20261121'), { format: 'yyyyMMdd' })).toBe(
      BigInt(Date.UTC(2026, 10, 21)),
    );
    expect(convert('DATETIME', integer(20_261_121), { format: 'yyyyMMdd', zone: '+08:00' })).toBe(
      BigInt(Date.UTC(2026, 10, 20, 16)),
    );
    expect(convert('DATETIME', string('1795252147123'), { format: 'epoch_ms' })).toBe(1_795_252_147_123n);
  });

  it('refuse text in another notation, and what is no time', () => {
    expect(convert('DATETIME', string('21.11.2026'))).toEqual({ code: 'bad_time' });
    expect(convert('DATETIME', string('1795252147123'))).toEqual({ code: 'bad_time' });
    expect(convert('DATETIME', string('2026-11-21T00:00:00Z'), { format: 'yyyy-MM-dd' })).toEqual({
      code: 'bad_time',
    });
    expect(convert('DATETIME', number('20261121'), { format: 'iso' })).toEqual({ code: 'bad_time' });
    expect(convert('DATETIME', string('soon'), { format: 'epoch_ms' })).toEqual({ code: 'wrong_type' });
    for (const cell of [boolean(true), jsonText('{}'), bytes(Buffer.from('2026-11-21'))]) {
      expect(convert('DATETIME', cell)).toEqual({ code: 'wrong_type' });
    }
    expect(convert('DATETIME', double(Number.NaN))).toEqual({ code: 'wrong_type' });
  });
});

describe('DATE columns', () => {
  it('take the calendar day as written, or of the instant in the zone', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (days) => {
        const text = isoText(days * 86_400).slice(0, 10);
        expect(convert('DATE', string(text), { zone: 'America/New_York' })).toBe(BigInt(days));
        expect(convert('DATE', string(text.replaceAll('-', '')), { format: 'yyyyMMdd' })).toBe(BigInt(days));
        expect(convert('DATE', day(days), { zone: 'Asia/Shanghai' })).toBe(BigInt(days));
      }),
    );
    expect(convert('DATE', string('2026-11-20T23:30:00Z'), { zone: 'Asia/Shanghai' })).toBe(
      BigInt(Date.UTC(2026, 10, 21) / 86_400_000),
    );
    expect(convert('DATE', instant(-1))).toBe(-1n);
    expect(convert('DATE', instant(-1), { zone: '+08:00' })).toBe(0n);
  });
});
