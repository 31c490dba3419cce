import type { Rounding } from '../convert/converter.ts';
import { type DecimalDigits, newDigits, scanDecimal } from '../convert/decimal-digits.ts';
import type { Moment } from './calendar.ts';

const UNITS: Readonly<Record<string, number>> = { epoch_s: 1, epoch_ms: 1e3, epoch_us: 1e6, epoch_ns: 1e9 };

/** Units per second of `epoch_s | epoch_ms | epoch_us | epoch_ns`; undefined for any other format. */
export function epochUnit(format: string): number | undefined {
  return UNITS[format];
}

/** An epoch number that is a safe integer. */
export function epochFromInteger(value: number, perSecond: number, out: Moment): void {
  const seconds = Math.floor(value / perSecond);
  out.seconds = seconds;
  out.nanos = (value - seconds * perSecond) * (1e9 / perSecond);
  out.local = false;
}

export type EpochProblem = 'wrong_type' | 'out_of_range' | 'not_exact';

/** Seconds of more digits than this are no time of ours. */
const SECOND_DIGITS = 12;
const digits = newDigits();

/** An epoch number as decimal text, exact; digits below a nanosecond are `not_exact`, rounded half up, or cut off. */
export function epochFromText(
  bytes: Uint8Array,
  start: number,
  end: number,
  perSecond: number,
  round: Rounding,
  out: Moment,
): EpochProblem | null {
  if (!scanDecimal(bytes, start, end, digits)) return 'wrong_type';
  const point = digits.point - Math.round(Math.log10(perSecond));
  if (point > SECOND_DIGITS) return 'out_of_range';
  if (digits.length > point + 9 && !round) return 'not_exact';
  const seconds = numberAt(digits, 0, point);
  const roundUp = round !== 'cut' && digitAt(digits, point + 9) >= 5 ? 1 : 0;
  setSigned(seconds, numberAt(digits, point, point + 9) + roundUp, digits.negative, out);
  return null;
}

function digitAt(from: DecimalDigits, i: number): number {
  return i >= 0 && i < from.length ? from.digits[i]! : 0;
}

function numberAt(from: DecimalDigits, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + digitAt(from, i);
  return value;
}

function setSigned(seconds: number, nanos: number, negative: boolean, out: Moment): void {
  const carry = nanos === 1e9 ? 1 : 0;
  const fraction = carry ? 0 : nanos;
  const whole = seconds + carry;
  const borrow = negative && fraction > 0;
  out.seconds = negative ? -whole - (borrow ? 1 : 0) : whole;
  out.nanos = borrow ? 1e9 - fraction : fraction;
  out.local = false;
}
