import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { framed } from '../support/framed.ts';
import { eventTime } from '../support/orders.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { sleep, until } from '../support/until.ts';
import {
  AVRO_COLUMNS,
  AVRO_MAPPING,
  avroOrders,
  expectedColumns,
  FIRST_SCHEMA,
  SECOND_SCHEMA,
} from './avro-orders.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

/** 1,000,000 for the long run: ROUTE_RECORDS=1000000. */
const RECORDS = Number(process.env.ROUTE_RECORDS ?? 200_000);
const TOPIC_PARTITIONS = 4;
/** Where the producer goes over to the second schema. */
const SECOND = RECORDS / 2;
const INTERVAL_MS = 3_000;
/** A member that does not poll for this long is out of the group. */
const MAX_POLL_MS = 7_000;
const UNKNOWN_ID = 987_654;
const TABLE = 'ods_orders';
/** Number of the event of a row. */
const EVENT = '(kafka_offset * 4 + kafka_partition)';

const MAPPING = `  columns:${AVRO_MAPPING}
    kafka_partition: __partition__
    kafka_offset: __offset__
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: Asia/Shanghai}
    hr: {time: event_time, format: HH, zone: Asia/Shanghai}`;

/** Record `i` stands at offset i / 4 of topic partition i % 4; every 500th is broken. */
const broken = (i: number) => i % 500 === 499;
const BROKEN: readonly { readonly code: string; readonly bytes: (good: Buffer) => Buffer | null }[] = [
  { code: 'invalid_avro', bytes: (good) => Buffer.from([1, ...good.subarray(1)]) }, // magic byte
  { code: 'invalid_avro', bytes: (good) => good.subarray(0, good.length - 3) },
  { code: 'unknown_schema', bytes: (good) => framed(UNKNOWN_ID, good.subarray(5)) },
  { code: 'tombstone', bytes: () => null },
];
const kindOf = (i: number) => BROKEN[Math.floor(i / 500) % BROKEN.length]!;

