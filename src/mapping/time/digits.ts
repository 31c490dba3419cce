const ZERO = 48;
const POWERS = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1];

/** Exactly `width` ASCII digits at `at` as a number; -1 when one is missing or no digit. */
export function readDigits(bytes: Uint8Array, at: number, end: number, width: number): number {
  if (at + width > end) return -1;
  let value = 0;
  for (let i = at; i < at + width; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** A fraction of a second in `width` digits as nanoseconds. */
export function fractionNanos(fraction: number, width: number): number {
  return fraction * POWERS[width]!;
}

/** Number of ASCII digits from `at` on. */
export function countDigits(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i]! >= ZERO && bytes[i]! <= ZERO + 9) i++;
  return i - at;
}

const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const UPPER_Z = 90;

export interface OffsetText {
  /** Seconds east of UTC. */
  seconds: number;
  /** Index behind the text. */
  next: number;
}

/**
 * Reads `Z`, `+08:00`, `+0800` or `+08` (at most 18 hours) at `at` into `out`; false when there is none.
 */
export function readOffset(bytes: Uint8Array, at: number, end: number, out: OffsetText): boolean {
  const sign = at < end ? bytes[at]! : 0;
  out.seconds = 0;
  out.next = at + 1;
  if (sign === UPPER_Z) return true;
  if (sign !== PLUS && sign !== MINUS) return false;
  const hours = readDigits(bytes, at + 1, end, 2);
  if (hours < 0) return false;
  const minutesAt = bytes[at + 3] === COLON && at + 3 < end ? at + 4 : at + 3;
  const minutes = readDigits(bytes, minutesAt, end, 2);
  out.next = minutes < 0 ? at + 3 : minutesAt + 2;
  const seconds = hours * 3600 + Math.max(minutes, 0) * 60;
  out.seconds = sign === MINUS ? -seconds : seconds;
  return minutes < 60 && seconds <= 18 * 3600;
}
