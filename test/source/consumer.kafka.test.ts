import { afterEach, describe, expect, inject, it } from 'vitest';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { produce, type TestRecord, transaction } from '../support/records.ts';
import {
  addTopicPartitions,
  commitOffsets,
  committedOffsets,
  createTopic,
  deleteRecords,
  uniqueName,
} from '../support/topics.ts';
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

const close = async (one: Reader) => {
  open.splice(open.indexOf(one), 1);
  await one.source.stop();
};

afterEach(async () => {
  for (const one of [...open]) await close(one);
});

const numbered = (from: number, to: number, topicPartitions = 1, timestamp?: number): TestRecord[] =>
  Array.from({ length: to - from }, (_, i) => {
    const record = { value: `v${from + i}`, topicPartition: (from + i) % topicPartitions };
    return timestamp === undefined ? record : { ...record, timestamp: timestamp + from + i };
  });

async function topicWith(records: TestRecord[], topicPartitions = 1): Promise<string> {
  const topic = await createTopic(bootstrap, uniqueName('source'), { topicPartitions });
  await produce(bootstrap, topic, records);
  return topic;
}

describe('where a group starts', () => {
  it('earliest reads what is there; a second start continues behind the acknowledged offset', async () => {
    const topic = await topicWith(numbered(0, 10));
    const group = uniqueName('g');
    const first = await reader({ topics: [topic], group });
    await first.untilRead(10);
    await first.acknowledge([{ topic, partition: 0, offset: 7 }]);
    await close(first);
    const second = await reader({ topics: [topic], group });
    await second.untilRead(3);
    expect(second.values).toEqual(['v7', 'v8', 'v9']);
  });

  it('latest skips what is there, and the start is committed at once', async () => {
    const topic = await topicWith(numbered(0, 5));
    const group = uniqueName('g');
    const one = await reader({ topics: [topic], group, startAt: 'latest' });
    await one.untilAssigned();
    await until(async () => (await committedOffsets(bootstrap, group, topic)).get(0)?.offset === 5, {
      what: 'the start offset',
    });
    await produce(bootstrap, topic, numbered(5, 8));
    await one.untilRead(3);
    expect(one.values).toEqual(['v5', 'v6', 'v7']);
  });

  it('a time starts at the first record from then on, or at the end when there is none', async () => {
    const base = Date.UTC(2026, 10, 1);
    const topic = await topicWith(numbered(0, 10, 1, base));
    const one = await reader({ topics: [topic], group: uniqueName('g'), startAt: { timestamp: base + 6 } });
    await one.untilRead(4);
    expect(one.values[0]).toBe('v6');
    const late = await reader({
      topics: [topic],
      group: uniqueName('g'),
      startAt: { timestamp: base + 1e9 },
    });
    await late.untilAssigned();
    expect(late.assigned[0]![0]!.offset).toBe(10);
  });

  it('stops with offset_lost when the committed offset was deleted', async () => {
    const topic = await topicWith(numbered(0, 10));
    const group = uniqueName('g');
    const first = await reader({ topics: [topic], group });
    await first.untilRead(10);
    await first.acknowledge([{ topic, partition: 0, offset: 2 }]);
    await close(first);
    await deleteRecords(bootstrap, topic, 0, 5);
    const second = await reader({ topics: [topic], group, startAt: 'earliest' });
    const failure = await second.untilFailure();
    expect(failure).toMatchObject({ code: 'offset_lost', exit: 4 });
    expect(failure.message).toContain(`${topic}-0`);
    expect(second.values).toEqual([]);
  });

  it('reads topic partitions that are added later from their beginning', async () => {
    const topic = await topicWith(numbered(0, 4));
    const one = await reader({ topics: [topic], group: uniqueName('g'), startAt: 'latest' });
    await one.untilAssigned();
    await addTopicPartitions(bootstrap, topic, 2);
    await until(() => produce(bootstrap, topic, [{ value: 'new', topicPartition: 1 }]).catch(() => 0), {
      what: 'the new topic partition',
    });
    await until(() => one.values.includes('new'), { what: 'its first record' });
  });

  it('starts a topic partition whose first owner went away before it could commit', async () => {
    const topic = await topicWith(numbered(0, 8, 4), 4);
    const group = uniqueName('g');
    const metadata = 'maxsink1;tp=4;none=2-3;';
    await commitOffsets(
      bootstrap,
      group,
      [0, 1].map((partition) => ({ topic, partition, offset: 2, metadata })),
    );
    const one = await reader({ topics: [topic], group, startAt: 'latest' });
    await one.untilRead(4);
    expect(one.values.sort()).toEqual(['v2', 'v3', 'v6', 'v7']);
  });

  it('finds topics of a pattern that appear later, from their beginning', async () => {
    const prefix = uniqueName('pattern').replaceAll('.', '');
    const first = await createTopic(bootstrap, `${prefix}-a`, { topicPartitions: 1 });
    await produce(bootstrap, first, [{ value: 'old' }]);
    const one = await reader({ topicPattern: `^${prefix}-.*`, group: uniqueName('g'), startAt: 'latest' });
    await one.untilAssigned();
    const second = await createTopic(bootstrap, `${prefix}-b`, { topicPartitions: 1 });
    await produce(bootstrap, second, [{ value: 'first of b' }]);
    await until(() => one.values.includes('first of b'), { what: 'the new topic' });
    expect(one.values).toEqual(['first of b']);
  });

  it('a topic that is not there ends the start with topic_missing', async () => {
    await expect(openReader({ bootstrap, topics: ['no-such-topic'], group: 'g' })).rejects.toMatchObject({
      code: 'topic_missing',
      message: expect.stringContaining('no-such-topic'),
    });
  });

  it('brokers that cannot be reached end the start with kafka_unreachable', async () => {
    const kafkaOptions = { 'socket.connection.setup.timeout.ms': 1_000 };
    const nowhere = { bootstrap: '127.0.0.1:1', topics: ['t'], group: 'g', kafkaOptions };
    await expect(openReader(nowhere)).rejects.toMatchObject({ code: 'kafka_unreachable' });
  });

  it('brokers are waited for as long as the options give a connection, if that is longer', async () => {
    const topic = await topicWith(numbered(0, 10));
    const proxy = await startFaultyProxy(Number(bootstrap.split(':')[1]));
    proxy.set({ refuse: true });
    const starting = openReader({
      bootstrap: `127.0.0.1:${proxy.port}`,
      topics: [topic],
      group: uniqueName('g'),
    });
    starting.catch(() => undefined);
    await sleep(11_000);
    proxy.set({});
    open.push(await starting);
    await open.at(-1)!.untilRead(10);
    await proxy.stop();
  });
});

