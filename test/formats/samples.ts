import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import avro from 'avsc';
import protobuf from 'protobufjs';

/** Sample records for each example of config/formats, and the rows that they must become. */
export interface FormatSamples {
  /** `config/formats/<name>.yaml`; the topic is `orders-<name>`. */
  readonly name: string;
  /** Registered under `orders-<name>-value` and `-key`; absent: the example needs no registry. */
  readonly schema?: RegisteredText;
  readonly keySchema?: RegisteredText;
  /** `ids`: what the registry gave. */
  records(ids: SchemaIds): readonly SampleRecord[];
  /** Columns to compare, and what stands in them as the CSV of a result has it (quotes doubled), in order of the first two. */
  readonly select: string;
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  /** Codes of the dead letters, in order. */
  readonly rejected: readonly string[];
}

export interface SchemaIds {
  readonly value: number;
  readonly key: number;
}

interface RegisteredText {
  readonly type: 'AVRO' | 'PROTOBUF' | 'JSON';
  readonly text: string;
}

export interface SampleRecord {
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
}

const file = (name: string) => readFileSync(path.resolve('config/formats', name), 'utf8');

const MS = Date.parse('2026-11-21T01:30:00.250Z');
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function framed(id: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, body]);
}

const ORDERS = [
  {
    id: 1,
    amount: '12.50',
    created: '2026-11-21T01:30:00.250Z',
    tags: ['new', 'gift'],
    address: { city: '杭州', zip: '310000' },
    attributes: { colour: 'red' },
  },
  { id: 2, amount: '-3.00', created: '2026-11-21T16:30:00Z', tags: [], address: null, attributes: {} },
] as const;

const COMMON = 'id, CAST(amount AS STRING), city, address.zip, CAST(created AS STRING), dt';
const COMMON_ROWS = [
  [1, '12.5', '杭州', '310000', '2026-11-21 09:30:00.25', '20261121'],
  [2, '-3', null, null, '2026-11-22 00:30:00', '20261122'],
];
const BAD_JSON = Buffer.from('{"id": 3, "amount": ');

const avroType = avro.Type.forSchema(JSON.parse(file('order.avsc')));
const avroOrder = (order: (typeof ORDERS)[number]) =>
  avroType.toBuffer({
    id: order.id,
    amount: decimal(Math.round(Number(order.amount) * 100)),
    created: Date.parse(order.created) * 1000,
    tags: order.tags,
    address: order.address,
    attributes: order.attributes,
  });

/** Two's complement, big endian, as short as may be. */
function decimal(unscaled: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(unscaled);
  return bytes;
}

const KEY_SCHEMA = {
  type: 'record',
  name: 'OrderKey',
  namespace: 'shop',
  fields: [{ name: 'customer', type: 'string' }],
};
const keyType = avro.Type.forSchema(KEY_SCHEMA as avro.Schema);

const protoOrder = protobuf.parse(file('order.proto'), new protobuf.Root(), { keepCase: true }).root;
protoOrder.add(protobuf.parse(protobufTimestamp()).root.nested!.google!);
function protobufTimestamp(): string {
  return 'syntax = "proto3"; package google.protobuf; message Timestamp { int64 seconds = 1; int32 nanos = 2; }';
}
const Order = protoOrder.lookupType('shop.Order');
const protoBytes = (order: (typeof ORDERS)[number]): Uint8Array => {
  const ms = Date.parse(order.created);
  const created = { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
  return Order.encode(Order.create({ ...order, address: order.address ?? undefined, created })).finish();
};

const CONNECT_SCHEMA = {
  type: 'struct',
  fields: [
    { field: 'id', type: 'int64' },
    {
      field: 'amount',
      type: 'bytes',
      name: 'org.apache.kafka.connect.data.Decimal',
      parameters: { scale: '2' },
    },
    { field: 'created', type: 'int64', name: 'org.apache.kafka.connect.data.Timestamp' },
    { field: 'tags', type: 'array', items: { type: 'string' } },
    {
      field: 'address',
      type: 'struct',
      optional: true,
      fields: [
        { field: 'city', type: 'string' },
        { field: 'zip', type: 'string', optional: true },
      ],
    },
    { field: 'attributes', type: 'map', keys: { type: 'string' }, values: { type: 'string' } },
  ],
};
const connectOrder = (order: (typeof ORDERS)[number]) =>
  json({
    schema: CONNECT_SCHEMA,
    payload: {
      ...order,
      amount: decimal(Math.round(Number(order.amount) * 100)).toString('base64'),
      created: Date.parse(order.created),
    },
  });

const change = (op: string, before: object | null, after: object | null) =>
  json({ before, after, op, ts_ms: MS + 50, source: { db: 'shop', table: 'orders', ts_ms: MS } });
const canal = (type: string, data: readonly object[] | null, old: readonly object[] | null = null) =>
  json({
    ...{ id: 7, database: 'shop', table: 'orders', pkNames: ['id'], isDdl: false, type, es: MS, ts: MS + 50 },
    ...{ sql: '', sqlType: {}, mysqlType: {}, data, old },
  });

const double = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
};

