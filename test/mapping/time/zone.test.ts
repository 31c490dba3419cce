import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseZone, toInstant, toLocal, type Zone } from '../../../src/mapping/time/zone.ts';

const NAMES = [
  'Asia/Shanghai',
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'Pacific/Apia',
  'Africa/Monrovia',
  'Antarctica/Casey',
];

function zone(name: string): Zone {
  const found = parseZone(name);
  if (!found) throw new Error(`no zone ${name}`);
  return found;
}

/** The runtime's own local time, by its text. */
const wallClocks = new Map(
  NAMES.map((name) => [
    name,
    new Intl.DateTimeFormat('sv-SE', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    }),
  ]),
);
const runtimeLocal = (name: string, seconds: number) =>
  Date.parse(
    `${wallClocks
      .get(name)!
      .format(seconds * 1000)
      .replace(' ', 'T')}Z`,
  ) / 1000;

const since1800 = fc.integer({ min: Date.UTC(1800, 0) / 1000, max: Date.UTC(2100, 0) / 1000 });
const recent = fc.integer({ min: Date.UTC(1986, 0) / 1000, max: Date.UTC(2037, 0) / 1000 });
const instants = fc.oneof(recent, since1800);

describe('time zones', () => {
  it('give the local time of the runtime at any instant since 1800, to the second', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), instants, (name, at) => {
        expect(toLocal(zone(name), at)).toBe(runtimeLocal(name, at));
      }),
      { numRuns: 2000 },
    );
  });

  it('are exact in the seconds around a change, also at odd minutes', () => {
    // St John's changed at 00:01 local time until 2011.
    const changes: [string, number][] = [
      ['America/St_Johns', Date.UTC(2010, 2, 14, 3, 31) / 1000],
      ['America/New_York', Date.UTC(2026, 2, 8, 7) / 1000],
      ['America/New_York', Date.UTC(2026, 10, 1, 6) / 1000],
      ['Australia/Lord_Howe', Date.UTC(2026, 9, 3, 15, 30) / 1000],
      ['Pacific/Apia', Date.UTC(2011, 11, 30, 10) / 1000],
      ['Africa/Monrovia', Date.UTC(1972, 0, 7, 0, 44, 30) / 1000],
    ];
    for (const [name, change] of changes) {
      for (let at = change - 3; at < change + 3; at++)
        expect(toLocal(zone(name), at)).toBe(runtimeLocal(name, at));
      expect(zone(name).offsetAt(change)).not.toBe(zone(name).offsetAt(change - 1));
    }
  });

  it('find an instant that has the local time again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), instants, (name, at) => {
        const { offsetAt } = zone(name);
        const local = toLocal(zone(name), at);
        const found = toInstant(zone(name), local);
        expect(found + offsetAt(found)).toBe(local);
        // In an overlap the earlier one.
        expect(found).toBeLessThanOrEqual(at);
      }),
      { numRuns: 2000 },
    );
  });

  it('shift a local time in a gap forward by the gap, and take the earlier one in an overlap', () => {
    const newYork = zone('America/New_York');
    expect(toInstant(newYork, Date.UTC(2026, 2, 8, 2, 30) / 1000)).toBe(Date.UTC(2026, 2, 8, 7, 30) / 1000);
    expect(toInstant(newYork, Date.UTC(2026, 10, 1, 1, 30) / 1000)).toBe(Date.UTC(2026, 10, 1, 5, 30) / 1000);
    const lordHowe = zone('Australia/Lord_Howe');
    expect(toInstant(lordHowe, Date.UTC(2026, 9, 4, 2, 10) / 1000)).toBe(Date.UTC(2026, 9, 3, 15, 40) / 1000);
    // A whole day is missing in Samoa.
    expect(toInstant(zone('Pacific/Apia'), Date.UTC(2011, 11, 30, 12) / 1000)).toBe(
      Date.UTC(2011, 11, 30, 22) / 1000,
    );
  });

  it('hold out to the ends of the range', () => {
    for (const name of NAMES) {
      const first = zone(name).offsetAt(-62_135_596_800 - 86_400);
      expect(first).toBe(zone(name).offsetAt(-50_000_000_000));
      expect(Math.abs(zone(name).offsetAt(253_402_300_799))).toBeLessThan(16 * 3600);
    }
  });

  it('know fixed offsets', () => {
    for (const name of ['+08:00', '+0800', '+08', 'UTC+8', 'GMT+08:00', 'Etc/GMT-8'])
      expect(zone(name).offsetAt(0)).toBe(28_800);
    for (const name of ['Z', 'UTC', 'gmt']) expect(zone(name).offsetAt(0)).toBe(0);
    expect(zone('-03:30').offsetAt(0)).toBe(-12_600);
    expect(toInstant(zone('+08:00'), 28_800)).toBe(0);
  });

  it('refuse what is no zone', () => {
    for (const name of ['', 'Mars/Olympus', '+25:00', '+08:60', 'Asia', '8', '+18:01'])
      expect([name, parseZone(name)]).toEqual([name, null]);
  });
});
