/** One record of the demo: an order event, or what is left of one. */
export interface DemoRecord {
  readonly key: string;
  readonly value: Buffer | null;
  /** Whether it must become a dead letter. */
  readonly broken: boolean;
}

const HOUR = 3600_000;
const CITIES = ['Hangzhou', 'Shanghai', '北京', 'Shenzhen', 'Singapore', 'Zürich'];
const STATUSES = ['created', 'paid', 'packed', 'shipped', 'delivered'];

/** Late arrivals: phones that were offline, a shop that sends once a day. */
const LATE_MS = [0.8 * HOUR, 2 * HOUR, 3.5 * HOUR, 26 * HOUR];
const LATE_SHARE = 0.08;
const BROKEN_SHARE = 0.01;

const BREAKAGES: readonly ((order: Record<string, unknown>) => Buffer | null)[] = [
  (order) => encode(order).subarray(0, -25),
  ({ event_time: _, ...order }) => encode(order),
  (order) => encode({ ...order, event_time: 'yesterday' }),
  (order) => encode({ ...order, amount: 'twelve' }),
  () => null,
];

/** The `n`th order, produced at `now` (ms): the same for the same arguments. */
export function orderRecord(n: number, now: number): DemoRecord {
  const random = sequence(n);
  const key = `c-${1000 + Math.floor(random() * 5000)}`;
  const order = orderEvent(n, key, eventTime(now, random), random);
  const broken = random() < BROKEN_SHARE;
  return { key, broken, value: broken ? pick(BREAKAGES, random)(order) : encode(order) };
}

function eventTime(now: number, random: () => number): number {
  const lateness = random() < LATE_SHARE ? pick(LATE_MS, random) : 0;
  return now - lateness - Math.floor(random() * 3_000);
}

function orderEvent(n: number, customer: string, at: number, random: () => number): Record<string, unknown> {
  const items = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
    sku: `SKU-${10_000 + Math.floor(random() * 90_000)}`,
    quantity: 1 + Math.floor(random() * 4),
    price: Math.floor(random() * 50_000) / 100,
  }));
  const amount = items.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
  return {
    order_id: 7_300_000_000 + n,
    event_time: new Date(at).toISOString(),
    status: pick(STATUSES, random),
    amount: amount.toFixed(2),
    currency: 'CNY',
    customer: { id: Number(customer.slice(2)), city: pick(CITIES, random), member: random() < 0.3 },
    items,
    channel: pick(['app', 'web', 'shop'], random),
  };
}

const encode = (order: object): Buffer => Buffer.from(JSON.stringify(order));

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)]!;

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function sequence(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
