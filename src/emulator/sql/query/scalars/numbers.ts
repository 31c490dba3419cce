import { define, InvalidArgument } from './define.ts';

/** A decimal in plain notation as digits and scale. */
function digitsOf(text: string): { value: bigint; scale: number } {
  const [whole = '', fraction = ''] = text.split('.');
  return { value: BigInt(whole.replace('+', '') + fraction), scale: fraction.length };
}

function textOf(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const sign = value < 0n ? '-' : '';
  return scale > 0 ? `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}` : `${sign}${digits}`;
}

type Mode = 'half up' | 'half even' | 'down';

/** The value with `places` digits behind the point, or rounded left of it for negative ones. */
function scaled(value: bigint, scale: number, places: number, mode: Mode): bigint {
  if (places >= scale) return value * 10n ** BigInt(places - scale);
  const unit = 10n ** BigInt(Math.min(scale - places, 100));
  const [quotient, rest] = [value / unit, value % unit];
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const up =
    mode !== 'down' && (twice > unit || (twice === unit && (mode === 'half up' || quotient % 2n !== 0n)));
  return up ? quotient + (value < 0n ? -1n : 1n) : quotient;
}

/** Places left of the point are filled with zeros again. */
function decimalAt(text: string, places: number, mode: Mode): string {
  const { value, scale } = digitsOf(text);
  const kept = Math.max(-40, Math.min(places, 18));
  const result = scaled(value, scale, kept, mode);
  return kept >= 0 ? textOf(result, kept) : textOf(result * 10n ** BigInt(-kept), 0);
}

/** A DOUBLE rounded as its shortest decimal text says, so that 2.675 becomes 2.68. */
function doubleAt(value: number, places: bigint, mode: Mode): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21) return value;
  const text = plain(value);
  return Number(decimalAt(text, Number(places), mode));
}

/** Without an exponent. */
function plain(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(30) : text;
}

function divide(dividend: string, divisor: string, scale: bigint): string | null {
  const [a, b] = [digitsOf(dividend), digitsOf(divisor)];
  if (b.value === 0n) return null;
  // One digit more than asked for, then the rounding.
  const places = Number(scale) + 1;
  const numerator = a.value * 10n ** BigInt(places + b.scale);
  const quotient = numerator / (b.value * 10n ** BigInt(a.scale));
  return textOf(scaled(quotient, places, Number(scale), 'half up'), Number(scale));
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Number text from one base to another; a negative number without a negative base is taken as 64 bits. */
function convert(text: string, from: bigint, to: bigint): string | null {
  const [source, target] = [from, to].map((base) => Number(base < 0n ? -base : base)) as [number, number];
  if (source < 2 || source > 36 || target < 2 || target > 36) return null;
  const negative = text.trim().startsWith('-');
  let value = 0n;
  for (const digit of text.trim().replace(/^[+-]/, '').toLowerCase()) {
    const number = DIGITS.indexOf(digit);
    if (number < 0 || number >= source) break;
    value = value * BigInt(source) + BigInt(number);
  }
  const limit = (1n << 64n) - 1n;
  const bounded = value > limit ? limit : value;
  if (negative && to < 0n) return `-${bounded.toString(target)}`;
  return BigInt.asUintN(64, negative ? -bounded : bounded).toString(target);
}

const shifted = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);

function widthBucket(value: number, low: number, high: number, count: bigint): bigint | null {
  const buckets = Number(count);
  if (buckets <= 0 || low === high)
    throw new InvalidArgument('width_bucket needs a positive number of buckets and two different bounds');
  const place = (value - low) / (high - low);
  if (Number.isNaN(place)) return null;
  return BigInt(place < 0 ? 0 : place >= 1 ? buckets + 1 : Math.floor(place * buckets) + 1);
}

/** A number in [0, 1) that depends on the seed only. */
function seeded(seed: bigint): number {
  let state = Number(BigInt.asUintN(32, seed)) ^ 0x9e3779b9;
  for (let round = 0; round < 3; round += 1) {
    state = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
    state = Math.imul(state ^ (state >>> 15), 0x119de1f3);
  }
  return ((state ^ (state >>> 16)) >>> 0) / 4294967296;
}

export const NUMBER_FUNCTIONS = [
  define('mc_multiply', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'VARCHAR', (a, b, scale) => {
    const [x, y] = [digitsOf(a), digitsOf(b)];
    return textOf(scaled(x.value * y.value, x.scale + y.scale, Number(scale), 'half up'), Number(scale));
  }),
  define('mc_divide', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'VARCHAR', divide),
  define('mc_round_decimal', ['VARCHAR', 'BIGINT'], 'VARCHAR', (text, places) =>
    decimalAt(text, Number(places), 'half up'),
  ),
  define('mc_trunc_decimal', ['VARCHAR', 'BIGINT'], 'VARCHAR', (text, places) =>
    decimalAt(text, Number(places), 'down'),
  ),
  define('mc_even_decimal', ['VARCHAR', 'BIGINT'], 'VARCHAR', (text, places) =>
    decimalAt(text, Number(places), 'half even'),
  ),
  define('mc_round', ['DOUBLE', 'BIGINT'], 'DOUBLE', (value, places) => doubleAt(value, places, 'half up')),
  define('mc_trunc', ['DOUBLE', 'BIGINT'], 'DOUBLE', (value, places) => doubleAt(value, places, 'down')),
  define('mc_bround', ['DOUBLE', 'BIGINT'], 'DOUBLE', (value, places) =>
    doubleAt(value, places, 'half even'),
  ),
  define('mc_conv', ['VARCHAR', 'BIGINT', 'BIGINT'], 'VARCHAR', convert),
  define('mc_hex', ['BIGINT'], 'VARCHAR', (value) => BigInt.asUintN(64, value).toString(16).toUpperCase()),
  define('mc_pow', ['DOUBLE', 'DOUBLE'], 'DOUBLE', (base, exponent) => base ** exponent),
  define('mc_shift_left', ['BIGINT', 'BIGINT', 'BIGINT'], 'BIGINT', (value, by, bits) =>
    shifted(value << (by % bits), Number(bits)),
  ),
  define(
    'mc_shift_right',
    ['BIGINT', 'BIGINT', 'BIGINT'],
    'BIGINT',
    (value, by, bits) => value >> (by % bits),
  ),
  define('mc_shift_right_unsigned', ['BIGINT', 'BIGINT', 'BIGINT'], 'BIGINT', (value, by, bits) =>
    shifted(BigInt.asUintN(Number(bits), value) >> (by % bits), Number(bits)),
  ),
  define('mc_width_bucket', ['DOUBLE', 'DOUBLE', 'DOUBLE', 'BIGINT'], 'BIGINT', widthBucket),
  define('mc_rand', ['BIGINT'], 'DOUBLE', seeded),
];
