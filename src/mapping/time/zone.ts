import { DAY_SECONDS } from '../../decode/cell/iso-text.ts';
import { daysOf } from './calendar.ts';

/** A time zone: an IANA name, `Z`, `UTC` or a fixed offset (`+08:00`, `UTC+8`). */
export interface Zone {
  readonly name: string;
  /** Seconds that local time is ahead of UTC at an instant (epoch seconds). */
  offsetAt(seconds: number): number;
}

export const UTC: Zone = { name: 'UTC', offsetAt: () => 0 };

const FIXED = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i;
const known = new Map<string, Zone>();

/** The zone, or null when there is none of this name. Zones keep a cache: equal names give the same object. */
export function parseZone(name: string): Zone | null {
  const cached = known.get(name);
  if (cached) return cached;
  const zone = /^(?:Z|UTC|GMT)$/i.test(name) ? UTC : (fixedZone(name) ?? namedZone(name));
  if (zone) known.set(name, zone);
  return zone;
}

function fixedZone(name: string): Zone | null {
  const match = FIXED.exec(name);
  if (!match) return null;
  const hours = Number(match[2]);
  const minutes = Number(match[3] ?? 0);
  const seconds = (hours * 3600 + minutes * 60) * (match[1] === '-' ? -1 : 1);
  return minutes < 60 && Math.abs(seconds) <= 18 * 3600 ? { name, offsetAt: () => seconds } : null;
}

/** Days that the cache holds per zone: about eleven years. */
const CACHED_DAYS = 4096;

/**
 * An offset costs microseconds through Intl, so each day (UTC) is asked for once: its offset at the
 * first second, at the end, and, when they differ, the second of the change. No zone of the database
 * ever changed twice within a day (the closest two are four days apart), so this is exact, also
 * for changes at odd minutes and for local mean time before 1900.
 */
function namedZone(name: string): Zone | null {
  // Newer Nodes take offsets as names, also those beyond the 18 h that `fixedZone` refuses.
  if (/^[+-]/.test(name)) return null;
  const ask = intlOffset(name);
  if (!ask) return null;
  const days = new Float64Array(CACHED_DAYS).fill(Number.NaN);
  const before = new Int32Array(CACHED_DAYS);
  const after = new Int32Array(CACHED_DAYS);
  const changes = new Float64Array(CACHED_DAYS);
  const offsetAt = (seconds: number): number => {
    const day = Math.floor(seconds / DAY_SECONDS);
    const slot = day & (CACHED_DAYS - 1);
    if (days[slot] !== day) {
      const first = day * DAY_SECONDS;
      days[slot] = day;
      before[slot] = ask(first);
      after[slot] = ask(first + DAY_SECONDS);
      changes[slot] = before[slot] === after[slot] ? Infinity : changeWithin(ask, first);
    }
    return seconds < changes[slot]! ? before[slot]! : after[slot]!;
  };
  return { name, offsetAt };
}

/** First second of the day that has the offset of the day's end. */
function changeWithin(ask: (seconds: number) => number, first: number): number {
  const offset = ask(first);
  let low = first;
  let high = first + DAY_SECONDS;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (ask(middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

/** Before this (year 1), Intl would count years of another era; offsets did not change that early. */
const INTL_MIN = -62_104_060_800;

function intlOffset(timeZone: string): ((seconds: number) => number) | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return null;
  }
  return (seconds) => {
    const at = Math.max(seconds, INTL_MIN);
    return localSeconds(format.formatToParts(at * 1000)) - at;
  };
}

/** Local fields as seconds since 1970-01-01, taken as UTC. */
function localSeconds(parts: Intl.DateTimeFormatPart[]): number {
  const field = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value);
  const days = daysOf(field('year'), field('month'), field('day'));
  return days * DAY_SECONDS + field('hour') * 3600 + field('minute') * 60 + field('second');
}

export function toLocal(zone: Zone, seconds: number): number {
  return seconds + zone.offsetAt(seconds);
}

/**
 * The instant of a local time. In an overlap (clocks set back) the earlier of the two instants; in a
 * gap (clocks set forward) the time is shifted forward by the length of the gap, as java.time does.
 */
export function toInstant(zone: Zone, local: number): number {
  const before = zone.offsetAt(local - DAY_SECONDS);
  const first = local - before;
  if (zone.offsetAt(first) === before) return first;
  const after = zone.offsetAt(local + DAY_SECONDS);
  const second = local - after;
  return zone.offsetAt(second) === after ? second : first;
}
