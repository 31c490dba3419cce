import { avroType } from '../support/avro.ts';
import { framed } from '../support/framed.ts';
import { eventTime } from '../support/orders.ts';

/** Order events as Avro; everything follows from the number of the event. */
const FIELDS: object[] = [
  { name: 'order_id', type: 'long' },
  { name: 'event_time', type: { type: 'long', logicalType: 'timestamp-millis' } },
  {
    name: 'buyer',
    type: {
      type: 'record',
      name: 'Buyer',
      fields: [
        { name: 'id', type: 'long' },
        { name: 'name', type: 'string' },
        { name: 'city', type: 'string' },
      ],
    },
  },
  { name: 'coupon', type: ['null', 'string'], default: null },
  { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 } },
  { name: 'weight', type: 'double' },
  { name: 'paid', type: 'boolean' },
];
const CHANNEL = { name: 'channel', type: 'string', default: 'web' };

export const FIRST_SCHEMA = { type: 'record', name: 'Order', fields: FIELDS };
/** The new field stands in the middle: with the old schema every byte behind it would be read wrongly. */
export const SECOND_SCHEMA = { ...FIRST_SCHEMA, fields: FIELDS.toSpliced(2, 0, CHANNEL) };

export const AVRO_COLUMNS =
  'order_id BIGINT, created_at DATETIME, buyer STRING, city STRING, coupon STRING, amount DECIMAL(18,4), weight DOUBLE, paid BOOLEAN, channel STRING';

export const AVRO_MAPPING = `
    order_id: order_id
    created_at: event_time
    buyer: buyer.name
    city: buyer.city
    coupon: coupon
    amount: amount
    weight: weight
    paid: paid
    channel: {from: channel, default: old}`;

const CITIES = ['杭州', 'Zürich', 'São Paulo', 'Berlin', '深圳'] as const;
const LARGEST = 2n ** 63n - 1n;
const LARGEST_AMOUNT = 10n ** 18n - 1n;

/** Every thousandth is close to the largest long and the largest decimal. */
const isLarge = (i: number): boolean => i % 1000 === 0;
/** In ten thousandths; the first ones are negative. */
const amount = (i: number): bigint =>
  isLarge(i) ? LARGEST_AMOUNT - BigInt(i) : BigInt(i * 7919 - 5_000_000);

/** What each column must be, in SQL; `i` is the number of the event, `second` the first one with the new schema. */
export const expectedColumns = (i: string, second: number): Record<string, string> => ({
  order_id: `CASE WHEN ${i} % 1000 = 0 THEN ${LARGEST} - ${i} ELSE 1000000 + ${i} END`,
  'TO_MILLIS(created_at)': `${Date.UTC(2026, 10, 20)} + ${i} * 7919 % 10800 * 1000 + ${i} % 1000`,
  buyer: `'buyer ' || CAST(${i} AS STRING)`,
  city: `CASE ${i} % 5 ${CITIES.map((city, k) => `WHEN ${k} THEN '${city}'`).join(' ')} END`,
  coupon: `CASE WHEN ${i} % 3 > 0 THEN 'C' || CAST(${i} % 100 AS STRING) END`,
  'CAST(amount * 10000 AS BIGINT)': `CASE WHEN ${i} % 1000 = 0 THEN ${LARGEST_AMOUNT} - ${i} ELSE ${i} * 7919 - 5000000 END`,
  weight: `CAST(${i} AS DOUBLE) / 8`,
  paid: `(${i} % 2 = 1)`,
  channel: `CASE WHEN ${i} >= ${second} THEN 'app ' || CAST(${i} % 7 AS STRING) ELSE 'old' END`,
});

/** Encodes event number `i` in the Confluent wire format, with the writer schema of this registry id. */
export function avroOrders(schema: object, id: number): (i: number) => Buffer {
  const type = avroType(schema);
  return (i) => framed(id, type.toBuffer(event(i)));
}

const event = (i: number) => ({
  order_id: isLarge(i) ? LARGEST - BigInt(i) : BigInt(1_000_000 + i),
  event_time: BigInt(eventTime(i)),
  channel: `app ${i % 7}`,
  buyer: { id: BigInt(-i), name: `buyer ${i}`, city: CITIES[i % CITIES.length] },
  coupon: i % 3 > 0 ? { string: `C${i % 100}` } : null,
  amount: twosComplement(amount(i)),
  weight: i / 8,
  paid: i % 2 === 1,
});

/** As few bytes as the number needs. */
function twosComplement(value: bigint): Buffer {
  let size = 1;
  while (BigInt.asIntN(8 * size, value) !== value) size += 1;
  const hex = BigInt.asUintN(8 * size, value).toString(16);
  return Buffer.from(hex.padStart(2 * size, '0'), 'hex');
}
