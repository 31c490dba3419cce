import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import type { TableConfig, TablePartitionConfig } from '../../src/mapping/compile.ts';
import { partitionValue } from '../../src/mapping/partition-value.ts';
import { createRowMapper, type RowMapper } from '../../src/mapping/row.ts';
import { chunkOf, planOf, type TestRecord } from './support.ts';

type Given = Partial<TableConfig> & { partitions: Record<string, TablePartitionConfig> };

function mapperFor(table: Given, types: Record<string, string> = {}): RowMapper {
  const plan = planOf({
    columns: { o: 'BIGINT' },
    partitionKeys: Object.fromEntries(
      Object.keys(table.partitions).map((name) => [name, types[name] ?? 'STRING']),
    ),
    table: { columns: { o: { from: '__offset__' } }, ...table },
  });
  return createRowMapper(plan, {
    value: plan.decoders.value && createDecoder(plan.decoders.value),
    key: null,
  });
}

function place(mapper: RowMapper, record: TestRecord): string {
  mapper.beginChunk(chunkOf([record]), [{ topic: 't', partition: 0 }], Date.UTC(2026, 10, 21, 9, 5, 7));
  const problem = mapper.open(0);
  return problem ? `${problem.stage} ${problem.code} ${problem.column}` : mapper.tablePartition;
}

const time = (format: string, more: object = {}): TablePartitionConfig => ({
  kind: 'time',
  time: 'at',
  timeFormat: null,
  timeZone: null,
  format,
  zone: 'Asia/Shanghai',
  floor: null,
  ...more,
});
const at = (value: unknown, timestamp = Number.NaN): TestRecord => ({
  value: JSON.stringify({ at: value }),
  timestamp,
});

