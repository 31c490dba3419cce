import { civilOf, DAY_SECONDS } from '../../decode/cell/iso-text.ts';
import { daysOf } from '../time/calendar.ts';
import { parseZone, toLocal, UTC, type Zone } from '../time/zone.ts';

/**
 * The parts of a timestamp, in UTC or in a zone (`t.getHours("Asia/Shanghai")`), as CEL counts them: months, days of the month
 * and of the year from 0, days of the week from Sunday. The library goes through the zone of the machine, and takes a fraction of a millisecond each time.
 */
type Part = (days: number, second: number, ms: number) => number;

const civil = { year: 0, month: 0, day: 0 };

function date(days: number): typeof civil {
  civilOf(days, civil);
  return civil;
}

/** 1970-01-01 was a Thursday. */
const THURSDAY = 4;

const PARTS: Readonly<Record<string, Part>> = {
  getFullYear: (days) => date(days).year,
  getMonth: (days) => date(days).month - 1,
  getDate: (days) => date(days).day,
  getDayOfMonth: (days) => date(days).day - 1,
  getDayOfWeek: (days) => (((days + THURSDAY) % 7) + 7) % 7,
  getDayOfYear: (days) => days - daysOf(date(days).year, 1, 1),
  getHours: (_, second) => Math.floor(second / 3600),
  getMinutes: (_, second) => Math.floor(second / 60) % 60,
  getSeconds: (_, second) => second % 60,
  getMilliseconds: (_, __, ms) => ms,
};

const TIMESTAMP = 'google.protobuf.Timestamp';

/** Signatures of CEL with their implementations. */
export const LOCAL_PARTS = Object.entries(PARTS).flatMap(
  ([name, part]) =>
    [
      [`${TIMESTAMP}.${name}_(): int`, (time: Date) => partOf(time, 'UTC', part)],
      [`${TIMESTAMP}.${name}_(string): int`, (time: Date, zone: string) => partOf(time, zone, part)],
    ] as const,
);

/** Each zone keeps a cache, and names may come from records, in any case. */
const ZONES_MAX = 64;
const zones = new Map<string, Zone>([['UTC', UTC]]);

function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  if (zones.size >= ZONES_MAX) throw new Error(`more than ${ZONES_MAX} time zones are named`);
  const zone = parseZone(name);
  if (!zone) throw new Error('there is no such time zone');
  zones.set(name, zone);
  return zone;
}

function partOf(time: Date, zoneName: string, part: Part): bigint {
  const ms = time.getTime();
  const zone = zoneOf(zoneName);
  if (Number.isNaN(ms)) throw new Error('the time is out of range');
  const seconds = Math.floor(ms / 1000);
  const local = toLocal(zone, seconds);
  const days = Math.floor(local / DAY_SECONDS);
  return BigInt(part(days, local - days * DAY_SECONDS, ms - seconds * 1000));
}
