import { expect, it } from 'vitest';
import { orderRecord } from '../../src/demo/orders.ts';

const NOW = Date.parse('2026-11-20T04:00:00Z');
const records = Array.from({ length: 20_000 }, (_, n) => orderRecord(n, NOW));
const good = records.filter(({ broken }) => !broken);

it('is the same record for the same number and time', () => {
  expect(orderRecord(7, NOW)).toEqual(orderRecord(7, NOW));
  expect(orderRecord(7, NOW).value).not.toEqual(orderRecord(8, NOW).value);
});

it('breaks about one in a hundred, in every way', () => {
  const broken = records.filter((record) => record.broken).map(({ value }) => value);
  expect(broken.length).toBeGreaterThan(100);
  expect(broken.length).toBeLessThan(400);
  const texts = broken.map((value) => value?.toString() ?? null);
  expect(texts).toContain(null);
  expect(texts.some((text) => text?.includes('"event_time":"yesterday"'))).toBe(true);
  expect(texts.some((text) => text?.includes('"amount":"twelve"'))).toBe(true);
  expect(texts.some((text) => text !== null && !text.includes('event_time'))).toBe(true);
  expect(texts.some((text) => text !== null && !text.endsWith('}'))).toBe(true);
});

it('gives every good order an id of its own, a time in the past and an amount', () => {
  const orders = good.map(({ value }) => JSON.parse(value!.toString()));
  expect(new Set(orders.map(({ order_id }) => order_id)).size).toBe(good.length);
  const odd = orders.filter(
    ({ event_time, amount }) => !(Date.parse(event_time) <= NOW) || !/^\d+\.\d\d$/.test(amount),
  );
  expect(odd).toEqual([]);
});

it('sends some orders late, into few table partitions', () => {
  const hours = good.map(({ value }) => JSON.parse(value!.toString()).event_time.slice(0, 13));
  expect(new Set(hours).size).toBeLessThan(12);
  expect(hours.filter((hour) => hour < '2026-11-20T03').length).toBeGreaterThan(good.length * 0.05);
});
