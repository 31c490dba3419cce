import { afterAll, expect, inject, it } from 'vitest';
import { produce } from '../../support/records.ts';
import { createTopic, uniqueName } from '../../support/topics.ts';
import { until } from '../../support/until.ts';
import { openReader } from '../reader.ts';

const bootstrap = inject('kafka');
const HOUR = 3_600_000;

const open: Awaited<ReturnType<typeof openReader>>[] = [];
afterAll(async () => {
  for (const one of open) await one.source.stop();
});

/** A reader of a new topic with these records; all of them are read, nothing is acknowledged. */
async function readerOf(records: { value: string; timestamp?: number }[]) {
  const topic = await createTopic(bootstrap, uniqueName('lag'), { topicPartitions: 1 });
  await produce(bootstrap, topic, records);
  const reader = await openReader({ bootstrap, topics: [topic], group: uniqueName('g') });
  open.push(reader);
  await reader.untilRead(records.length);
  return { topic, reader, lag: () => reader.source.snapshot().topicPartitions[0]! };
}

it('ends where reading has come to, even before the brokers are asked again', async () => {
  const { topic, reader, lag } = await readerOf([{ value: 'a' }]);
  await until(() => lag().stableEnd === 1, { what: 'the end of the log' });
  await produce(bootstrap, topic, [{ value: 'b' }, { value: 'c' }]);
  await reader.untilRead(3);
  expect(lag()).toMatchObject({ acknowledged: 0, position: 3, stableEnd: 3, unreadSince: null });
});

it('has the age of the first record in the log when the source stands still', async () => {
  const written = Date.now() - HOUR;
  const { topic, reader, lag } = await readerOf([{ value: 'a', timestamp: written - HOUR }]);
  await reader.acknowledge([{ topic, partition: 0, offset: 1 }]);
  reader.source.stopReading();
  await produce(bootstrap, topic, [{ value: 'b', timestamp: written }]);
  const known = () => lag().unreadSince !== null && Date.now() - lag().unreadSince! > HOUR / 2;
  await until(known, { what: 'the age of the unread record' });
  expect(Date.now() - lag().unreadSince!).toBeLessThan(1.1 * HOUR);
  expect(lag()).toMatchObject({ acknowledged: 1, position: 1, stableEnd: 2 });
});
