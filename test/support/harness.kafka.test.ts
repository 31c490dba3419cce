import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { groupCoordinator, groupState } from './groups.ts';
import { startKafka } from './kafka.ts';
import { produce, produceEmptyValue, readAll, transaction } from './records.ts';
import { type Registry, startRegistry } from './registry.ts';
import * as topics from './topics.ts';

const bootstrap = inject('kafka');

const numbered = function* (count: number, bytes = 1000) {
  for (let i = 0; i < count; i++) yield { value: String(i).padEnd(bytes, '.'), topicPartition: i % 4 };
};

describe('the shared broker', () => {
  it('takes and returns 100,000 records of 1 KB', async () => {
    const topic = await topics.createTopic(bootstrap, topics.uniqueName('bulk'));
    expect(await produce(bootstrap, topic, numbered(100_000))).toBe(100_000);
    expect([...(await topics.endOffsets(bootstrap, topic)).values()]).toEqual([
      25_000, 25_000, 25_000, 25_000,
    ]);
    const values = (await readAll(bootstrap, topic)).map(({ value }) => Number.parseInt(`${value}`, 10));
    expect(new Set(values).size).toBe(100_000);
  });

  it('keeps keys, headers, timestamps and the difference between null and empty', async () => {
    const topic = await topics.createTopic(bootstrap, topics.uniqueName('shape'), { topicPartitions: 1 });
    await produce(bootstrap, topic, [
      {
        value: null,
        key: 'k',
        timestamp: 1_700_000_000_000,
        headers: [
          ['h', 'x'],
          ['h', 'y'],
        ],
      },
    ]);
    await produceEmptyValue(bootstrap, topic);
    const [tombstone, empty] = await readAll(bootstrap, topic);
    expect(tombstone).toMatchObject({ value: null, timestamp: 1_700_000_000_000 });
    expect(`${tombstone!.key}`).toBe('k');
    expect(tombstone!.headers!.map((pair) => `${pair.h}`)).toEqual(['x', 'y']);
    expect(empty!.value).toEqual(Buffer.alloc(0));
  });

  it('shows committed, aborted and open transactions', async () => {
    const topic = await topics.createTopic(bootstrap, topics.uniqueName('tx'), { topicPartitions: 1 });
    await (await transaction(bootstrap, topic, [{ value: 'committed' }])).commit();
    await (await transaction(bootstrap, topic, [{ value: 'aborted' }])).abort();
    const open = await transaction(bootstrap, topic, [{ value: 'open' }]);
    expect((await readAll(bootstrap, topic)).map(({ value }) => `${value}`)).toEqual(['committed']);
    expect(await topics.endOffsets(bootstrap, topic, 'high')).toEqual(new Map([[0, 5]]));
    expect(await topics.endOffsets(bootstrap, topic)).toEqual(new Map([[0, 4]]));
    await open.commit();
  });

  it('tells what a group has committed and who is in it', async () => {
    const topic = await topics.createTopic(bootstrap, topics.uniqueName('group'), { topicPartitions: 2 });
    const group = topics.uniqueName('group');
    await topics.commitOffsets(bootstrap, group, [{ topic, partition: 1, offset: 0, metadata: 'note;' }]);
    expect(await topics.committedOffsets(bootstrap, group, topic)).toEqual(
      new Map([[1, { offset: 0, metadata: 'note;' }]]),
    );
    expect(await groupState(bootstrap, group)).toMatchObject({ state: 'EMPTY', members: [] });
    expect(await groupState(bootstrap, 'nobody')).toMatchObject({ state: 'DEAD', members: [] });
    expect(await groupCoordinator(bootstrap, group)).toBe(1);
  });

  it('forgets records and grows topics', async () => {
    const topic = await topics.createTopic(bootstrap, topics.uniqueName('forget'), { topicPartitions: 1 });
    await produce(bootstrap, topic, [{ value: 'a' }, { value: 'b' }]);
    await topics.deleteRecords(bootstrap, topic, 0, 1);
    expect((await readAll(bootstrap, topic)).map(({ offset }) => offset)).toEqual([1]);
    await topics.addTopicPartitions(bootstrap, topic, 3);
    expect(await topics.topicSize(bootstrap, topic)).toBe(3);
    await topics.deleteTopic(bootstrap, topic);
    expect(await topics.listTopics(bootstrap)).not.toContain(topic);
  });
});

it('a broker of its own survives kill, restart and freeze with its data', async () => {
  const kafka = await startKafka();
  try {
    const topic = await topics.createTopic(kafka.bootstrap, 'kept');
    await produce(kafka.bootstrap, topic, [{ value: 'before' }]);
    await kafka.kill(1);
    await kafka.restart(1);
    await kafka.freeze(1);
    await kafka.thaw(1);
    expect((await readAll(kafka.bootstrap, topic)).map(({ value }) => `${value}`)).toEqual(['before']);
  } finally {
    await kafka.stop();
  }
});

describe('the schema registry', () => {
  let registry: Registry;
  const schema = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'long' }] };
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());

  it('keeps the ids of schemas over a restart', async () => {
    const id = await registry.register('orders-value', schema);
    await registry.restart();
    expect(await registry.register('orders-value', schema)).toBe(id);
    const answer = (await (await fetch(`${registry.url}/schemas/ids/${id}`)).json()) as { schema: string };
    expect(JSON.parse(answer.schema)).toEqual(schema);
  });
});
