import { expect, inject, it } from 'vitest';
import { connect, createConsumer } from '../../../src/source/client/client.ts';
import { createLeave } from '../../../src/source/client/leave.ts';
import { clientProperties } from '../../../src/source/client/settings.ts';
import { kafkaSettings } from '../../support/kafka-settings.ts';
import { sleep } from '../../support/until.ts';

const bootstrap = inject('kafka');

it('a rebalance that is told to a client that closes, or is closed, is answered only while it is there', async () => {
  const events = { onRebalance: () => undefined, onOffsetCommit: () => undefined };
  const consumer = createConsumer(clientProperties(kafkaSettings(bootstrap), 8 << 20), events);
  await connect(consumer, 10_000);
  const leave = createLeave(consumer, () => true);
  expect(leave.closing).toBe(false);
  const closed = leave.close();
  expect(leave.closing).toBe(true);
  leave.answerLate();
  await closed;
  leave.answerLate();
  await sleep(300);
});