describe('table partitions by time', () => {
  it('follow the event time in their zone, against the runtime', () => {
    const zones = ['Asia/Shanghai', 'America/New_York', 'Asia/Kathmandu', 'UTC'];
    const mappers = zones.map((zone) =>
      mapperFor({
        partitions: {
          dt: time('yyyyMMdd', { zone }),
          hr: time('HH', { zone }),
          mi: time('mm', { zone, floor: 300_000 }),
        },
      }),
    );
    const clocks = zones.map(
      (timeZone) =>
        new Intl.DateTimeFormat('sv-SE', {
          timeZone,
          year: 'numeric',
          month: '2-digit',
          day: '2-digit',
          hour: '2-digit',
          minute: '2-digit',
        }),
    );
    fc.assert(
      fc.property(
        fc.nat(zones.length - 1),
        fc.integer({ min: Date.UTC(2000, 0, 2), max: Date.UTC(2050, 0) }),
        (i, ms) => {
          const [year, month, date, hour, minute] = clocks[i]!.format(ms).split(/[- :]/) as [
            string,
            string,
            string,
            string,
            string,
          ];
          const floored = String(Math.floor(Number(minute) / 5) * 5).padStart(2, '0');
          const expected = `dt=${year}${month}${date},hr=${hour},mi=${floored}`;
          expect(place(mappers[i]!, at(ms))).toBe(expected);
          expect(place(mappers[i]!, at(new Date(ms).toISOString()))).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('stay right when neighbouring records jump between hours and days', () => {
    const mapper = mapperFor({ partitions: { dt: time('yyyyMMdd'), hr: time('HH') } });
    const start = Date.UTC(2026, 10, 20, 16);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3000 * 3600 }), { minLength: 2, maxLength: 30 }),
        (offsets) => {
          for (const seconds of offsets) {
            const local = new Date(start + seconds * 1000 + 8 * 3_600_000).toISOString();
            expect(place(mapper, at(start + seconds * 1000))).toBe(
              `dt=${local.slice(0, 10).replaceAll('-', '')},hr=${local.slice(11, 13)}`,
            );
          }
        },
      ),
    );
  });

  it('read text without a zone in timeZone, which is zone unless given', () => {
    expect(place(mapperFor({ partitions: { dt: time('yyyyMMddHH') } }), at('2026-11-21 23:00:00'))).toBe(
      'dt=2026112123',
    );
    expect(
      place(
        mapperFor({ partitions: { dt: time('yyyyMMddHH', { timeZone: 'UTC' }) } }),
        at('2026-11-21 23:00:00'),
      ),
    ).toBe('dt=2026112207');
    expect(
      place(
        mapperFor({ partitions: { dt: time('yyyyMMdd', { timeFormat: 'dd.MM.yyyy' }) } }),
        at('21.11.2026'),
      ),
    ).toBe('dt=20261121');
    expect(
      place(
        mapperFor({ partitions: { dt: time('yyyyMMddHHmmss', { timeFormat: 'epoch_us' }) } }),
        at(1_795_252_147_999_999),
      ),
    ).toBe('dt=20261121170907');
  });

  it('take the time from a header, the record or the poll, and mix zones', () => {
    const table = (source: string): Given => ({
      partitions: {
        dt: time('yyyyMMdd', { time: source }),
        utc: time('yyyyMMddHHmmss', { time: source, zone: 'UTC' }),
      },
    });
    const record: TestRecord = {
      value: 'x',
      timestamp: Date.UTC(2026, 0, 1, 20, 1, 2),
      headers: [['at', '2026-02-03T20:00:00Z']],
    };
    expect(place(mapperFor(table('__header.at__')), record)).toBe('dt=20260204,utc=20260203200000');
    expect(place(mapperFor(table('__timestamp__')), record)).toBe('dt=20260102,utc=20260101200102');
    expect(place(mapperFor(table('__ingest_time__')), record)).toBe('dt=20261121,utc=20261121090507');
    expect(place(mapperFor(table('__timestamp__')), { value: 'x' })).toBe('partition no_event_time dt');
  });

  it('reject missing, unreadable and absurd times', () => {
    const absurd = { before: Date.UTC(2000, 0, 1), afterRecord: 86_400_000 };
    const mapper = mapperFor({ partitions: { dt: time('yyyyMMdd') }, absurd });
    const now = Date.UTC(2026, 10, 21);
    expect(place(mapper, at(null))).toBe('partition no_event_time dt');
    expect(place(mapper, { value: '{}' })).toBe('partition no_event_time dt');
    expect(place(mapper, at('yesterday'))).toBe('partition bad_time dt');
    expect(place(mapper, at(true))).toBe('partition wrong_type dt');
    expect(place(mapper, at(1e30))).toBe('partition out_of_range dt');
    expect(place(mapper, at(absurd.before - 1))).toBe('partition absurd_time dt');
    expect(place(mapper, at(absurd.before))).toBe('dt=20000101');
    expect(place(mapper, at(now + 86_400_000, now))).toBe('dt=20261122');
    expect(place(mapper, at(now + 86_400_001, now))).toBe('partition absurd_time dt');
    expect(place(mapper, at(Date.UTC(2140, 7, 31)))).toBe('dt=21400831');
    expect(place(mapper, at(253_402_300_800_000))).toBe('partition absurd_time dt');
  });

  it('cut values of whole number columns to their canonical form', () => {
    const mapper = mapperFor(
      { partitions: { dt: time('yyyyMMdd'), hr: time('HH') } },
      { dt: 'BIGINT', hr: 'TINYINT' },
    );
    expect(place(mapper, at('2026-11-21 09:00:00'))).toBe('dt=20261121,hr=9');
  });
});

