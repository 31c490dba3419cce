import { expect, inject, it } from 'vitest';
import { freePort } from '../support/net.ts';
import { startMaxsink } from '../support/process.ts';
import { listTopics } from '../support/topics.ts';

it('runs on a real Kafka and removes its topic', async () => {
  const demo = startMaxsink(['demo', '--brokers', inject('kafka'), '--seconds', '2']);
  const { code } = await demo.exited;
  expect(demo.tail()).toContain('nothing lost, nothing twice');
  expect(code).toBe(0);
  const left = await listTopics(inject('kafka'));
  expect(left.filter((topic) => topic.startsWith('maxsink-demo'))).toEqual([]);
});

it('says that it cannot reach Kafka', async () => {
  const brokers = `127.0.0.1:${await freePort()}`;
  const demo = startMaxsink(['demo', '--brokers', brokers]);
  const { code } = await demo.exited;
  expect(demo.tail()).toContain(`maxsink demo: Kafka at ${brokers}: `);
  expect(code).toBe(1);
});