describe('Avro records from a real Kafka, two processes, a registry that goes away when a new schema comes', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('orders');
  const group = uniqueName('maxsink');
  const services: Service[] = [];
  let registry: Registry;
  let emulator: EmulatorChild;
  let folder: TempDir;
  let encode: (i: number) => Buffer;
  let beforeOutage: object;
  let afterOutage: object;

  function* records(from: number, to: number) {
    for (let i = from; i < to; i++) {
      const value = broken(i) ? kindOf(i).bytes(encode(i)) : encode(i);
      yield { value, topicPartition: i % TOPIC_PARTITIONS, timestamp: eventTime(i) + 5_000 };
    }
  }
  const send = (from: number, to: number) =>
    produce(bootstrap, topic, records(from, to), { 'enable.idempotence': true });
  const committed = () => committedOffsets(bootstrap, group, topic);
  const settled = async () => untilAcknowledged(committed, await endOffsets(bootstrap, topic));

  const start = async () => {
    const more = `decode: {value: {format: avro}}
schemaRegistry: {url: "${registry.url}"}
flush: {interval: ${INTERVAL_MS}ms}`;
    const kafkaOptions = { 'max.poll.interval.ms': MAX_POLL_MS };
    services.push(
      await startService({
        ...{ folder, bootstrap, topic, group, emulator },
        ...{ table: TABLE, mapping: MAPPING, more, kafkaOptions },
      }),
    );
    return services.at(-1)!;
  };
  const assigned = (service: Service) => () => service.logged('topic partitions assigned').length > 0;

  const membership = async () => ({
    rebalances: await sum(services, 'maxsink_rebalances_total'),
    abandoned: await sum(services, 'maxsink_batches_abandoned_total'),
    revoked: services.flatMap((service) => service.logged('topic partitions revoked')).length,
    lost: services.flatMap((service) => service.logged('topic partitions lost')).length,
  });

  beforeAll(async () => {
    folder = tempDir();
    [registry, emulator] = await Promise.all([
      startRegistry(),
      startEmulatorChild(),
      createTopic(bootstrap, topic, { topicPartitions: TOPIC_PARTITIONS }),
    ]);
    const first = avroOrders(FIRST_SCHEMA, await registry.register(`${topic}-value`, FIRST_SCHEMA));
    const second = avroOrders(SECOND_SCHEMA, await registry.register(`${topic}-value`, SECOND_SCHEMA));
    encode = (i) => (i < SECOND ? first(i) : second(i));
    const columns = `${AVRO_COLUMNS}, kafka_partition BIGINT, kafka_offset BIGINT`;
    await query(emulator, `CREATE TABLE ${TABLE} (${columns}) PARTITIONED BY (dt STRING, hr STRING);`);

    const producing = send(0, SECOND);
    const early = await start();
    await until(() => early.logged('batch acknowledged').length > 0, {
      what: 'the first batch',
    });
    const late = await start();
    await until(assigned(late), { what: 'the late member' });
    // Its entry is over when the early one has its new share too.
    const shared = () => early.logged('topic partitions assigned').length >= 2;
    await until(shared, { what: 'the new share of the early member' });
    await producing;
    await settled();

    beforeOutage = await membership();
    await registry.kill();
    await send(SECOND, RECORDS);
    const asking = (service: Service) => service.logged('schema registry: trying again');
    await until(() => services.every((service) => asking(service).length > 0), { what: 'both members ask' });
    await sleep(MAX_POLL_MS + 1_000);
    afterOutage = await membership();
    const sessions = await early.metric('maxsink_sessions_created_total');
    const again = until(async () => (await early.metric('maxsink_sessions_created_total')) > sessions, {
      what: 'rows again',
      everyMs: 20,
    });
    await Promise.all([registry.start(), again.then(() => early.kill('SIGKILL'))]);
    await early.exited;
    await start();
    await settled();
  });

  afterAll(async () => {
    const running = services.filter((service) => service.running());
    for (const service of running)
      expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
    await Promise.all([emulator?.stop(), registry?.stop()]);
    folder?.remove();
  });

  it('every good offset is in the table at least once, and no broken one', async () => {
    const rows = await query(
      emulator,
      `SELECT kafka_partition, COUNT(DISTINCT kafka_offset) FROM ${TABLE} GROUP BY kafka_partition ORDER BY 1;`,
    );
    const expected = Array.from({ length: TOPIC_PARTITIONS }, () => 0);
    for (let i = 0; i < RECORDS; i++) if (!broken(i)) expected[i % TOPIC_PARTITIONS]! += 1;
    expect(rows.map(([, count]) => count)).toEqual(expected);
    const sql = `SELECT COUNT(*) FROM ${TABLE} WHERE ${EVENT} % 500 = 499;`;
    expect(await query(emulator, sql)).toEqual([[0]]);
  });

  it('the group stayed as it was while the registry was away', () => {
    expect(afterOutage).toEqual(beforeOutage);
  });

  it('no record is there twice, though a process was killed', async () => {
    const sql = `SELECT COUNT(*) FROM (SELECT 1 FROM ${TABLE} GROUP BY kafka_partition, kafka_offset HAVING COUNT(*) > 1);`;
    expect(await query(emulator, sql)).toEqual([[0]]);
  });

  it('every value of every row is exact, with either writer schema', async () => {
    const wrong = Object.entries(expectedColumns(EVENT, SECOND)).map(
      ([column, value]) => `SUM(CASE WHEN ${column} IS DISTINCT FROM ${value} THEN 1 ELSE 0 END)`,
    );
    const [counts] = await query(emulator, `SELECT ${wrong.join(', ')} FROM ${TABLE};`);
    expect(counts).toEqual(wrong.map(() => 0));
    const sample = `SELECT DISTINCT CAST(order_id AS STRING), CAST(amount AS STRING), CAST(created_at AS STRING), channel FROM ${TABLE} WHERE ${EVENT} IN (0, 1) ORDER BY 1 DESC;`;
    expect(await query(emulator, sample)).toEqual([
      ['9223372036854775807', '99999999999999.9999', '2026-11-20 08:00:00', 'old'],
      ['1000001', '-499.2081', '2026-11-20 10:11:59', 'old'],
    ]);
  });

  it('every row is in the table partition of its event time', async () => {
    const sql = `SELECT COUNT(*) FROM ${TABLE} WHERE dt <> '20261120' OR CAST(hr AS BIGINT) <> 8 + CAST(FLOOR(((${EVENT} * 7919) % 10800) / 3600) AS BIGINT);`;
    expect(await query(emulator, sql)).toEqual([[0]]);
  });

  it('each broken record is a dead letter with its code and original bytes', () => {
    const letters = deadLetters(path.join(folder.path, 'dead-letters'));
    const expected = Array.from({ length: RECORDS }, (_, i) => i).filter(broken);
    expect([...letters.keys()].sort()).toEqual(
      expected.map((i) => `${topic}-${i % 4}-${Math.floor(i / 4)}`).sort(),
    );
    for (const letter of letters.values()) {
      const i = letter.offset * 4 + letter.partition;
      const { code, bytes } = kindOf(i);
      expect(letter).toMatchObject({ code, stage: 'decode' });
      expect(letter.value && Buffer.from(letter.value)).toEqual(bytes(encode(i)));
    }
  });
});

async function sum(services: readonly Service[], metric: string): Promise<number> {
  const values = await Promise.all(services.map((service) => service.metric(metric)));
  return values.reduce((total, value) => total + value, 0);
}
