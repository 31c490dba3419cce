import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BROKEN, eventTime, ORDERS_COLUMNS, ORDERS_MAPPING, order } from '../support/orders.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { sleep, until } from '../support/until.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

/** 1,000,000 for the long run: ROUTE_RECORDS=1000000. */
const RECORDS = Number(process.env.ROUTE_RECORDS ?? 200_000);
const TOPIC_PARTITIONS = 4;
const INTERVAL_MS = 3_000;
const TABLE = 'ods_orders';

const MAPPING = `  columns:${ORDERS_MAPPING}
    kafka_partition: __partition__
    kafka_offset: __offset__
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: Asia/Shanghai}
    hr: {time: event_time, format: HH, zone: Asia/Shanghai}`;

/** Record `i` stands at offset i / 4 of topic partition i % 4; every 500th is broken. */
const broken = (i: number) => i % 500 === 499;

function* records() {
  for (let i = 0; i < RECORDS; i++) {
    const kind = BROKEN[((i / 500) % BROKEN.length) | 0]!;
    // An empty value would be written as a tombstone, which is as good a broken record.
    const value = broken(i) ? (kind === '' ? null : kind) : order(i);
    yield { value, topicPartition: i % TOPIC_PARTITIONS, timestamp: eventTime(i) + 5_000 };
  }
}

describe('JSON records from a real Kafka, two processes, one joins late, one is killed', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('orders');
  const group = uniqueName('maxsink');
  const committed = () => committedOffsets(bootstrap, group, topic);
  const services: Service[] = [];
  let emulator: EmulatorChild;
  let folder: TempDir;

  const start = async () => {
    const more = `flush: {interval: ${INTERVAL_MS}ms}`;
    services.push(
      await startService({ folder, bootstrap, topic, group, emulator, table: TABLE, mapping: MAPPING, more }),
    );
    return services.at(-1)!;
  };

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild();
    await createTopic(bootstrap, topic, { topicPartitions: TOPIC_PARTITIONS });
    const columns = `${ORDERS_COLUMNS}, kafka_partition BIGINT, kafka_offset BIGINT`;
    await query(emulator, `CREATE TABLE ${TABLE} (${columns}) PARTITIONED BY (dt STRING, hr STRING);`);

    const producing = produce(bootstrap, topic, records(), { 'enable.idempotence': true });
    const first = await start();
    await until(() => first.logged('batch acknowledged').length > 0, {
      what: 'the first batch',
    });
    const second = await start();
    await until(() => second.logged('topic partitions assigned').length > 0, {
      what: 'the late member',
    });
    await sleep(INTERVAL_MS / 2);
    first.kill('SIGKILL');
    await first.exited;
    await start();
    await producing;
    await untilAcknowledged(committed, await endOffsets(bootstrap, topic));
  });

  afterAll(async () => {
    const running = services.filter((service) => service.running());
    for (const service of running)
      expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
    await emulator?.stop();
    folder?.remove();
  });

  it('every good offset is in the table', async () => {
    const rows = await query(
      emulator,
      `SELECT kafka_partition, COUNT(DISTINCT kafka_offset) FROM ${TABLE} GROUP BY kafka_partition ORDER BY 1;`,
    );
    const expected = Array.from({ length: TOPIC_PARTITIONS }, () => 0);
    for (let i = 0; i < RECORDS; i++) if (!broken(i)) expected[i % TOPIC_PARTITIONS]! += 1;
    expect(rows.map(([, count]) => count)).toEqual(expected);
  });

  it('nothing that is in the table was broken', async () => {
    const sql = `SELECT COUNT(*) FROM ${TABLE} WHERE (kafka_offset * 4 + kafka_partition) % 500 = 499;`;
    expect(await query(emulator, sql)).toEqual([[0]]);
  });

  it('no record is there twice, though a process was killed', async () => {
    const sql = `SELECT COUNT(*), COUNT(DISTINCT kafka_offset * 4 + kafka_partition) FROM ${TABLE};`;
    const [[rows, distinct] = []] = await query(emulator, sql);
    expect(rows).toBe(distinct);
  });

  it('every row is in the table partition of its event time', async () => {
    const seconds = '((kafka_offset * 4 + kafka_partition) * 7919) % 10800';
    const sql = `SELECT COUNT(*) FROM ${TABLE} WHERE dt <> '20261120' OR CAST(hr AS BIGINT) <> 8 + CAST(FLOOR((${seconds}) / 3600) AS BIGINT);`;
    expect(await query(emulator, sql)).toEqual([[0]]);
  });

  it('each broken record is a dead letter with its reason and original bytes', () => {
    const letters = deadLetters(path.join(folder.path, 'dead-letters'));
    const expected = Array.from({ length: RECORDS }, (_, i) => i).filter(broken);
    expect([...letters.keys()].sort()).toEqual(
      expected.map((i) => `${topic}-${i % 4}-${Math.floor(i / 4)}`).sort(),
    );
    for (const letter of letters.values()) {
      const i = letter.offset * 4 + letter.partition;
      const kind = BROKEN[((i / 500) | 0) % BROKEN.length]!;
      expect(letter.value === null ? '' : Buffer.from(letter.value).toString()).toBe(kind);
      expect(letter.code).toBe(
        ['tombstone', 'invalid_json', 'not_an_object', 'not_an_object', letter.code][BROKEN.indexOf(kind)],
      );
    }
  });

  it('batches end with the flush interval while records come', () => {
    const batches = services.flatMap((service) => service.logged('batch acknowledged'));
    expect(batches.length).toBeGreaterThan(1);
    const ends = new Set(batches.map(({ sealedBy }) => sealedBy));
    expect([...ends].filter((end) => !['age', 'revoke'].includes(String(end)))).toEqual([]);
    expect(ends).toContain('age');
  });

  it('the survivors are live and ready', async () => {
    const running = services.filter((service) => service.running());
    expect(running).toHaveLength(2);
    for (const service of running) {
      expect(await service.probe('live')).toBe(200);
      await until(async () => (await service.probe('ready')) === 200, { what: '/ready is 200' });
    }
  });
});