describe('late and early records', () => {
  const hour = 3_600_000;
  const now = Date.UTC(2026, 10, 21, 4);
  const rule = (late: TableConfig['late'], future: TableConfig['future']): RowMapper =>
    mapperFor({ partitions: { dt: time('yyyyMMdd'), hr: time('HH') }, late, future });
  const off = { after: null, to: 'true_partition' } as const;

  it('keep their true table partition, become dead letters or go to a fixed one', () => {
    const late = (to: TableConfig['late']['to']) => rule({ after: hour, to }, off);
    expect(place(late('true_partition'), at(now - hour - 1, now))).toBe('dt=20261121,hr=10');
    expect(place(late('dead_letter'), at(now - hour - 1, now))).toBe('partition late dt');
    expect(place(late('dead_letter'), at(now - hour, now))).toBe('dt=20261121,hr=11');
    expect(place(late({ partition: { DT: 'late', hr: '00' } }), at(now - hour - 1, now))).toBe(
      'dt=late,hr=00',
    );
    expect(place(late({ partition: { dt: 'late' } }), at(now - hour - 1, now))).toBe('dt=late,hr=10');
    const future = (to: TableConfig['late']['to']) => rule(off, { after: 0, to });
    expect(place(future('dead_letter'), at(now + 1, now))).toBe('partition future dt');
    expect(place(future({ partition: { dt: 'future', hr: '-' } }), at(now + 1, now))).toBe('dt=future,hr=-');
    expect(place(future('dead_letter'), at(now, now))).toBe('dt=20261121,hr=12');
  });

  it('are never so without a record timestamp, nor by the time of the poll', () => {
    const mapper = rule({ after: 0, to: 'dead_letter' }, { after: 0, to: 'dead_letter' });
    for (const timestamp of [Number.NaN, -1]) {
      expect(place(mapper, at(now - hour, timestamp))).toBe('dt=20261121,hr=11');
      expect(place(mapper, at(now + hour, timestamp))).toBe('dt=20261121,hr=13');
    }
    const polled = mapperFor({
      partitions: { dt: time('yyyyMMdd', { time: '__ingest_time__' }) },
      late: { after: 0, to: 'dead_letter' },
      future: { after: 0, to: 'dead_letter' },
      absurd: { before: 0, afterRecord: 0 },
    });
    expect(place(polled, { value: 'x', timestamp: 1 })).toBe('dt=20261121');
  });

  it('do not leave their table partition to the next record', () => {
    const mapper = rule({ after: hour, to: { partition: { dt: 'late', hr: 'x' } } }, off);
    expect(place(mapper, at(now - 2 * hour, now))).toBe('dt=late,hr=x');
    expect(place(mapper, at(now, now))).toBe('dt=20261121,hr=12');
    expect(place(mapper, at(now - 2 * hour, now))).toBe('dt=late,hr=x');
  });
});

describe('table partitions by value', () => {
  it('are constants, fields and metadata, in the order of the table', () => {
    const mapper = mapperFor(
      {
        partitions: {
          app: { kind: 'source', from: "'shop'" },
          dt: time('yyyyMMdd'),
          city: { kind: 'source', from: 'city' },
          p: { kind: 'source', from: '__partition__' },
        },
      },
      { p: 'INT' },
    );
    const record = (city: unknown): TestRecord => ({ value: JSON.stringify({ at: '2026-11-21', city }) });
    expect(place(mapper, record('Berlin'))).toBe('app=shop,dt=20261121,city=Berlin,p=0');
    expect(place(mapper, record('Bern'))).toBe('app=shop,dt=20261121,city=Bern,p=0');
    expect(place(mapper, record(12.5))).toBe('app=shop,dt=20261121,city=12.5,p=0');
    expect(place(mapper, record(true))).toBe('app=shop,dt=20261121,city=true,p=0');
    for (const wrong of [
      null,
      undefined,
      '',
      'São Paulo',
      'a b',
      "a'b",
      'a/b',
      'a=b',
      'a,b',
      'x'.repeat(256),
      { a: 1 },
    ]) {
      expect([wrong, place(mapper, record(wrong))]).toEqual([wrong, 'partition bad_partition_value city']);
    }
    expect(place(mapper, record('x'.repeat(255)))).toBe(`app=shop,dt=20261121,city=${'x'.repeat(255)},p=0`);
  });

  it('fit the type of their column', () => {
    expect(partitionValue('007', { name: 'BIGINT' })).toEqual({ value: '7' });
    expect(partitionValue('-0', { name: 'INT' })).toEqual({ value: '0' });
    expect(partitionValue('128', { name: 'TINYINT' })).toHaveProperty('problem');
    expect(partitionValue('7a', { name: 'BIGINT' })).toHaveProperty('problem');
    expect(partitionValue('abc', { name: 'CHAR', length: 2 })).toHaveProperty('problem');
    expect(partitionValue('2026-11-21', { name: 'DATE' })).toEqual({ value: '2026-11-21' });
    expect(partitionValue('2026-02-30', { name: 'DATE' })).toHaveProperty('problem');
  });

  it('are empty for an unpartitioned table', () => {
    const plan = planOf({ columns: { o: 'BIGINT' }, table: { columns: { o: { from: '__offset__' } } } });
    expect(place(createRowMapper(plan, { value: null, key: null }), { value: null })).toBe('');
  });
});
