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
  number,
  string,
} from '../support.ts';

const RANGES = { TINYINT: 7n, SMALLINT: 15n, INT: 31n, BIGINT: 63n } as const;
const wide = fc.oneof(
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.integer({ min: -300, max: 300 }).map(BigInt),
  fc.constantFrom(
    ...Object.values(RANGES).flatMap((bits) => [2n ** bits - 1n, 2n ** bits, -(2n ** bits), 1n - 2n ** bits]),
  ),
);

describe('whole number columns', () => {
  for (const [type, bits] of Object.entries(RANGES)) {
    it(`${type} takes exactly its range, from text, JSON numbers and integers alike`, () => {
      fc.assert(
        fc.property(wide, (value) => {
          const min = type === 'BIGINT' ? -(2n ** bits) + 1n : -(2n ** bits);
          const expected = value >= min && value <= 2n ** bits - 1n ? value : { code: 'out_of_range' };
          expect(convert(type, number(String(value)))).toEqual(expected);
          expect(convert(type, string(String(value)))).toEqual(expected);
          expect(convert(type, number(`${value}.000`))).toEqual(expected);
          expect(convert(type, number(`${value}0e-1`))).toEqual(expected);
          if (BigInt.asIntN(64, value) === value) expect(convert(type, integer(value))).toEqual(expected);
        }),
      );
    });
  }

  it('refuses a fraction, and rounds half up, away from zero, when asked', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
        fc.integer({ min: 1, max: 12 }),
        (unscaled, scale) => {
          const unit = 10n ** BigInt(scale);
          const text = decimalText(unscaled, scale);
          const magnitude = unscaled < 0n ? -unscaled : unscaled;
          const rounded = ((magnitude + unit / 2n) / unit) * (unscaled < 0n ? -1n : 1n);
          expect(convert('BIGINT', number(text), { round: true })).toBe(rounded);
          expect(convert('BIGINT', number(text))).toEqual(
            unscaled % unit === 0n ? unscaled / unit : { code: 'not_exact' },
          );
        },
      ),
    );
  });

  it('takes exact forms that are not plain digits', () => {
    expect(convert('INT', number('1.0'))).toBe(1n);
    expect(convert('INT', number('1e3'))).toBe(1000n);
    expect(convert('INT', number('-0'))).toBe(0n);
    expect(convert('INT', number('-0.0e5'))).toBe(0n);
    expect(convert('BIGINT', string('+007'))).toBe(7n);
    expect(convert('BIGINT', number('0.00012e4'))).toEqual({ code: 'not_exact' });
    expect(convert('BIGINT', number('0.00012e5'))).toBe(12n);
    expect(convert('BIGINT', number('9.223372036854775807e18'))).toBe(2n ** 63n - 1n);
    expect(convert('BIGINT', number('1e999999999999'))).toEqual({ code: 'out_of_range' });
    expect(convert('BIGINT', number('0e999999999999'))).toBe(0n);
    expect(convert('BIGINT', number('1e-999999999999'))).toEqual({ code: 'not_exact' });
    expect(convert('BIGINT', number('1e-999999999999'), { round: true })).toBe(0n);
  });

  it('takes booleans and whole doubles, and nothing else', () => {
    expect(convert('INT', boolean(true))).toBe(1n);
    expect(convert('BIGINT', double(1e15))).toBe(10n ** 15n);
    expect(convert('BIGINT', double(2 ** 62))).toBe(2n ** 62n);
    expect(convert('BIGINT', double(1e18))).toBe(10n ** 18n);
    expect(convert('BIGINT', double(1.5))).toEqual({ code: 'not_exact' });
    for (const cell of [
      string(''),
      string('abc'),
      string(' 1'),
      string('1 '),
      string('0x10'),
      string('1e'),
      string('-'),
      string('.'),
      string('NaN'),
      double(Number.NaN),
      double(Number.POSITIVE_INFINITY),
      jsonText('[1]'),
      bytes(Buffer.from('1')),
      day(3),
    ]) {
      expect(convert('BIGINT', cell)).toEqual({ code: 'wrong_type' });
    }
  });

  it('turns -2^63 into the smallest number of the wire only when asked to round', () => {
    for (const cell of [
      number('-9223372036854775808'),
      integer(-(2n ** 63n)),
      string('-9223372036854775808.2'),
    ]) {
      expect(convert('BIGINT', cell, { round: true })).toBe(1n - 2n ** 63n);
    }
    expect(convert('BIGINT', number('-9223372036854775808'))).toEqual({ code: 'out_of_range' });
    expect(convert('BIGINT', number('-9223372036854775809'), { round: true })).toEqual({
      code: 'out_of_range',
    });
  });

  it('takes times as epoch numbers in the unit of timeFormat', () => {
    expect(convert('BIGINT', instant(1_714_979_289, 123_000_000))).toBe(1_714_979_289_123n);
    expect(convert('BIGINT', instant(-1, 999_000_000))).toBe(-1n);
    expect(convert('BIGINT', instant(1, 5), { format: 'epoch_ns' })).toBe(1_000_000_005n);
    expect(convert('BIGINT', instant(1_714_979_289, 123_456_789), { format: 'epoch_ns' })).toBe(
      1_714_979_289_123_456_789n,
    );
    expect(convert('BIGINT', instant(1, 5))).toEqual({ code: 'not_exact' });
    expect(convert('BIGINT', instant(1, 500_000), { round: true })).toBe(1001n);
    expect(convert('INT', instant(1_714_979_289), { format: 'epoch_s' })).toBe(1_714_979_289n);
  });

  it('trims only when told', () => {
    expect(convert('BIGINT', string(' \t12\n'), { trim: true })).toBe(12n);
    expect(convert('BIGINT', string('  '), { trim: true })).toEqual({ code: 'wrong_type' });
  });
});

