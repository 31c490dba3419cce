import { afterEach, describe, expect, inject, it } from 'vitest';
import { produce } from '../support/records.ts';
import { createTopic, uniqueName } from '../support/topics.ts';
import { sleep, until } from '../support/until.ts';
import { openReader, type ReaderOptions } from './reader.ts';

const bootstrap = inject('kafka');
type Reader = Awaited<ReturnType<typeof openReader>>;
const open: Reader[] = [];

async function reader(options: Omit<ReaderOptions, 'bootstrap'>): Promise<Reader> {
  const made = await openReader({ bootstrap, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.source.stop();
});

async function topicOf(count: number, bytes: number, topicPartitions = 1): Promise<string> {
  const topic = await createTopic(bootstrap, uniqueName('order'), { topicPartitions });
  const records = Array.from({ length: count }, (_, i) => {
    return { value: `v${i}`.padEnd(bytes, '.'), topicPartition: i % topicPartitions };
  });
  await produce(bootstrap, topic, records);
  return topic;
}

describe('a rewind', () => {
  it('while topic partitions are paused reads on from its positions', async () => {
    const topic = await topicOf(20_000, 1000);
    const one = await reader({ topics: [topic], group: uniqueName('g'), memoryBytes: 8 << 20, hold: true });
    for (const offset of [0, 1, 7]) {
      await until(() => one.source.snapshot().paused, { what: 'a pause' });
      const before = one.assigned.length;
      one.source.rewind([{ topic, partition: 0, offset }]);
      await until(() => one.assigned.length > before, { what: 'the rewind' });
      one.releaseAll();
      one.values.length = 0;
      await until(() => one.held.length > 0, { what: 'a chunk' });
    }
    await until(
      () => {
        one.releaseAll();
        return one.ends.get(`${topic}-0`) === 20_000;
      },
      { what: 'the last record' },
    );
    const expected = Array.from({ length: 20_000 - 7 }, (_, i) => `v${i + 7}`);
    expect(one.values.map((value) => value.replace(/\.+$/, ''))).toEqual(expected);
  });
});

describe('two members', () => {
  it('share the topic partitions, and one that leaves hands over what it acknowledged', async () => {
    const topic = await topicOf(400, 10, 4);
    const group = uniqueName('g');
    const first = await reader({ topics: [topic], group });
    await first.untilRead(400);
    await first.acknowledge([0, 1, 2, 3].map((partition) => ({ topic, partition, offset: 90 })));
    const second = await reader({ topics: [topic], group });
    await until(() => second.assigned.at(-1)?.length === 2 && first.assigned.at(-1)?.length === 2, {
      what: 'halves',
    });
    expect(second.assigned.at(-1)!.map((p) => p.offset)).toEqual([90, 90]);
    await first.source.stop();
    await until(() => second.assigned.at(-1)!.length === 4, { what: 'all of them' });
    expect(second.assigned.at(-1)!.map((p) => p.offset)).toEqual([90, 90, 90, 90]);
  });

  it('a rejoin that is asked for while the group rebalances still ends with a share', async () => {
    const topic = await topicOf(40, 10, 4);
    const group = uniqueName('g');
    const first = await reader({ topics: [topic], group });
    await first.untilAssigned();
    const second = await reader({ topics: [topic], group });
    for (const pauseMs of [0, 50, 200, 600]) {
      first.source.rejoin('the test asks');
      await sleep(pauseMs);
    }
    const shared = () => first.assigned.at(-1)!.length === 2 && second.assigned.at(-1)?.length === 2;
    await until(() => shared() && first.source.snapshot().topicPartitions.length === 2, {
      what: 'halves',
    });
    expect([first.state.failure, second.state.failure]).toEqual([null, null]);
  });
});

describe('leaving', () => {
  it('works at every moment of joining', async () => {
    const topic = await topicOf(10, 10);
    for (const waitMs of [0, 20, 60, 120, 300]) {
      const one = await openReader({ bootstrap, topics: [topic], group: uniqueName('g') });
      await sleep(waitMs);
      await one.source.stop();
      expect(one.state.failure).toBeNull();
      expect(one.source.snapshot().topicPartitions).toEqual([]);
    }
  });

  it.each([
    ['a dynamic member', false],
    ['a static member', true],
  ])('as %s works at every moment of a rebalance', async (_, isStatic) => {
    const topic = await topicOf(10, 10, 4);
    const as = (name: string) => (isStatic ? { instanceId: name } : {});
    const leave = async (waitMs: number) => {
      const group = uniqueName('g');
      const one = await openReader({ bootstrap, topics: [topic], group, ...as('one') });
      await one.untilAssigned();
      const joining = openReader({ bootstrap, topics: [topic], group, ...as('two') });
      await sleep(waitMs);
      await one.source.stop();
      const two = await joining;
      await two.source.stop();
      expect([one.state.failure, two.state.failure]).toEqual([null, null]);
    };
    await Promise.all([100, 200, 300, 400, 500, 600, 800].map(leave));
  });
});
