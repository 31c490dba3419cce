import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { addFault, clearFaults } from '../route/pipeline.ts';
import { query, startService } from '../route/service.ts';
import { groupState } from '../support/groups.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import {
  committedOffsets,
  createTopic,
  deleteRecords,
  endOffsets,
  listTopics,
  uniqueName,
} from '../support/topics.ts';
import {
  type CheckedPipeline,
  check,
  checked,
  configFile,
  startSilentServer,
  statsOf,
  TABLE_PARTITIONS,
  UNPARTITIONED,
} from './command.ts';

const COLUMNS = 'id BIGINT NOT NULL, name STRING';
const TOPIC_PARTITIONS = 2;

describe('maxsink check', () => {
  const brokers = inject('kafka');
  const topic = uniqueName('checked');
  let emulator: EmulatorChild;
  let folder: TempDir;
  /** Partitioned, with the table partition `hr=08`. */
  let ready: CheckedPipeline;

  const pipeline = (table: string): CheckedPipeline => {
    return { folder, emulator, brokers, topic, group: uniqueName('check'), table };
  };
  const tablePartitions = async (table: string) =>
    Object.keys((await statsOf(emulator)).tables[table]?.tablePartitions ?? {});

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild();
    await createTopic(brokers, topic, { topicPartitions: TOPIC_PARTITIONS });
    await query(emulator, `CREATE TABLE ready (${COLUMNS}) PARTITIONED BY (hr STRING);`);
    await query(emulator, `ALTER TABLE ready ADD PARTITION (hr='08');`);
    await query(emulator, `CREATE TABLE fresh (${COLUMNS}) PARTITIONED BY (hr STRING);`);
    await query(emulator, `CREATE TABLE flat (${COLUMNS});`);
    await produce(
      brokers,
      topic,
      Array.from({ length: 9 }, (_, i) => ({ value: `{"id":${i}}`, topicPartition: 0 })),
    );
    ready = pipeline('ready');
  });
  afterEach(() => clearFaults(emulator));
  afterAll(async () => {
    await emulator?.stop();
    folder?.remove();
  });

  describe('when all is well', () => {
    it('exits 0, has evidence for every right, and has changed nothing', async () => {
      const { exit, status, item, facts, stderr } = await checked(configFile(ready));
      expect([exit, stderr]).toEqual([0, '']);
      for (const right of ['Describe', 'Read']) expect(status(`topic ${topic} ${right}`)).toBe('ok');
      expect(item(`topic ${topic} Read`).evidence).toContain(
        `fetched from 2 of 2 topic partitions, 3 records`,
      );
      expect(status(`group ${ready.group} Read`)).toBe('ok');
      for (const right of ['Describe', 'Insert']) expect(status(`table demo.ready ${right}`)).toBe('ok');
      for (const block of ['without compression', 'with deflate']) {
        expect(status(`block ${block}`)).toBe('ok');
        expect(item(`block ${block}`).evidence).toMatch(/two joined pieces.*request id.*counts 3 rows/);
      }
      for (const right of ['Alter', 'Select'])
        expect(status(`table demo.ready ${right}`)).toBe('not_checked');
      expect(facts('rights')).toMatchObject({ tablePartition: 'hr=08', maxFieldBytes: 8_388_608 });

      const { tables, sessions, rows } = await statsOf(emulator);
      expect({ rows, committed: sessions.committed }).toEqual({ rows: 0, committed: 0 });
      expect(sessions.created).toBeGreaterThan(0);
      expect(tables.ready).toMatchObject({ rows: 0, tablePartitions: { 'hr=08': 0 } });
      expect(await groupState(brokers, ready.group)).toMatchObject({ state: 'DEAD', members: [] });
      expect(await committedOffsets(brokers, ready.group, topic)).toEqual(new Map());
      expect(existsSync(path.join(folder.path, 'dead-letters'))).toBe(false);
    });

    it('prints a report for people', async () => {
      const { exit, stdout } = await check(configFile(ready), '--replicas', '3');
      const lines = stdout.split('\n');
      expect(exit, stdout).toBe(0);
      for (const title of ['Configuration', 'Kafka', 'Table', 'Rights', 'Mapping', 'Quota', 'This machine'])
        expect(lines).toContain(title);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
      expect(stdout).toMatch(/ {2}ok {4}topic \S+ Read\s+fetched from 2 of 2/);
      expect(stdout).toMatch(/ {2}hr {6}STRING \(table partition\) {2}event_time/);
      expect(stdout).toContain('3 replicas for 2 topic partitions: 1 replica would be idle');
      expect(lines.at(-2)).toContain('0 failed');
    });

    it('needs no table partition for a table that has none', async () => {
      const { exit, status } = await checked(configFile(pipeline('flat'), UNPARTITIONED), '--write');
      expect(exit).toBe(0);
      expect([status('table demo.flat Insert'), status('table demo.flat Alter')]).toEqual([
        'ok',
        'not_checked',
      ]);
    });
  });

  describe('a table without table partitions', () => {
    it('gets none without --write: the right to insert stays open', async () => {
      const { exit, status, item } = await checked(configFile(pipeline('fresh')));
      expect(exit).toBe(0);
      expect(status('table demo.fresh Insert')).toBe('not_checked');
      expect(item('table demo.fresh Insert').evidence).toContain('--write');
      expect(await tablePartitions('fresh')).toEqual([]);
    });

    it('gets one of the form that a batch makes with --write, and no row', async () => {
      const { exit, status, item } = await checked(configFile(pipeline('fresh')), '--write');
      expect(exit).toBe(0);
      expect([status('table demo.fresh Insert'), status('table demo.fresh Alter')]).toEqual(['ok', 'ok']);
      const made = await tablePartitions('fresh');
      expect(made).toEqual([expect.stringMatching(/^hr=\d\d$/)]);
      expect(item('table demo.fresh Alter').evidence).toContain(made[0]);
      expect((await statsOf(emulator)).rows).toBe(0);
      const again = await checked(configFile(pipeline('fresh')), '--write');
      expect(again.item('table demo.fresh Alter').evidence).toContain('was there already');
      expect(await tablePartitions('fresh')).toEqual(made);
    });
  });

  describe('what it finds', () => {
    it.concurrent('a missing table: the statement that creates it; the rest goes on', async () => {
      const run = await checked(configFile(pipeline('absent')));
      expect(run.exit).toBe(3);
      expect(run.status('table demo.absent')).toBe('fail table_missing');
      const { ddl } = run.facts('table') as { ddl: string };
      expect(run.status(`topic ${topic} Read`)).toBe('ok');
      expect(run.status('mapping')).toBe('ok');
      await query(emulator, ddl);
      expect((await checked(configFile(pipeline('absent')))).exit).toBe(0);
      const text = await check(configFile(pipeline('gone')));
      expect(text.stdout).toContain('  PARTITIONED BY (\n    `hr` STRING\n  );');
    });

    it.concurrent('a mapping that does not fit: every mismatch', async () => {
      const mapping = '  columns: {ghost: g, id: id}\n  partitions: {day: {time: at, format: yyyyMMdd}}';
      const { exit, report } = await checked(configFile(ready, mapping));
      expect(exit).toBe(3);
      const { items } = report.sections.find(({ step }) => step === 'mapping')!;
      expect(items.filter(({ code }) => code === 'mapping_mismatch')).toHaveLength(3);
    });

    it.concurrent('a wrong access key, which is not told', async () => {
      const run = await checked(configFile({ ...ready, emulator: { ...emulator, accessKey: 'wr0ng-key' } }));
      expect(run.exit).toBe(3);
      expect(run.status('service')).toBe('fail maxcompute_auth');
      expect(run.status('table demo.ready Insert')).toBe('not_checked');
      expect(run.status(`group ${ready.group} Read`)).toBe('ok');
    });

    it.concurrent('a missing topic, which it does not create', async () => {
      const absent = uniqueName('absent');
      const run = await checked(configFile({ ...ready, topic: absent }));
      expect(run.exit).toBe(3);
      expect(run.status(`topic ${absent}`)).toBe('fail topic_missing');
      expect(run.status('table demo.ready Insert')).toBe('ok');
      expect(await listTopics(brokers)).not.toContain(absent);
    });

    it('a service that takes the configured compression no more', async () => {
      // After the whole body: an answer that comes before it may be lost with the connection, and is asked for again.
      const refusal = { action: 'status', status: 400, code: 'CorruptedDataStream', when: 'after' };
      const fault = await addFault(emulator, { route: 'block', ...refusal, times: 1 });
      const run = await checked(configFile(ready));
      expect(await fault.applied()).toBe(1);
      expect(run.exit).toBe(3);
      expect(run.status('block with deflate')).toBe('fail maxcompute_refused');
      expect(run.status('block without compression')).toBe('ok');
    });

    it('a service that is over quota: no fault of ours', async () => {
      await addFault(emulator, { route: 'session_create', action: 'status', status: 429 });
      const run = await checked(configFile(ready));
      expect(run.exit).toBe(0);
      expect(run.status('table demo.ready Insert')).toBe('warn maxcompute_over_quota');
    });

    it.concurrent('a service and brokers that never answer, within their time', async () => {
      const silent = await startSilentServer();
      const endpoint = `http://127.0.0.1:${silent.port}/api`;
      const file = configFile({
        ...ready,
        brokers: `127.0.0.1:${silent.port}`,
        emulator: { ...emulator, endpoint },
      });
      const run = await checked(file, '--write');
      silent.stop();
      expect(run.exit).toBe(3);
      expect(run.status('brokers')).toMatch(/^fail kafka_/);
      expect(run.status('service')).toBe('fail maxcompute_unreachable');
      expect(run.status('sessions')).toBe('ok');
    });
  });

  it('tells of running members without disturbing them, and of offsets that a start would miss', async () => {
    const other = { ...ready, topic: uniqueName('lost'), group: uniqueName('lost') };
    await createTopic(brokers, other.topic, { topicPartitions: 1 });
    const records = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ value: `{"id":${i},"event_time":${Date.now()}}` }));
    await produce(brokers, other.topic, records(10));
    const service = await startService({
      ...{ folder, emulator, bootstrap: brokers, topic: other.topic, group: other.group, table: 'ready' },
      mapping: `  columns: {id: id}\n${TABLE_PARTITIONS}`,
      more: 'flush: {interval: 1s}',
    });
    await service.waitFor('batch acknowledged');
    const running = await checked(configFile(other));
    expect(running.exit).toBe(0);
    expect(running.item(`group ${other.group} members`).evidence).toContain('1 active member, not disturbed');
    expect(running.item(`committed offsets of ${other.topic}`).evidence).toContain('1 of 1 topic partition');
    expect(service.logged('topic partitions revoked')).toEqual([]);
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });

    await produce(brokers, other.topic, records(10));
    await deleteRecords(brokers, other.topic, 0, (await endOffsets(brokers, other.topic)).get(0)! - 1);
    const lost = await checked(configFile(other));
    expect(lost.exit).toBe(3);
    expect(lost.status(`committed offsets of ${other.topic}`)).toBe('fail offset_lost');
    expect(lost.item(`committed offsets of ${other.topic}`).evidence).toContain(
      'committed 10, the log is 19..20: deleted before it was read',
    );
  });

  describe('the command line', () => {
    it('an invalid configuration: every problem, exit 2, also as JSON', async () => {
      const file = folder.write('invalid.yaml', 'name: orders\nkafka: {topics: 1}\ntable: {name: a b}\n');
      const text = await check(file);
      expect(text.exit).toBe(2);
      for (const key of ['kafka.brokers', 'table.name', 'maxcompute']) expect(text.stdout).toContain(key);
      const { exit, report } = await checked(file);
      expect(exit).toBe(2);
      expect(report.sections.map(({ step }) => step)).toEqual(['configuration']);
    });

    it.each([['--replicas', '0'], ['--replicas', 'x'], ['--rite']])('%s is refused', async (...args) => {
      const { exit, stdout } = await check(configFile(ready), ...args);
      expect([exit, stdout]).toEqual([2, '']);
    });
  });
});
