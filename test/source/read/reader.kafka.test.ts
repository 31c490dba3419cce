import { afterEach, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { openReader, type Reader, type ReaderSettings } from '../../../src/source/read/reader.ts';
import { groupState } from '../../support/groups.ts';
import { produce, transaction } from '../../support/records.ts';
import { committedOffsets, createTopic, deleteRecords, uniqueName } from '../../support/topics.ts';
import { HUNG_MS } from '../../support/until.ts';
import { openReader as openMember } from '../reader.ts';

const bootstrap = inject('kafka');
const open: Reader[] = [];
afterEach(async () => {
  for (const reader of open.splice(0)) await reader.close();
});

async function reader(options: Partial<ReaderSettings>, connectMs = HUNG_MS): Promise<Reader> {
  const security = { protocol: 'plaintext', mechanism: null, username: null, password: null };
  const made = await openReader(
    {
      brokers: [bootstrap],
      ...{ topics: null, topicPattern: null, groupId: 'none', instanceId: null, startAt: 'earliest' },
      security: { ...security, caFile: null, certFile: null, keyFile: null },
      options: {},
      ...options,
    },
    systemClock,
    connectMs,
  );
  open.push(made);
  return made;
}

/** A topic with so many records in each topic partition; value `0.3` is offset 3 of topic partition 0. */
async function topicWith(counts: readonly number[], timestamp?: number): Promise<string> {
  const topic = await createTopic(bootstrap, uniqueName('read'), { topicPartitions: counts.length });
  await produce(bootstrap, topic, recordsOf(counts, timestamp));
  return topic;
}

function* recordsOf(counts: readonly number[], timestamp = Date.UTC(2026, 10, 20)) {
  for (const [topicPartition, count] of counts.entries())
    for (let i = 0; i < count; i++)
      yield { value: `${topicPartition}.${i}`, topicPartition, timestamp: timestamp + i * 1000 };
}

const read = async (from: Reader, records: number, where: Parameters<Reader['read']>[1] = 'earliest') => {
  const { messages, ended, logs } = await from.read(records, where, HUNG_MS);
  return { values: messages.map(({ value }) => String(value)), ended, from: logs.map((log) => log.from) };
};

const named = (topicPartition: number, offsets: readonly number[]) =>
  offsets.map((offset) => `${topicPartition}.${offset}`);

describe('a bounded reading', () => {
  it('takes records of all topic partitions alike', async () => {
    const topic = await topicWith([500, 500, 500]);
    const { values, ended } = await read(await reader({ topics: [topic] }), 6);
    expect({ values, ended }).toEqual({
      values: [...named(0, [0, 1]), ...named(1, [0, 1]), ...named(2, [0, 1])],
      ended: 'records',
    });
  });

  it('takes more of the long ones when others are short or empty', async () => {
    const topic = await topicWith([0, 1, 500, 3]);
    const { values, ended } = await read(await reader({ topics: [topic] }), 10);
    expect({ values, ended }).toEqual({
      values: [...named(1, [0]), ...named(2, [0, 1, 2, 3, 4, 5]), ...named(3, [0, 1, 2])],
      ended: 'records',
    });
  });

  it('ends at the ends of all logs, and can be asked again', async () => {
    const topic = await topicWith([2, 0, 3]);
    const one = await reader({ topics: [topic] });
    const all = { values: [...named(0, [0, 1]), ...named(2, [0, 1, 2])], ended: 'log_end', from: [0, 0, 0] };
    expect(await read(one, 100)).toEqual(all);
    expect(await read(one, 100)).toEqual(all);
    expect((await read(one, 1)).values).toHaveLength(1);
  });

  it('goes on past an end that an earlier one met', async () => {
    const one = await reader({ topics: [await topicWith([3_000])] });
    expect((await read(one, 1, 'latest')).values).toEqual(named(0, [2_999]));
    expect((await read(one, 3_000)).values).toHaveLength(3_000);
  });

  it('ends with its time', async () => {
    const topic = await topicWith([5]);
    const one = await reader({ topics: [topic] });
    expect(await one.read(3, 'earliest', 0)).toMatchObject({ messages: [], ended: 'deadline' });
  });

  it('skips what was aborted, and stops before an open transaction', async () => {
    const topic = await createTopic(bootstrap, uniqueName('read'), { topicPartitions: 1 });
    const aborted = await transaction(bootstrap, topic, recordsOf([3]));
    await aborted.abort();
    const committed = await transaction(bootstrap, topic, [{ value: 'good', topicPartition: 0 }]);
    await committed.commit();
    const pending = await transaction(bootstrap, topic, [{ value: 'pending', topicPartition: 0 }]);
    const { values, ended } = await read(await reader({ topics: [topic] }), 10);
    await pending.abort();
    expect({ values, ended }).toEqual({ values: ['good'], ended: 'log_end' });
  });

  it('reads every topic that a pattern means', async () => {
    const prefix = uniqueName('pattern');
    for (const name of ['a', 'b']) {
      await createTopic(bootstrap, `${prefix}-${name}`, { topicPartitions: 1 });
      await produce(bootstrap, `${prefix}-${name}`, [{ value: name }]);
    }
    const one = await reader({ topicPattern: `^${prefix}-.$` });
    expect(one.topicPartitions.map(({ topic }) => topic)).toEqual([`${prefix}-a`, `${prefix}-b`]);
    expect((await read(one, 10)).values).toEqual(['a', 'b']);
  });
});

describe('where a reading begins', () => {
  it('earliest is the first record that is left', async () => {
    const topic = await topicWith([10]);
    await deleteRecords(bootstrap, topic, 0, 4);
    expect((await read(await reader({ topics: [topic] }), 2)).values).toEqual(named(0, [4, 5]));
  });

  it('latest are the newest records', async () => {
    const topic = await topicWith([500, 500]);
    const { values, from } = await read(await reader({ topics: [topic] }), 4, 'latest');
    expect({ values, from }).toEqual({
      values: [...named(0, [498, 499]), ...named(1, [498, 499])],
      from: [498, 498],
    });
  });

  it('a time is the first record that is not older', async () => {
    const timestamp = Date.UTC(2026, 0, 1);
    const topic = await topicWith([50, 2], timestamp);
    const { values, from } = await read(await reader({ topics: [topic] }), 3, {
      timestamp: timestamp + 20_500,
    });
    expect({ values, from }).toEqual({ values: named(0, [21, 22, 23]), from: [21, 2] });
  });

  it.each([
    ['earliest', named(0, [0, 1])],
    ['latest', []],
    [{ timestamp: Date.UTC(2026, 10, 20) + 3_000 }, named(0, [3, 4])],
  ] as const)('committed is startAt %j for a group without offsets', async (startAt, expected) => {
    const topic = await topicWith([10]);
    const one = await reader({ topics: [topic], startAt, groupId: uniqueName('g') });
    expect((await read(one, 2, 'committed')).values).toEqual(expected);
  });
});

describe('beside a group', () => {
  it('begins at the committed offsets, joins nothing and commits nothing', async () => {
    const topic = await topicWith([10, 10]);
    const group = uniqueName('g');
    const member = await openMember({ bootstrap, topics: [topic], group });
    await member.untilRead(20);
    await member.acknowledge([{ topic, partition: 0, offset: 7 }]);
    const before = await committedOffsets(bootstrap, group, topic);

    const one = await reader({ topics: [topic], groupId: group, instanceId: 'same' });
    expect(await read(one, 4, 'committed')).toEqual({
      values: [...named(0, [7, 8]), ...named(1, [0, 1])],
      ended: 'records',
      from: [7, 0],
    });
    expect((await groupState(bootstrap, group)).members).toHaveLength(1);
    await one.close();
    expect(await committedOffsets(bootstrap, group, topic)).toEqual(before);
    expect(member.assigned).toHaveLength(1);
    await member.source.stop();
  });

  it('stops where the service would: a committed offset that is gone', async () => {
    const topic = await topicWith([10]);
    const group = uniqueName('g');
    const member = await openMember({ bootstrap, topics: [topic], group });
    await member.untilRead(10);
    await member.acknowledge([{ topic, partition: 0, offset: 2 }]);
    await member.source.stop();
    await deleteRecords(bootstrap, topic, 0, 5);
    const one = await reader({ topics: [topic], groupId: group });
    await expect(one.read(1, 'committed', HUNG_MS)).rejects.toMatchObject({ code: 'offset_lost' });
    expect((await read(one, 1)).values).toEqual(named(0, [5]));
  });

  it('leaves no trace of a group that does not exist', async () => {
    const topic = await topicWith([3]);
    const group = uniqueName('g');
    await read(await reader({ topics: [topic], groupId: group }), 3, 'committed');
    expect(await groupState(bootstrap, group)).toMatchObject({ state: 'DEAD', members: [] });
    expect(await committedOffsets(bootstrap, group, topic)).toEqual(new Map());
  });
});

describe('what ends it at once', () => {
  it('a topic that is not there', async () => {
    await expect(reader({ topics: [uniqueName('nothing')] })).rejects.toMatchObject({
      code: 'topic_missing',
    });
  });

  it('brokers that cannot be reached', async () => {
    const settings = { brokers: ['127.0.0.1:1'], topics: ['a'] };
    await expect(reader(settings, 1_000)).rejects.toMatchObject({ code: 'kafka_unreachable' });
  });
});
