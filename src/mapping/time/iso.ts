import { DAY_SECONDS } from '../../decode/cell/iso-text.ts';
import { daysOf, isDate, isTimeOfDay, type Moment } from './calendar.ts';
import { countDigits, fractionNanos, readDigits, readOffset } from './digits.ts';

const MINUS = 45;
const DOT = 46;
const COLON = 58;
const BLANK = 32;
const T = 84;
const LOWER = 32;
const SMALL_Z = 122;

const offset = { seconds: 0, next: 0 };

/**
 * Reads ISO 8601 text: `2026-11-21`, `2026-11-21T09:05[:07[.123456789]][Z | +08:00 | +0800 | +08]`; a blank
 * may stand for the T. Strict calendar; at most nine digits of a second. False: it is no such text.
 */
export function parseIso(bytes: Uint8Array, start: number, end: number, out: Moment): boolean {
  const year = readDigits(bytes, start, end, 4);
  const month = readDigits(bytes, start + 5, end, 2);
  const day = readDigits(bytes, start + 8, end, 2);
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS || !isDate(year, month, day)) return false;
  out.seconds = daysOf(year, month, day) * DAY_SECONDS;
  out.nanos = 0;
  out.local = true;
  if (start + 10 === end) return true;
  const separator = bytes[start + 10]!;
  return (separator === BLANK || (separator & ~LOWER) === T) && parseTimeOfDay(bytes, start + 11, end, out);
}

function parseTimeOfDay(bytes: Uint8Array, start: number, end: number, out: Moment): boolean {
  const hour = readDigits(bytes, start, end, 2);
  const minute = readDigits(bytes, start + 3, end, 2);
  if (hour < 0 || minute < 0 || bytes[start + 2] !== COLON) return false;
  let at = start + 5;
  let second = 0;
  if (at < end && bytes[at] === COLON) {
    second = readDigits(bytes, at + 1, end, 2);
    if (second < 0) return false;
    at += 3;
    if (at < end && bytes[at] === DOT) {
      const width = countDigits(bytes, at + 1, end);
      if (width < 1 || width > 9) return false;
      out.nanos = fractionNanos(readDigits(bytes, at + 1, end, width), width);
      at += 1 + width;
    }
  }
  out.seconds += hour * 3600 + minute * 60 + second;
  return isTimeOfDay(hour, minute, second) && (at === end || parseZone(bytes, at, end, out));
}

function parseZone(bytes: Uint8Array, at: number, end: number, out: Moment): boolean {
  if (bytes[at] === SMALL_Z) return endUtc(at + 1 === end, out);
  if (!readOffset(bytes, at, end, offset)) return false;
  out.seconds -= offset.seconds;
  out.local = false;
  return offset.next === end;
}

/** RFC 3339 allows a small `z`. */
function endUtc(complete: boolean, out: Moment): boolean {
  out.local = false;
  return complete;
}
