import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { failure } from './pipeline.ts';
import { query, type Service, type ServiceOptions, startService, untilAcknowledged } from './service.ts';

const MAPPING = `  create: if_missing
  columns:
    id: {from: id, type: BIGINT}
    amount: {from: amount, type: "DECIMAL(18,2)"}
    kafka_partition: {from: __partition__, type: INT}
    kafka_offset: {from: __offset__, type: BIGINT}
  partitions: {hr: {time: event_time, format: HH, zone: UTC, type: BIGINT}}`;
const TOPIC_PARTITIONS = 4;
const RECORDS = 2_000;
const MIDNIGHT = Date.UTC(2026, 10, 20);

describe('table.create: if_missing', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('created');
  const services: Service[] = [];
  let emulator: EmulatorChild;
  let folder: TempDir;

  const start = async (over: Partial<ServiceOptions>): Promise<Service> => {
    const options = { folder, bootstrap, topic, group: uniqueName('maxsink'), emulator };
    const more = 'flush: {interval: 1s}';
    services.push(await startService({ ...options, table: 'created', mapping: MAPPING, more, ...over }));
    return services.at(-1)!;
  };

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild();
    await createTopic(bootstrap, topic, { topicPartitions: TOPIC_PARTITIONS });
    const records = Array.from({ length: RECORDS }, (_, i) => {
      const timestamp = MIDNIGHT + (i % 2) * 3_600_000;
      const value = `{"id": ${i}, "amount": ${i}.25, "event_time": ${timestamp}}`;
      return { value, timestamp, topicPartition: i % TOPIC_PARTITIONS };
    });
    await produce(bootstrap, topic, records);
  });

  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await Promise.all(services.map((service) => service.exited));
    await emulator?.stop();
    folder?.remove();
  });

  it('two processes that start together create the table once, and all rows arrive', async () => {
    const group = uniqueName('maxsink');
    const both = await Promise.all([start({ group }), start({ group })]);
    await Promise.all(both.map((service) => service.waitFor('topic partitions assigned')));
    const committed = () => committedOffsets(bootstrap, group, topic);
    await untilAcknowledged(committed, await endOffsets(bootstrap, topic));
    const created = both.flatMap((service) => service.logged('table created'));
    expect(created.length).toBeGreaterThanOrEqual(1);
    expect(created[0]?.statement).toMatch(/^CREATE TABLE IF NOT EXISTS `demo`\.`created`/);
    const counts = 'COUNT(*), COUNT(DISTINCT id), CAST(SUM(amount) AS STRING), MIN(hr), MAX(hr)';
    expect(await query(emulator, `SELECT ${counts} FROM created;`)).toEqual([
      [RECORDS, RECORDS, `${(RECORDS * (RECORDS - 1)) / 2 + RECORDS / 4}`, 0, 1],
    ]);
    for (const service of both) expect(await service.stop()).toEqual({ code: 0, signal: null });
  });

  it('a column without a type ends the start with its place in the file', async () => {
    const service = await start({ table: 'untyped', mapping: MAPPING.replace(', type: BIGINT}', '}') });
    expect(await service.exited).toEqual({ code: 2, signal: null });
    expect(service.tail()).toMatch(
      /service-\d+\.yaml:\d+:5 table\.columns\.id\.type: create: if_missing needs it, such as BIGINT/,
    );
    const stats = (await (await fetch(`${emulator.tunnelEndpoint}/_stats`)).json()) as { tables: object };
    expect(Object.keys(stats.tables)).toEqual(['created']);
  });

  it('a table that is there stays as it is: its own columns must fit the mapping', async () => {
    await query(emulator, 'CREATE TABLE older (id STRING, note STRING) PARTITIONED BY (hr STRING);');
    const service = await start({ table: 'older' });
    expect(await service.exited).toEqual({ code: 2, signal: null });
    expect(failure(service)?.code).toBe('mapping_mismatch');
    expect(failure(service)?.message).toContain('table.columns.amount: the table has no such column');
    expect(service.logged('table created')).toEqual([]);
    expect(await query(emulator, 'SELECT COUNT(*), COUNT(note) FROM older;')).toEqual([[0, 0]]);
  });
});
