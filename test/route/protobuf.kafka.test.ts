import path from 'node:path';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import { openRegistry } from '../../src/decode/schema/registry.ts';
import { run } from '../decode/cells.ts';
import { framed } from '../decode/protobuf/samples.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

const RECORDS = 2_000;
const TABLE = 'protobuf_orders';
const SECOND = Date.UTC(2026, 10, 20) / 1000;

const PLACE = 'syntax = "proto3"; package shop.geo; message Place { string city = 1; }';
const BUYER =
  'syntax = "proto3"; package shop; import "shop/geo/place.proto"; message Buyer { string name = 1; geo.Place place = 2; }';
const MESSAGES = `
  message Visit { int64 order_id = 1; string note = 2; }
  message Shop {
    map<string, string> settings = 1;
    message Order {
      uint64 order_id = 1; Buyer buyer = 2; google.protobuf.Timestamp created_at = 3; Kind kind = 4;
      oneof pay { string card = 5; int32 points = 6; }
      repeated sint32 steps = 7; map<string, double> weights = 8; optional string coupon = 9;
    }
    enum Kind { KIND_UNKNOWN = 0; ONLINE = 1; SHOP = 2; }
  }`;
const ORDERS = `syntax = "proto3"; package shop;
  import "shop/buyer.proto"; import "google/protobuf/timestamp.proto"; ${MESSAGES}`;

/** All in one, for the library that has neither files nor references here. */
const root = protobuf.parse(
  `syntax = "proto3"; package shop; message Buyer { string name = 1; Place place = 2; } message Place { string city = 1; } ${MESSAGES}`,
  new protobuf.Root(),
  { keepCase: true },
).root;
root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')!.nested!);
const visit = root.resolveAll().lookupType('shop.Visit');
const order = root.lookupType('shop.Shop.Order');
/** Message indexes [1, 0], zigzag, behind their count. */
const ORDER_INDEXES = [4, 2, 0];

const isVisit = (i: number) => i % 4 === 3;
const broken = (i: number) => i % 100 === 99;

/** Event `i`: every fourth is a visit, by message index 0. */
function value(id: number, i: number): Uint8Array {
  if (broken(i)) return framed(id, Uint8Array.of(0x0a, 200), i % 200 === 99 ? [0] : [2, 18]);
  if (isVisit(i)) return framed(id, visit.encode({ order_id: i, note: `visit ${i}` }).finish());
  const body = {
    ...{ order_id: i, buyer: { name: `buyer ${i}`, place: { city: '杭州' } }, kind: i % 3 },
    ...{ created_at: { seconds: SECOND + i, nanos: 1_000_000 }, steps: [i, -i], weights: { total: i / 8 } },
    ...(i % 2 === 0 ? { card: `c${i}` } : { points: i }),
  };
  return framed(id, order.encode(body).finish(), ORDER_INDEXES);
}