describe('reading', () => {
  it('leaves out aborted transactions and ends behind their control records', async () => {
    const topic = await createTopic(bootstrap, uniqueName('tx'), { topicPartitions: 1 });
    await (await transaction(bootstrap, topic, [{ value: 'a' }, { value: 'b' }])).commit();
    await (await transaction(bootstrap, topic, [{ value: 'x' }, { value: 'y' }])).abort();
    await (await transaction(bootstrap, topic, [{ value: 'c' }])).commit();
    const one = await reader({ topics: [topic], group: uniqueName('g') });
    await one.untilRead(3);
    await until(() => one.ends.get(`${topic}-0`) === 8, { what: 'the end of the log' });
    expect(one.values).toEqual(['a', 'b', 'c']);
  });

  it('pauses when no chunk comes back, keeps its membership, and loses nothing', async () => {
    const records = Array.from({ length: 40_000 }, (_, i) => ({ value: `v${i}`.padEnd(1000, '.') }));
    const topic = await topicWith(records);
    const one = await reader({ topics: [topic], group: uniqueName('g'), memoryBytes: 8 << 20, hold: true });
    await until(() => one.state.pauses > 0, { what: 'a pause' });
    await sleep(8_000);
    expect(one.assigned).toHaveLength(1);
    const whole = () => {
      one.releaseAll();
      return one.values.length >= records.length;
    };
    await until(whole, { what: 'all of them', everyMs: 20 });
    expect(one.values.map((v) => v.replace(/\.+$/, ''))).toEqual(records.map((_, i) => `v${i}`));
    expect(one.assigned).toHaveLength(1);
  });

  it('a rewind reads again from the given offsets, once', async () => {
    const topic = await topicWith(numbered(0, 10));
    const one = await reader({ topics: [topic], group: uniqueName('g') });
    await one.untilRead(10);
    one.source.rewind([{ topic, partition: 0, offset: 6 }]);
    await one.untilRead(14);
    await sleep(500);
    expect(one.values.slice(10)).toEqual(['v6', 'v7', 'v8', 'v9']);
  });

  it('a rejoin continues at the committed offset', async () => {
    const topic = await topicWith(numbered(0, 10));
    const one = await reader({ topics: [topic], group: uniqueName('g') });
    await one.untilRead(10);
    await one.acknowledge([{ topic, partition: 0, offset: 8 }]);
    one.source.rejoin('the test asks');
    await one.untilRead(12);
    expect(one.values.slice(10)).toEqual(['v8', 'v9']);
  });

  it('a process that does not poll for too long is thrown out and comes back by itself', async () => {
    const topic = await topicWith(numbered(0, 10));
    const kafkaOptions = { 'session.timeout.ms': 6_000, 'max.poll.interval.ms': 6_000 };
    const one = await reader({ topics: [topic], group: uniqueName('g'), kafkaOptions });
    await one.untilRead(10);
    await one.acknowledge([{ topic, partition: 0, offset: 6 }]);
    // Nothing of JavaScript runs; the heartbeats of the client go on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8_000);
    await one.untilRead(14);
    expect(one.values.slice(10)).toEqual(['v6', 'v7', 'v8', 'v9']);
    expect([one.state.lost, one.state.failure]).toEqual([1, null]);
  });

  it('a record larger than a chunk travels alone', async () => {
    const topic = await createTopic(bootstrap, uniqueName('large'), {
      topicPartitions: 1,
      config: { 'max.message.bytes': '20000000' },
    });
    const large = Buffer.alloc(9 << 20, 'L');
    await produce(bootstrap, topic, [{ value: 'before' }, { value: large }, { value: 'after' }], {
      'message.max.bytes': 20_000_000,
    });
    const one = await reader({ topics: [topic], group: uniqueName('g') });
    await one.untilRead(3);
    expect(one.values).toEqual(['before', 'L'.repeat(40), 'after']);
    expect(one.state.chunkSizes).toContain(1);
  });

  it('an acknowledgement of an older assignment is refused', async () => {
    const topic = await topicWith(numbered(0, 3));
    const one = await reader({ topics: [topic], group: uniqueName('g') });
    await one.untilRead(3);
    await expect(
      one.source.commit(one.state.assignment - 1, [{ topic, partition: 0, offset: 3, intent: null }]),
    ).rejects.toMatchObject({
      code: 'kafka_commit_refused',
    });
  });
});