export const FORMATS: readonly FormatSamples[] = [
  {
    name: 'json',
    records: () => [...ORDERS.map((order) => ({ value: json(order) })), { value: BAD_JSON }],
    ...{ select: COMMON, rows: COMMON_ROWS, rejected: ['invalid_json'] },
  },
  {
    name: 'jsonschema',
    schema: { type: 'JSON', text: file('order.schema.json') },
    records: ({ value }) => [
      ...ORDERS.map((order) => ({
        value: framed(value, json({ ...order, address: order.address ?? undefined })),
      })),
      { value: framed(value, json({ ...ORDERS[0], amount: '1.234' })) },
    ],
    ...{ select: COMMON, rows: COMMON_ROWS, rejected: ['invalid_jsonschema'] },
  },
  {
    name: 'avro',
    schema: { type: 'AVRO', text: file('order.avsc') },
    keySchema: { type: 'AVRO', text: JSON.stringify(KEY_SCHEMA) },
    records: (ids) => [
      ...ORDERS.map((order) => ({
        key: framed(ids.key, keyType.toBuffer({ customer: `c${order.id}` })),
        value: framed(ids.value, avroOrder(order)),
      })),
      { value: framed(ids.value, avroOrder(ORDERS[0]).subarray(0, -3)) },
    ],
    select: `${COMMON}, customer`,
    rows: COMMON_ROWS.map((row, i) => [...row, `c${i + 1}`]),
    rejected: ['invalid_avro'],
  },
  {
    name: 'avro-file',
    records: () => [...ORDERS.map((order) => ({ value: avroOrder(order) })), { value: Buffer.from([2]) }],
    ...{ select: COMMON, rows: COMMON_ROWS, rejected: ['invalid_avro'] },
  },
  {
    name: 'protobuf',
    schema: { type: 'PROTOBUF', text: file('order.proto') },
    records: ({ value }) => {
      const wrapped = (body: Uint8Array) => framed(value, Buffer.concat([Buffer.from([0]), body]));
      return [
        ...ORDERS.map((order) => ({ value: wrapped(protoBytes(order)) })),
        { value: wrapped(Buffer.from([0x0a, 0x05, 0x01])) },
      ];
    },
    ...{ select: COMMON, rows: COMMON_ROWS, rejected: ['invalid_protobuf'] },
  },
  {
    name: 'protobuf-file',
    records: () => [
      ...ORDERS.map((order) => ({ value: Buffer.from(protoBytes(order)) })),
      { value: Buffer.from([0x0a, 0x05, 0x01]) },
    ],
    ...{ select: COMMON, rows: COMMON_ROWS, rejected: ['invalid_protobuf'] },
  },
  {
    name: 'csv',
    // 杭州 in GBK.
    records: () => [
      {
        value: Buffer.concat([
          Buffer.from('1|12.50|2026-11-21 09:30:00|'),
          Buffer.from([0xba, 0xbc, 0xd6, 0xdd]),
          Buffer.from('|"a ""quoted"" | note"\r\n'),
        ]),
      },
      { value: Buffer.from('2|-3.00|2026-11-22 00:30:00||') },
      { value: Buffer.from('3|1.00|2026-11-22 00:30:00|"no end') },
    ],
    select: 'id, CAST(amount AS STRING), city, note, dt',
    rows: [
      [1, '12.5', '杭州', 'a ""quoted"" | note', '20261121'],
      [2, '-3', null, null, '20261122'],
    ],
    rejected: ['invalid_csv'],
  },
  {
    name: 'connect',
    records: () => [...ORDERS.map((order) => ({ value: connectOrder(order) })), { value: json(ORDERS[0]) }],
    ...{ select: COMMON, rows: COMMON_ROWS, rejected: ['not_an_envelope'] },
  },
  {
    name: 'debezium',
    records: () => [
      { value: change('c', null, { id: 1, amount: '12.50', status: 'new' }) },
      {
        value: change(
          'u',
          { id: 1, amount: '12.50', status: 'new' },
          { id: 1, amount: '12.50', status: 'paid' },
        ),
      },
      { value: change('d', { id: 1, amount: '12.50', status: 'paid' }, null) },
      { value: null },
      { value: json({ hello: 'world' }) },
    ],
    select:
      'kafka_offset, id, op, CAST(deleted AS STRING), status, status_before, source_table, CAST(changed AS STRING), dt',
    rows: [
      [0, 1, 'insert', 'false', 'new', null, 'orders', '2026-11-21 09:30:00.25', '20261121'],
      [1, 1, 'update', 'false', 'paid', 'new', 'orders', '2026-11-21 09:30:00.25', '20261121'],
      [2, 1, 'delete', 'true', 'paid', 'paid', 'orders', '2026-11-21 09:30:00.25', '20261121'],
    ],
    rejected: ['not_an_envelope'],
  },
  {
    name: 'canal',
    records: () => [
      {
        value: canal('INSERT', [
          { id: '1', amount: '12.50', status: 'new' },
          { id: '2', amount: '-3.00', status: 'new' },
        ]),
      },
      { value: canal('UPDATE', [{ id: '1', amount: '12.50', status: 'paid' }], [{ status: 'new' }]) },
      { value: canal('DELETE', [{ id: '2', amount: '-3.00', status: 'new' }]) },
      { value: json({ ...JSON.parse(canal('ALTER', null).toString()), isDdl: true }) },
      { value: canal('INSERT', [{ id: '3', amount: '1.00' }, { id: 'four' }]) },
    ],
    select: 'kafka_offset, row_in_record, id, op, CAST(deleted AS STRING), status, status_before',
    rows: [
      [0, 0, 1, 'insert', 'false', 'new', null],
      [0, 1, 2, 'insert', 'false', 'new', null],
      [1, 0, 1, 'update', 'false', 'paid', 'new'],
      [2, 0, 2, 'delete', 'true', 'new', 'new'],
    ],
    rejected: ['wrong_type'],
  },
  {
    name: 'primitive',
    records: () => [
      { key: Buffer.from('s1'), value: double(20.5) },
      { key: Buffer.from('s2'), value: double(-0.125) },
      { key: Buffer.from('s3'), value: Buffer.from('20.5') },
    ],
    select: 'sensor, reading',
    rows: [
      ['s1', 20.5],
      ['s2', -0.125],
    ],
    rejected: ['wrong_length'],
  },
  {
    name: 'gzip',
    records: () => [...ORDERS.map((order) => ({ value: gzipSync(json(order)) })), { value: json(ORDERS[0]) }],
    ...{ select: COMMON, rows: COMMON_ROWS, rejected: ['bad_compression'] },
  },
  {
    name: 'masked',
    records: () => {
      const order = (id: number, quantity: number, price: unknown) =>
        json({
          ...{ id, quantity, price, phone: '13912345678', email: 'zhang.wei@example.com' },
          ...{ customer: 'zhang', created: '2026-11-21T01:30:00.250Z' },
        });
      return [{ value: order(1, 2, 1.5) }, { value: order(2, 0, 1.5) }, { value: order(3, 1, 'much') }];
    },
    select: 'id, phone, email, LENGTH(customer), total',
    rows: [[1, '139****5678', 'z***@example.com', 64, 3]],
    rejected: ['expr_failed'],
  },
];