/** Plain notation of unscaled x 10^-scale, all digits kept. */
function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, at)}${scale > 0 ? `.${digits.slice(at)}` : ''}`;
}

/** The canonical text, by BigInt arithmetic alone; null when the integer part is too long. */
function canonical(unscaled: bigint, scale: number, precision: number, columnScale: number): string | null {
  const magnitude = unscaled < 0n ? -unscaled : unscaled;
  const excess = scale - columnScale;
  const unit = 10n ** BigInt(Math.max(excess, 0));
  const kept = excess > 0 ? (magnitude + unit / 2n) / unit : magnitude;
  const keptScale = Math.min(scale, columnScale);
  if (kept / 10n ** BigInt(keptScale) >= 10n ** BigInt(precision - columnScale)) return null;
  const text = decimalText(unscaled < 0n ? -kept : kept, keptScale);
  const stripped = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return stripped === '-0' ? '0' : stripped;
}

const columnType = fc
  .integer({ min: 1, max: 38 })
  .chain((precision) =>
    fc.tuple(fc.constant(precision), fc.integer({ min: 0, max: Math.min(18, precision) })),
  );

describe('DECIMAL columns', () => {
  it('keep every digit that fits, against BigInt arithmetic, in all notations', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.bigInt({ min: -(10n ** 39n), max: 10n ** 39n }), fc.bigInt({ min: -2000n, max: 2000n })),
        fc.integer({ min: 0, max: 25 }),
        columnType,
        (unscaled, scale, [precision, columnScale]) => {
          const type = `DECIMAL(${precision},${columnScale})`;
          const expected = canonical(unscaled, scale, precision, columnScale) ?? { code: 'out_of_range' };
          const exact = scale <= columnScale || unscaled % 10n ** BigInt(scale - columnScale) === 0n;
          for (const text of [
            decimalText(unscaled, scale),
            `${unscaled}e-${scale}`,
            `${unscaled}000E-${scale + 3}`,
          ]) {
            expect(convert(type, number(text), { round: true })).toEqual(expected);
            expect(convert(type, string(text))).toEqual(exact ? expected : { code: 'not_exact' });
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('write canonical text', () => {
    const cases: [string, string][] = [
      ['0', '0'],
      ['-0', '0'],
      ['-0.000', '0'],
      ['0012.3400', '12.34'],
      ['+5', '5'],
      ['.5', '0.5'],
      ['5.', '5'],
      ['1.5e3', '1500'],
      ['-1.5E-3', '-0.0015'],
      ['12345678901234567890.123456789012345678', '12345678901234567890.123456789012345678'],
    ];
    for (const [text, expected] of cases) expect(convert('DECIMAL(38,18)', string(text))).toBe(expected);
  });

  it('round carries through nines, and into one digit too many', () => {
    expect(convert('DECIMAL(5,2)', number('9.995'), { round: true })).toBe('10');
    expect(convert('DECIMAL(5,2)', number('-0.005'), { round: true })).toBe('-0.01');
    expect(convert('DECIMAL(5,2)', number('-0.0049'), { round: true })).toBe('0');
    expect(convert('DECIMAL(5,2)', number('999.995'), { round: true })).toEqual({ code: 'out_of_range' });
    expect(convert('DECIMAL(2,2)', number('0.99'))).toBe('0.99');
  });

  it('take integers, booleans and the shortest text of doubles', () => {
    expect(convert('DECIMAL(38,0)', integer(2n ** 63n - 1n))).toBe('9223372036854775807');
    expect(convert('DECIMAL(10,2)', integer(-7))).toBe('-7');
    expect(convert('DECIMAL(10,2)', boolean(true))).toBe('1');
    expect(convert('DECIMAL(10,2)', double(0.1))).toBe('0.1');
    expect(convert('DECIMAL(30,0)', double(1e21))).toBe('1000000000000000000000');
    for (const cell of [
      double(Number.NaN),
      double(Number.NEGATIVE_INFINITY),
      string('ten'),
      jsonText('{}'),
      instant(0),
    ]) {
      expect(convert('DECIMAL(10,2)', cell)).toEqual({ code: 'wrong_type' });
    }
  });

  it('read texts of any length', () => {
    expect(convert('DECIMAL(10,2)', number(`1.${'0'.repeat(5000)}`))).toBe('1');
    expect(convert('DECIMAL(10,2)', number(`1.${'0'.repeat(5000)}1`))).toEqual({ code: 'not_exact' });
    expect(convert('DECIMAL(10,2)', number(`1.${'0'.repeat(5000)}1`), { round: true })).toBe('1');
  });
});

describe('FLOAT and DOUBLE columns', () => {
  it('take the nearest double of any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
          fc
            .tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.integer({ min: 0, max: 20 }))
            .map(([n, s]) => decimalText(n, s)),
        ),
        (text) => {
          expect(convert('DOUBLE', number(text))).toBe(Number(text));
          expect(convert('DOUBLE', string(text))).toBe(Number(text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('round to FLOAT once, also where the double lies between two floats', () => {
    // 1 + 2^-24 is exactly between 1 and 1 + 2^-23; a digit far behind decides.
    const middle = '1.000000059604644775390625';
    expect(convert('FLOAT', number(middle))).toBe(1);
    expect(convert('FLOAT', number(`${middle}0000000000000000001`))).toBe(Math.fround(1 + 2 ** -23));
    expect(convert('FLOAT', number(`-${middle}0000000000000000001`))).toBe(-Math.fround(1 + 2 ** -23));
    expect(convert('FLOAT', number('1.0000000596046447753906249999999999'))).toBe(1);
    // Above the odd neighbour a tie goes up; just below it must not.
    expect(convert('FLOAT', number('1.000000178813934326171875'))).toBe(1 + 2 ** -22);
    expect(convert('FLOAT', number('1.00000017881393432617187499999999'))).toBe(1 + 2 ** -23);
    const smallest =
      '7.00649232162408535461864791644958065640130970938257885878534141944895541342930300743319094181060791015625e-46';
    expect(convert('FLOAT', number(smallest))).toBe(0);
    expect(convert('FLOAT', number(smallest.replace('e-46', '01e-46')))).toBe(2 ** -149);
  });

  it('is the nearest of all floats, by distance in exact arithmetic', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, min: 2 ** -20, max: 2 ** 20 }),
        fc.integer({ min: -9, max: 9 }),
        (float, nudge) => {
          const bits = new Int32Array(new Float32Array([float]).buffer);
          bits[0]! += 1;
          const next = new Float32Array(bits.buffer)[0]!;
          const unit = 2n ** 60n;
          const [a, b] = [scaled(float), scaled(next)];
          const middle = (a + b) / 2n + BigInt(nudge);
          const text = decimalText((middle * 10n ** 60n) / unit, 60);
          const value = convert('FLOAT', number(text)) as number;
          if (nudge !== 0) expect(value).toBe(nudge < 0 ? float : next);
        },
      ),
    );
  });

  it('refuse overflow, and take NaN and Infinity only from doubles', () => {
    expect(convert('DOUBLE', number('1e400'))).toEqual({ code: 'out_of_range' });
    expect(convert('FLOAT', number('1e39'))).toEqual({ code: 'out_of_range' });
    expect(convert('FLOAT', double(1e39))).toEqual({ code: 'out_of_range' });
    expect(convert('FLOAT', number('3.4028235e38'))).toBe(Math.fround(3.4028235e38));
    expect(convert('DOUBLE', double(Number.NaN))).toBeNaN();
    expect(convert('FLOAT', double(Number.NEGATIVE_INFINITY))).toBe(Number.NEGATIVE_INFINITY);
    expect(convert('DOUBLE', double(Number.POSITIVE_INFINITY))).toBe(Number.POSITIVE_INFINITY);
    for (const text of ['NaN', 'Infinity', '-inf', '', '1.2.3', '0x1p3', '1_000']) {
      expect(convert('DOUBLE', string(text))).toEqual({ code: 'wrong_type' });
    }
    expect(convert('DOUBLE', number('1e-400'))).toBe(0);
  });

  it('take integers of any size and booleans', () => {
    expect(convert('DOUBLE', integer(2n ** 63n - 1n))).toBe(2 ** 63);
    expect(convert('FLOAT', integer(16_777_217))).toBe(16_777_216);
    expect(convert('DOUBLE', boolean(true))).toBe(1);
    expect(convert('DOUBLE', instant(0))).toEqual({ code: 'wrong_type' });
  });
});

/** A float in units of 2^-60. */
function scaled(float: number): bigint {
  return BigInt(float * 2 ** 50) * 2n ** 10n;
}