describe('Protobuf records with a real registry: references, and messages by index', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('protobuf');
  const group = uniqueName('maxsink');
  let folder: TempDir;
  let registry: Registry;
  let emulator: EmulatorChild;
  let service: Service;
  let id: number;

  async function register(subject: string, schema: string, references: object[]): Promise<number> {
    const answer = await fetch(`${registry.url}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ schema, schemaType: 'PROTOBUF', references }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`registering ${subject}: ${text}`);
    return (JSON.parse(text) as { id: number }).id;
  }
  const refer = (name: string, subject: string) => ({ name, subject, version: 1 });

  beforeAll(async () => {
    folder = tempDir();
    [registry, emulator] = await Promise.all([
      startRegistry(),
      startEmulatorChild(),
      createTopic(bootstrap, topic, { topicPartitions: 1 }),
    ]);
    await register('place', PLACE, []);
    await register('buyer', BUYER, [refer('shop/geo/place.proto', 'place')]);
    id = await register(`${topic}-value`, ORDERS, [refer('shop/buyer.proto', 'buyer')]);
    const columns =
      'order_id BIGINT, buyer STRING, city STRING, created_at DATETIME, kind STRING, card STRING, points INT, step INT, total DOUBLE, coupon STRING, note STRING, kafka_offset BIGINT';
    await query(emulator, `CREATE TABLE ${TABLE} (${columns});`);
    const records = Array.from({ length: RECORDS }, (_, i) => ({
      value: Buffer.from(value(id, i)),
      topicPartition: 0,
    }));
    await produce(bootstrap, topic, records);
    service = await startService({
      ...{ folder, bootstrap, topic, group, emulator, table: TABLE },
      mapping: `  columns:
    order_id: orderId
    buyer: buyer.name
    city: buyer.place.city
    created_at: created_at
    kind: kind
    card: card
    points: points
    step: "steps[1]"
    total: weights.total
    coupon: coupon
    note: note
    kafka_offset: __offset__`,
      more: `decode: {value: {format: protobuf}}
schemaRegistry: {url: "${registry.url}"}
flush: {interval: 1000ms}`,
    });
    const acknowledged = () => service.logged('batch acknowledged').length > 0;
    await until(acknowledged, { what: 'the first batch' });
    await untilAcknowledged(
      () => committedOffsets(bootstrap, group, topic),
      await endOffsets(bootstrap, topic),
    );
  });

  afterAll(async () => {
    if (service?.running()) expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
    await Promise.all([emulator?.stop(), registry?.stop()]);
    folder?.remove();
  });

  it('arrive exactly, whichever message they are', async () => {
    const i = 'kafka_offset';
    const orders: Record<string, string> = {
      buyer: `'buyer ' || CAST(${i} AS STRING)`,
      city: "'杭州'",
      'TO_MILLIS(created_at)': `${Date.UTC(2026, 10, 20) + 1} + ${i} * 1000`,
      kind: `CASE ${i} % 3 WHEN 0 THEN 'KIND_UNKNOWN' WHEN 1 THEN 'ONLINE' ELSE 'SHOP' END`,
      card: `CASE WHEN ${i} % 2 = 0 THEN 'c' || CAST(${i} AS STRING) END`,
      points: `CASE WHEN ${i} % 2 = 1 THEN ${i} END`,
      step: `-${i}`,
      total: `CAST(${i} AS DOUBLE) / 8`,
    };
    const expected: Record<string, string> = {
      order_id: i,
      coupon: 'NULL',
      note: `CASE WHEN ${i} % 4 = 3 THEN 'visit ' || CAST(${i} AS STRING) END`,
      ...Object.fromEntries(
        Object.entries(orders).map(([name, sql]) => [name, `CASE WHEN ${i} % 4 < 3 THEN ${sql} END`]),
      ),
    };
    const wrong = Object.entries(expected).map(
      ([column, sql]) => `SUM(CASE WHEN ${column} IS DISTINCT FROM ${sql} THEN 1 ELSE 0 END)`,
    );
    const [counts] = await query(emulator, `SELECT COUNT(*), ${wrong.join(', ')} FROM ${TABLE};`);
    expect(counts).toEqual([RECORDS - RECORDS / 100, ...wrong.map(() => 0)]);
  });

  it('are dead letters when they are broken', () => {
    const letters = [...deadLetters(path.join(folder.path, 'dead-letters')).values()];
    expect(letters.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual(
      Array.from({ length: RECORDS / 100 }, (_, k) => k * 100 + 99),
    );
    for (const { code, stage, offset, value: original } of letters) {
      expect({ code, stage }).toEqual({ code: 'invalid_protobuf', stage: 'decode' });
      expect(original && Buffer.from(original)).toEqual(Buffer.from(value(id, offset)));
    }
  });

  it('have the schema that the registry gives, as it gives it', async () => {
    const options = { url: registry.url, username: null, password: null, token: null, ca: null };
    const schema = await openRegistry(options, { clock: systemClock }).schema(id);
    expect(schema).toMatchObject({ type: 'PROTOBUF' });
    expect(schema!.references.map(({ name }) => name)).toEqual(['shop/geo/place.proto', 'shop/buyer.proto']);
    const paths = [['buyer', 'place', 'city'], []];
    const decoder = createDecoder({ format: 'protobuf', paths });
    decoder.schemas!.add(id, schema);
    const bytes = value(id, 4);
    expect(run(decoder, paths, bytes, 0, bytes.length)).toMatchObject({ cells: [{ string: '杭州' }, {}] });
  });
});
