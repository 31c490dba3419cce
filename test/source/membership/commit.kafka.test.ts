import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readNote } from '../../../src/source/membership/note.ts';
import { type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts';
import { type Kafka, startOwnKafka } from '../../support/kafka.ts';
import { freePort } from '../../support/net.ts';
import { produce } from '../../support/records.ts';
import { committedOffsets, createTopic, uniqueName } from '../../support/topics.ts';
import { until } from '../../support/until.ts';
import { openReader, type ReaderOptions } from '../reader.ts';

/** A broker that takes little metadata, and a proxy whose clients can be cut off. */
let kafka: Kafka;
let proxy: FaultyProxy;
const readers: Awaited<ReturnType<typeof openReader>>[] = [];

beforeAll(async () => {
  const port = await freePort();
  kafka = await startOwnKafka({
    overrides: { 'offset.metadata.max.bytes': 600 },
    listeners: { PROXIED: 'PLAINTEXT' },
    advertise: { PROXIED: port },
  });
  proxy = await startFaultyProxy(Number(kafka.listeners.PROXIED!.split(':')[1]), port);
});

afterAll(async () => {
  await proxy?.stop();
  await kafka?.stop();
});

afterEach(async () => {
  proxy.set({});
  await Promise.all(readers.splice(0).map((one) => one.source.stop()));
});

async function reader(options: Partial<ReaderOptions> & { readonly group: string }) {
  const one = await openReader({
    ...{ bootstrap: `127.0.0.1:${proxy.port}`, exactlyOnce: true, settleMs: 100 },
    ...options,
  });
  readers.push(one);
  await one.untilAssigned();
  return one;
}

async function topicOf(topicPartitions: number): Promise<string> {
  const topic = await createTopic(kafka.bootstrap, uniqueName('commit'), { topicPartitions });
  const records = Array.from({ length: 10 * topicPartitions }, (_, i) => {
    return { value: `v${i}`, topicPartition: i % topicPartitions };
  });
  await produce(kafka.bootstrap, topic, records);
  return topic;
}

const stored = async (group: string, topic: string) => {
  const found = (await committedOffsets(kafka.bootstrap, group, topic)).get(0)!;
  return { offset: found.offset, intent: readNote({ topic, partition: 0, ...found }).intent };
};

const REFUSED = { code: 'kafka_commit_refused' };

describe('an offset commit', () => {
  it('that the broker refuses for one topic partition is refused, and ends a service whose metadata is too long', async () => {
    const topic = await topicOf(2);
    const one = await reader({ topics: [topic], group: uniqueName('g') });
    for (const long of [0, 1]) {
      const commits = [0, 1].map((partition) => {
        return { topic, partition, offset: 2, intent: partition === long ? 'x'.repeat(700) : 'short' };
      });
      const times = one.assigned.length;
      await expect(one.commit(commits)).rejects.toMatchObject({ code: 'metadata_too_long' });
      await expect(one.acknowledge([{ topic, partition: 0, offset: 3 }])).rejects.toMatchObject(REFUSED);
      one.source.rejoin('the test asks');
      await until(() => one.assigned.length > times, { what: 'a new assignment' });
    }
  });

  it('whose connection is lost is refused, though the client sends it again and is told of success', async () => {
    const topic = await topicOf(1);
    const group = uniqueName('g');
    const one = await reader({ topics: [topic], group });
    await one.commit([{ topic, partition: 0, offset: 1, intent: 'first' }]);
    proxy.set({ cutAfterReceived: 1 });
    const lost = one.commit([{ topic, partition: 0, offset: 1, intent: 'second' }]);
    lost.catch(() => undefined);
    await until(() => stored(group, topic).then(({ intent }) => intent === 'second'), {
      what: 'the first copy',
    });
    proxy.set({});
    await expect(lost).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringContaining('sent the commit again'),
    });
    const next = one.commit([{ topic, partition: 0, offset: 5, intent: null }]);
    await expect(next).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringContaining('not sent after'),
    });
    const times = one.assigned.length;
    one.source.rewind([{ topic, partition: 0, offset: 1 }]);
    await until(() => one.assigned.length > times, { what: 'a new assignment' });
    await one.acknowledge([{ topic, partition: 0, offset: 6 }]);
    expect(await stored(group, topic)).toEqual({ offset: 6, intent: null });
  });

  it('that takes long is confirmed when it was sent once', async () => {
    const topic = await topicOf(1);
    const group = uniqueName('g');
    const one = await reader({ topics: [topic], group });
    proxy.set({ latencyMs: 600 });
    await one.commit([{ topic, partition: 0, offset: 4, intent: 'slow' }]);
    proxy.set({});
    expect(await stored(group, topic)).toEqual({ offset: 4, intent: 'slow' });
    await one.acknowledge([{ topic, partition: 0, offset: 5 }]);
  });

  it('that is on its way makes a rewind a rejoin, which waits for its answer', async () => {
    const topic = await topicOf(1);
    const group = uniqueName('g');
    const one = await reader({ topics: [topic], group });
    proxy.set({ blackhole: true });
    const given = one.commit([{ topic, partition: 0, offset: 4, intent: 'given up' }]);
    given.catch(() => undefined);
    await until(() => Promise.resolve(true), { what: 'a turn' });
    one.source.rewind([{ topic, partition: 0, offset: 0 }]);
    await expect(given).rejects.toMatchObject(REFUSED);
    proxy.set({});
    await until(() => one.assigned.length === 2, { what: 'a new assignment' });
    expect(one.assigned[1]).toEqual([{ topic, partition: 0, offset: 4 }]);
    await one.commit([{ topic, partition: 0, offset: 4, intent: 'given up' }]);
    expect(await stored(group, topic)).toEqual({ offset: 4, intent: 'given up' });
  });

  it('of a member that was cut off for longer than its session is refused when it arrives', async () => {
    const topic = await topicOf(1);
    const group = uniqueName('g');
    const zombie = await reader({ topics: [topic], group });
    proxy.set({ blackhole: true });
    const late = zombie.commit([{ topic, partition: 0, offset: 8, intent: 'late' }]);
    late.catch(() => undefined);
    const owner = await reader({ topics: [topic], group, bootstrap: kafka.bootstrap });
    await owner.commit([{ topic, partition: 0, offset: 3, intent: 'owner' }]);
    proxy.set({});
    await expect(late).rejects.toMatchObject(REFUSED);
    await until(() => zombie.state.lost > 0, { what: 'the loss is told' });
    expect(await stored(group, topic)).toEqual({ offset: 3, intent: 'owner' });
    expect(zombie.state.failure).toBeNull();
  });
});
