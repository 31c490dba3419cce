import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { encode } from '../decode/avro/samples.ts';
import { framed } from '../support/framed.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

const MAPPING = `  create: if_missing
  columns:
    kafka_offset: {from: __offset__, type: BIGINT}
    customer: {from: __key__.customer, type: STRING}
    region: {from: __key__.region, type: STRING, default: none}
    id: {from: id, type: BIGINT}
    amount: {from: amount, type: "DECIMAL(18,2)"}
    carrier: {from: carrier, type: STRING}
    tags: {from: tags, type: "ARRAY<STRING>"}
    weight: {from: weight, type: DOUBLE}
    whole: {from: __value__, type: STRING}`;

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const record = (name: string, ...fields: object[]) => ({ type: 'record', name, namespace: 'shop', fields });

const DECIMAL = { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 };
const PAID = record('Paid', field('id', 'long'), field('amount', DECIMAL));
const SHIPPED_FIELDS = [field('id', 'long'), field('carrier', ['null', 'string'])];
const SHIPPED = record('Shipped', ...SHIPPED_FIELDS);
/** The new field stands in front: with the old schema everything behind it would be read wrongly. */
const SHIPPED_2 = record('Shipped', field('weight', 'double', { default: 0 }), ...SHIPPED_FIELDS);
const TAGGED = record('Tagged', field('tags', { type: 'array', items: 'string' }), field('id', 'long'));
const CUSTOMER = record('Customer', field('customer', 'string'));
const CUSTOMER_2 = record(
  'Customer',
  field('region', 'string', { default: '' }),
  field('customer', 'string'),
);

describe('Avro keys and values of several record types in one topic', () => {
  const bootstrap = inject('kafka');
  const [topic, group] = [uniqueName('events'), uniqueName('maxsink')];
  const table = topic.replaceAll('-', '_');
  let emulator: EmulatorChild;
  let folder: TempDir;
  let registry: Registry;
  let service: Service;

  /** Registers the schema under the subject and gives what encodes with it. */
  const writer = async (subject: string, schema: object) => {
    const id = await registry.register(subject, schema);
    return (value: unknown) => framed(id, encode(schema, value));
  };
  const send = async (...records: readonly (readonly [key: Buffer, value: Buffer])[]) => {
    await produce(
      bootstrap,
      topic,
      records.map(([key, value]) => ({ key, value, topicPartition: 0 })),
    );
    const committed = () => committedOffsets(bootstrap, group, topic);
    await untilAcknowledged(committed, await endOffsets(bootstrap, topic));
  };
  const rows = (from: number) =>
    query(
      emulator,
      `SELECT customer, region, id, amount, carrier, tags[1], weight FROM ${table} WHERE kafka_offset >= ${from} ORDER BY kafka_offset;`,
    );

  beforeAll(async () => {
    folder = tempDir();
    [registry, emulator] = await Promise.all([
      startRegistry(),
      startEmulatorChild(),
      createTopic(bootstrap, topic, { topicPartitions: 1 }),
    ]);
    const more = `decode: {value: {format: avro}, key: {format: avro}}
schemaRegistry: {url: "${registry.url}"}
flush: {interval: 1s}`;
    service = await startService({
      ...{ folder, bootstrap, topic, group, emulator, table, mapping: MAPPING, more },
    });
    await service.waitFor('topic partitions assigned');
  });

  afterAll(async () => {
    expect(await service?.stop(), service?.tail()).toEqual({ code: 0, signal: null });
    await Promise.all([emulator?.stop(), registry?.stop()]);
    folder?.remove();
  });

  it('become rows whatever subjects are called; what a type lacks is NULL', async () => {
    const key = (await writer(`${topic}-key`, CUSTOMER))({ customer: 'joe' });
    const paid = await writer(`${topic}-value`, PAID); // by topic
    const shipped = await writer('shop.Shipped', SHIPPED); // by record
    const tagged = await writer(`${topic}-shop.Tagged`, TAGGED); // by topic and record
    await send(
      [key, paid({ id: 1n, amount: Buffer.of(0xff) })],
      [key, shipped({ id: 2n, carrier: { string: '顺丰' } })],
      [key, tagged({ tags: ['a', 'b'], id: 2n ** 62n })],
      [key, shipped({ id: 4n, carrier: null })],
    );
    expect(await rows(0)).toEqual([
      ['joe', 'none', 1, -0.01, null, null, null],
      ['joe', 'none', 2, null, '顺丰', null, null],
      ['joe', 'none', Number(2n ** 62n), null, null, 'b', null],
      ['joe', 'none', 4, null, null, null, null],
    ]);
    const whole = `SELECT COUNT(*) FROM ${table} WHERE whole = '{"id":1,"amount":-0.01}';`;
    expect(await query(emulator, whole)).toEqual([[1]]);
  });

  it('change their schemas, key and value, without a restart', async () => {
    const key = (await writer(`${topic}-key`, CUSTOMER_2))({ region: 'east', customer: 'ann' });
    const shipped = await writer('shop.Shipped', SHIPPED_2);
    await send([key, shipped({ weight: 1.5, id: 5n, carrier: { string: 'DHL' } })]);
    expect(await rows(4)).toEqual([['ann', 'east', 5, null, 'DHL', null, 1.5]]);
  });

  it('go on while the registry is away, as long as their schemas are known; a broken key is a dead letter', async () => {
    const key = (await writer(`${topic}-key`, CUSTOMER))({ customer: 'joe' });
    const paid = await writer(`${topic}-value`, PAID);
    await registry.kill();
    await send(
      [key, paid({ id: 6n, amount: Buffer.of(1) })],
      [key.subarray(0, 7), paid({ id: 7n, amount: Buffer.of(1) })],
    );
    expect(await rows(5)).toEqual([['joe', 'none', 6, 0.01, null, null, null]]);
    expect(service.logged('schema registry: trying again')).toEqual([]);
    const letters = [...deadLetters(path.join(folder.path, 'dead-letters')).values()];
    expect(letters.map(({ offset, code }) => [offset, code])).toEqual([[6, 'invalid_avro']]);
  });
});
