import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce, type TestRecord } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { failure } from './pipeline.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

const bootstrap = inject('kafka');
const CLEAN = { code: 0, signal: null };
const LIMIT = { code: 6, signal: null };

const value = (fields: object): TestRecord => ({ value: JSON.stringify(fields) });
const numbered = (count: number, fields: (n: number) => object): TestRecord[] =>
  Array.from({ length: count }, (_, n) => value(fields(n)));

describe.concurrent('dirty records', () => {
  let emulator: EmulatorChild;
  const folders: TempDir[] = [];
  const services: Service[] = [];

  beforeAll(async () => {
    emulator = await startEmulatorChild();
  });
  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await Promise.all(services.map((service) => service.exited));
    await emulator?.stop();
    for (const folder of folders) folder.remove();
  });

  /** A topic, a table with these columns of the same names, and what is needed to run the service between them. */
  async function pipeline(columns: string, records: readonly TestRecord[]) {
    const folder = tempDir();
    folders.push(folder);
    const [topic, group] = [uniqueName('dirty'), uniqueName('maxsink')];
    const table = topic.replaceAll('-', '_');
    await createTopic(bootstrap, topic, { topicPartitions: 1 });
    await query(emulator, `CREATE TABLE ${table} (${columns}, kafka_offset BIGINT);`);
    await produce(bootstrap, topic, records);
    const names = [...columns.matchAll(/(\w+) [A-Z]/g)].map(([, name]) => name!);
    const base = { folder, bootstrap, topic, group, emulator, table };
    return {
      async start(
        more: string,
        mapping: Readonly<Record<string, string>> = {},
        { keys = '', interval = '1s' } = {},
      ) {
        const sources = names.map((name) => `    ${name}: ${mapping[name] ?? name}\n`).join('');
        const service = await startService({
          ...base,
          mapping: `  columns:\n${sources}    kafka_offset: __offset__\n${keys}`,
          more: `flush: {interval: ${interval}}\n${more}`,
        });
        services.push(service);
        await service.waitFor('topic partitions assigned');
        return service;
      },
      send: (more: readonly TestRecord[]) => produce(bootstrap, topic, more),
      settled: async () => {
        const ends = await endOffsets(bootstrap, topic);
        await untilAcknowledged(() => committedOffsets(bootstrap, group, topic), ends);
      },
      acknowledged: async () => (await committedOffsets(bootstrap, group, topic)).get(0)?.offset ?? 0,
      rows: (sql: string) => query(emulator, sql.replace('TABLE', table)),
      letters: () => [...deadLetters(path.join(folder.path, 'dead-letters')).values()],
    };
  }

  it('are mended, skipped or dead letters as each class says, and every one is counted', async () => {
    const one = await pipeline('name VARCHAR(3), n INT, d DATE, amount DECIMAL(5,2)', [
      value({ name: '桌子桌子', n: 1.9, d: '2026-11-20', amount: 1.239 }),
      value({ name: 'a', n: 'x', d: 'x', amount: -1 }),
      value({ name: 'b', n: 1e10, d: null, amount: 1 }),
      { value: '{"name": ' },
      { value: null },
      value({ name: 'c', n: 7, d: '2026-11-21', amount: 7 }),
    ]);
    const service = await one.start(
      `dirty: {classes: {too_long: truncate, not_exact: truncate, wrong_type: set_null, bad_time: default_value, tombstone: skip}}`,
      { d: '{from: d, default: "2000-01-01"}' },
    );
    await one.settled();
    expect(
      await one.rows(
        'SELECT name, n, CAST(d AS STRING), CAST(amount AS STRING), kafka_offset FROM TABLE ORDER BY kafka_offset;',
      ),
    ).toEqual([
      ['桌子桌', 1, '2026-11-20', '1.23', 0],
      ['a', null, '2000-01-01', '-1', 1],
      ['c', 7, '2026-11-21', '7', 5],
    ]);
    expect(one.letters().map(({ offset, code }) => [offset, code])).toEqual([
      [2, 'out_of_range'],
      [3, 'invalid_json'],
    ]);
    const lines = service.logged('batch acknowledged');
    const sum = (key: string) => lines.reduce((total, line) => total + Number(line[key]), 0);
    expect(['records', 'rows', 'deadLetters', 'filtered', 'skipped', 'deduplicated'].map(sum)).toEqual([
      6, 3, 2, 0, 1, 0,
    ]);
    const metrics = await service.page('metrics');
    for (const line of [
      'values_mended_total{code="not_exact",action="truncate"',
      'values_mended_total{code="too_long",action="truncate"',
      'values_mended_total{code="wrong_type",action="set_null"',
      'values_mended_total{code="bad_time",action="default_value"',
      'records_skipped_total{code="tombstone"',
    ]) {
      const found = metrics.split('\n').find((text) => text.startsWith(`maxsink_${line}`));
      expect([line, Number(found?.split(' ').at(-1))]).toEqual([line, line.includes('not_exact') ? 2 : 1]);
    }
    expect(await service.metric('maxsink_completeness_ratio')).toBe(1);
    expect(await service.stop(), service.tail()).toEqual(CLEAN);
  });

  it('that are all skipped still move the offsets', async () => {
    const one = await pipeline(
      'n INT',
      numbered(50, () => ({ n: 'x' })),
    );
    const service = await one.start('dirty: {default: skip}');
    await one.settled();
    expect(await service.metric('maxsink_records_skipped_total')).toBe(50);
    expect(await one.rows('SELECT COUNT(*) FROM TABLE;')).toEqual([[0]]);
    expect(await service.stop(), service.tail()).toEqual(CLEAN);
  });

  it('beyond dirty.limit.count end the service, and a restart ends again; more room lets it go on', async () => {
    const one = await pipeline(
      'n INT',
      numbered(100, (n) => ({ n: n % 10 === 5 ? 'x' : n })),
    );
    for (let start = 0; start < 2; start++) {
      const service = await one.start('dirty: {limit: {count: 8}}');
      expect(await service.exited, service.tail()).toEqual(LIMIT);
      expect(failure(service)).toMatchObject({
        code: 'dirty_limit',
        message: expect.stringMatching(
          /^\d+ dirty records, dirty\.limit\.count allows 8: wrong_type \d+; the last one: dirty-.*\[0\] offset \d5: wrong_type: column n: "x"/,
        ),
        hint: expect.stringContaining('a restart reads the same records again'),
      });
      expect([await one.acknowledged(), await one.rows('SELECT COUNT(*) FROM TABLE;')]).toEqual([0, [[0]]]);
      expect(one.letters()).toEqual([]);
    }
    const service = await one.start('dirty: {limit: {count: 10, percent: 100}}');
    await one.settled();
    expect(await one.rows('SELECT COUNT(*) FROM TABLE;')).toEqual([[90]]);
    expect(one.letters()).toHaveLength(10);
    expect(await service.stop(), service.tail()).toEqual(CLEAN);
  });

  it('beyond dirty.limit.percent end it at the seal of a batch', async () => {
    const one = await pipeline(
      'n INT',
      numbered(2_000, (n) => ({ n: n % 40 === 0 ? 'x' : n })),
    );
    // One batch, however slowly they come.
    const service = await one.start('dirty: {limit: {percent: 2}}', {}, { interval: '10m, rows: 1950' });
    expect(await service.exited, service.tail()).toEqual(LIMIT);
    expect(failure(service)?.message).toMatch(
      /^50 of 2000 records are dirty \(2\.50 %\), dirty\.limit\.percent allows 2: /,
    );
    expect(await one.acknowledged()).toBe(0);
  });

  it('of a class that stops end it there: what is before is in the table, the record is read again', async () => {
    const one = await pipeline('n INT', [
      ...numbered(30, (n) => ({ n })),
      { value: 'no json' },
      ...numbered(30, (n) => ({ n })),
    ]);
    const stopped = await one.start('dirty: {classes: {invalid_json: stop}}');
    expect(await stopped.exited, stopped.tail()).toEqual(LIMIT);
    expect(failure(stopped)?.message).toMatch(
      /dirty\.classes says stop for this record: dirty-.*\[0\] offset 30: invalid_json: /,
    );
    expect(await one.acknowledged()).toBe(30);
    expect(await one.rows('SELECT COUNT(*), MAX(kafka_offset) FROM TABLE;')).toEqual([[30, 29]]);
    const service = await one.start('');
    await one.settled();
    expect(await one.rows('SELECT COUNT(*), COUNT(DISTINCT kafka_offset) FROM TABLE;')).toEqual([[60, 60]]);
    expect(await service.stop(), service.tail()).toEqual(CLEAN);
  });

  it('and rows with an equal key are written once in a batch, over many chunks and several workers', async () => {
    const KEYS = 6_000;
    const records = numbered(3 * KEYS, (n) => ({ k: (n * 7) % KEYS, n, pad: '.'.repeat(200) }));
    const one = await pipeline('k BIGINT, n BIGINT', records);
    const service = await one.start(
      'memory: 16MiB\nworkers: 3',
      {},
      { keys: '  deduplicate: {key: [k]}', interval: '10m' },
    );
    await until(async () => (await service.metric('maxsink_records_read_total')) === records.length, {
      what: 'everything is read',
    });
    expect(await service.stop(), service.tail()).toEqual(CLEAN);
    const lines = service.logged('batch acknowledged');
    const sum = (key: string) => lines.reduce((total, line) => total + Number(line[key]), 0);
    expect(lines).toHaveLength(1);
    expect([sum('records'), sum('rows'), sum('deduplicated')]).toEqual([3 * KEYS, KEYS, 2 * KEYS]);
    expect(await one.rows('SELECT COUNT(*), COUNT(DISTINCT k), MAX(n) FROM TABLE;')).toEqual([
      [KEYS, KEYS, KEYS - 1],
    ]);
  });
});
