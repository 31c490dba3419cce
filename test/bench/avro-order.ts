import { avroType } from '../support/avro.ts';
import { framed } from '../support/framed.ts';

/** The schema of the values. */
export const SCHEMA_ID = 7;

const record = (name: string, fields: Record<string, unknown>) => ({
  ...{ type: 'record', name },
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
});

/** The orders of support/orders.ts with the types that Avro has for their fields. */
export const SCHEMA = record('Order', {
  order_id: 'long',
  event_time: { type: 'long', logicalType: 'timestamp-millis' },
  created_at: { type: 'long', logicalType: 'timestamp-millis' },
  type: 'string',
  version: 'int',
  buyer: record('Buyer', {
    ...{ id: 'long', name: 'string', level: 'string' },
    address: record('Address', { city: 'string', zip: 'string', street: 'string' }),
  }),
  title: 'string',
  status: { type: 'enum', name: 'Status', symbols: ['created', 'paid', 'shipped', 'delivered', 'returned'] },
  amount: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 },
  currency: 'string',
  weight: 'double',
  paid: 'boolean',
  updated_at: { type: 'long', logicalType: 'timestamp-micros' },
  items: { type: 'array', items: record('Item', { sku: 'string', qty: 'int', price: 'double' }) },
  coupon: ['null', 'string'],
  channel: 'string',
  trace: 'string',
  note: 'string',
  tags: { type: 'array', items: 'string' },
  device: record('Device', { os: 'string', model: 'string', app: 'string', screen: 'string' }),
});

const type = avroType(SCHEMA);

/** The order of this JSON text in the Confluent wire format. */
export function avroOrder(json: Buffer): Buffer {
  const text = json.toString();
  const value = JSON.parse(text);
  const amount = Buffer.alloc(6);
  amount.writeIntBE(Math.round(value.amount * 10_000), 0, 6);
  const body = type.toBuffer({
    ...value,
    order_id: BigInt(/"order_id":(\d+)/.exec(text)![1]!),
    event_time: BigInt(value.event_time),
    created_at: BigInt(Date.parse(value.created_at)),
    updated_at: BigInt(Date.parse(value.updated_at)) * 1000n + 456n,
    buyer: { ...value.buyer, id: BigInt(value.buyer.id) },
    amount,
  });
  return framed(SCHEMA_ID, body);
}
