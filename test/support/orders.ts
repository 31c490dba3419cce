/**
 * Order events of about 1 KB for route tests and benchmarks: 20 top-level fields, nesting, UTF-8 text,
 * 5 % of ids with 18 digits, 10 % of titles with escapes; three hours of event time. Everything follows
 * from the number of the event, so that a test can work out what must be in the table.
 */
export const ORDERS_COLUMNS =
  'order_id BIGINT, created_at DATETIME, buyer STRING, city STRING, title STRING, status STRING, amount DECIMAL(18,4), weight DOUBLE, paid BOOLEAN, updated_at TIMESTAMP';

export const ORDERS_MAPPING = `
    order_id: order_id
    created_at: created_at
    buyer: buyer.name
    city: buyer.address.city
    title: title
    status: status
    amount: amount
    weight: weight
    paid: paid
    updated_at: updated_at`;

/** 2026-11-20T00:00:00Z: events spread over three hours from here. */
export const FIRST_EVENT = Date.UTC(2026, 10, 20);
const HOURS = 3;

export const BROKEN = [
  '',
  '{"order_id": 1',
  '[1,2]',
  'null',
  '{"order_id":"x","event_time":"soon"}',
] as const;

/** xorshift: the same numbers on every run. */
function random(seed: number): () => number {
  let state = seed * 2654435761 + 1013904223;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

const CITIES = ['杭州', '北京', '上海', 'Zürich', 'São Paulo', 'Berlin', '深圳', 'København'];
const STATUS = ['created', 'paid', 'shipped', 'delivered', 'returned'];
const WORDS = ['lamp', 'chair', '桌子', 'kettle', '自行车', 'book', 'phone', 'coat', 'mug', 'rug'];

export const eventTime = (i: number): number =>
  FIRST_EVENT + (((i * 7919) % (HOURS * 3600)) * 1000 + (i % 1000));

const pick = <T>(list: readonly T[], value: number): T => list[Math.floor(value * list.length)]!;

/** Event number `i` as JSON bytes. */
export function order(i: number): Buffer {
  const next = random(i + 1);
  const at = eventTime(i);
  const id =
    next() < 0.05 ? `9007199254740${String(100000 + (i % 899999)).slice(0, 5)}` : String(1_000_000 + i);
  const words = Array.from({ length: 6 }, () => pick(WORDS, next()));
  const title = next() < 0.1 ? `\\"${words.join(' ')}\\" \\u00e9\\n${words[0]}` : words.join(' ');
  const items = Array.from(
    { length: 3 },
    (_, k) => `{"sku":"SKU-${Math.floor(next() * 1e8)}","qty":${1 + k},"price":${(next() * 900).toFixed(2)}}`,
  );
  const hex = () =>
    Math.floor(next() * 4294967296)
      .toString(16)
      .padStart(8, '0');
  return Buffer.from(
    `{"order_id":${id},"event_time":${at},"created_at":"${new Date(at).toISOString()}","type":"order","version":3,` +
      `"buyer":{"id":${Math.floor(next() * 1e9)},"name":"buyer ${hex()}","level":"gold","address":{"city":"${pick(CITIES, next())}","zip":"${hex().slice(0, 6)}","street":"No ${i % 500} ${pick(WORDS, next())} road"}},` +
      `"title":"${title}","status":"${pick(STATUS, next())}","amount":${(next() * 10000).toFixed(2)},"currency":"CNY","weight":${next() * 20},` +
      `"paid":${next() < 0.8},"updated_at":"${new Date(at + 1234).toISOString().replace('Z', '456Z')}","items":[${items.join(',')}],` +
      `"coupon":null,"channel":"app","trace":"${hex()}${hex()}${hex()}${hex()}","note":"${[0, 1, 2, 3].map(() => `${hex()} ${words.join(' ')}`).join('; ')}",` +
      `"tags":["a${hex()}","b${hex()}","c${hex()}"],"device":{"os":"android","model":"M${i % 97}","app":"8.${i % 30}.1","screen":"1080x2400"}}`,
  );
}
