import { describe, expect, inject, it } from 'vitest';
import type { Log } from '../../src/log.ts';
import { commitNote, readNote } from '../../src/source/membership/note.ts';
import type { OffsetCommit, Recover, RecoverIo } from '../../src/source/source.ts';
import { produce } from '../support/records.ts';
import { commitOffsets, committedOffsets, createTopic, topicSize, uniqueName } from '../support/topics.ts';
import { sleep, until } from '../support/until.ts';
import { openReader, type ReaderOptions } from './reader.ts';

const bootstrap = inject('kafka');
type Reader = Awaited<ReturnType<typeof openReader>>;
type Open = (options: Omit<ReaderOptions, 'bootstrap'>) => Promise<Reader>;

/** Every test has topics, groups and members of its own, and waits for most of its time: they run at once. */
function test(name: string, run: (reader: Open) => Promise<void>): void {
  it.concurrent(name, async () => {
    const open: Reader[] = [];
    try {
      await run(async (options) => {
        const made = await openReader({ bootstrap, exactlyOnce: true, ...options });
        open.push(made);
        return made;
      });
    } finally {
      await Promise.all(open.map((one) => one.source.stop()));
    }
  });
}

/** Ten records in each topic partition. */
async function topicOf(topicPartitions: number): Promise<string> {
  const topic = await createTopic(bootstrap, uniqueName('once'), { topicPartitions });
  const records = Array.from({ length: 10 * topicPartitions }, (_, i) => {
    return { value: `v${i}`, topicPartition: i % topicPartitions };
  });
  await produce(bootstrap, topic, records);
  return topic;
}

/** A group whose only member has read all and committed `commits`, and has left. */
async function groupWith(
  reader: Open,
  topic: string,
  commits: OffsetCommit[],
  more: Partial<ReaderOptions> = {},
): Promise<string> {
  const group = uniqueName('g');
  const one = await reader({ topics: [topic], group, ...more });
  await one.untilAssigned();
  await one.commit(commits);
  await one.source.stop();
  return group;
}

/** A recovery that waits to be told what to do. */
function heldRecovery() {
  const state: { found?: readonly OffsetCommit[]; io?: RecoverIo } = {};
  let end!: (positions: readonly OffsetCommit[]) => void;
  const recover: Recover = (found, io) => {
    Object.assign(state, { found, io });
    return new Promise((resolve, reject) => {
      end = resolve;
      io.signal.addEventListener('abort', () => reject(io.signal.reason), { once: true });
    });
  };
  return { state, recover, end: (positions: readonly OffsetCommit[]) => end(positions) };
}

describe('an assignment', () => {
  test('commits nothing before what older members sent has settled, and reads nothing either', async (reader) => {
    const topic = await topicOf(2);
    const group = uniqueName('g');
    const startedAt = Date.now();
    const one = await reader({ topics: [topic], group, settleMs: 6_000 });
    await until(() => one.source.snapshot().member, { what: 'a member' });
    // It cannot have settled before that time, however slow the answers are.
    for (let offsets = new Map(); Date.now() < startedAt + 6_000; await sleep(200)) {
      expect(offsets).toEqual(new Map());
      offsets = await committedOffsets(bootstrap, group, topic);
    }
    await one.untilAssigned();
    expect(Date.now() - startedAt).toBeGreaterThan(6_000);
    await one.untilRead(20);
    expect((await committedOffsets(bootstrap, group, topic)).size).toBe(2);
  });

  test('that is taken away while it settles is given up at once, and both get their share', async (reader) => {
    const topic = await topicOf(2);
    const group = uniqueName('g');
    const one = await reader({ topics: [topic], group, settleMs: 60_000 });
    await until(() => one.source.snapshot().member, { what: 'a member' });
    const two = await reader({ topics: [topic], group, settleMs: 100 });
    await until(() => two.assigned[0]?.length === 1, { what: 'a share' });
    expect(one.assigned).toEqual([]);
  });

  test('with an intent reads nothing until recovery says where', async (reader) => {
    const topic = await topicOf(2);
    const intents = [0, 1].map((partition) => ({ topic, partition, offset: 3, intent: `b${partition}` }));
    const group = await groupWith(reader, topic, intents);
    const { state, recover, end } = heldRecovery();
    const one = await reader({ topics: [topic], group, recover });
    await until(() => state.found, { what: 'a recovery' });
    expect(state.found).toEqual(intents);
    expect(await state.io!.read([{ topic, partition: 1 }])).toEqual([intents[1]]);
    expect(await state.io!.read([{ topic: 'none', partition: 0 }])).toEqual([]);
    await state.io!.commit([{ topic, partition: 1, offset: 7, intent: null }]);
    await expect(
      state.io!.commit([{ topic: 'none', partition: 0, offset: 7, intent: null }]),
    ).rejects.toThrow('none-0 is committed, but not ours');
    expect(one.values).toEqual([]);
    end([intents[0]!, { topic, partition: 1, offset: 7, intent: null }]);
    await one.untilRead(10);
    expect(one.assigned[0]!.map((p) => p.offset)).toEqual([3, 7]);
    const stored = await committedOffsets(bootstrap, group, topic);
    expect([...stored.values()].map(({ offset }) => offset)).toEqual([3, 7]);
  });

  test('with an intent is recovered with at least once too', async (reader) => {
    const topic = await topicOf(1);
    const group = await groupWith(reader, topic, [{ topic, partition: 0, offset: 3, intent: 'b' }]);
    const { state, recover, end } = heldRecovery();
    const one = await reader({ topics: [topic], group, recover, exactlyOnce: false });
    await until(() => state.found, { what: 'a recovery' });
    end([{ topic, partition: 0, offset: 5, intent: null }]);
    await one.untilRead(5);
  });

  test('that is taken away ends the recovery, whose commits are refused from then on', async (reader) => {
    const topic = await topicOf(1);
    const group = await groupWith(reader, topic, [{ topic, partition: 0, offset: 3, intent: 'b' }]);
    const { state, recover } = heldRecovery();
    const one = await reader({ topics: [topic], group, recover });
    await until(() => state.found, { what: 'a recovery' });
    const { io } = state;
    one.source.rejoin('the test asks');
    expect(io!.signal.aborted).toBe(true);
    const commit = io!.commit([{ topic, partition: 0, offset: 9, intent: null }]);
    await expect(commit).rejects.toMatchObject({ code: 'kafka_commit_refused' });
    await until(() => state.io !== io, { what: 'another recovery' });
    expect(state.found).toEqual([{ topic, partition: 0, offset: 3, intent: 'b' }]);
  });
});

describe('what stands beside the offset', () => {
  test('is the same for another client', async (reader) => {
    const topic = await topicOf(1);
    const intent = 'x'.repeat(3_000);
    const group = await groupWith(reader, topic, [{ topic, partition: 0, offset: 3, intent }]);
    const { metadata } = (await committedOffsets(bootstrap, group, topic)).get(0)!;
    const note = readNote({ topic, partition: 0, offset: 3, metadata });
    expect(note).toMatchObject({ size: 1, table: 'demo.orders', pipeline: 'reader', intent });
    expect(metadata.replace(/\0+$/, '')).toBe(
      commitNote({ ...note, size: 1, pipeline: 'reader', table: 'demo.orders' }, false, intent),
    );
  });

  test('stops the service when it is of a newer version, saying where it stands', async (reader) => {
    const topic = await topicOf(2);
    const group = uniqueName('g');
    await commitOffsets(bootstrap, group, [{ topic, partition: 1, offset: 4, metadata: 'maxsink7;x;' }]);
    const one = await reader({ topics: [topic], group });
    expect(await one.untilFailure()).toMatchObject({
      code: 'ledger_unreadable',
      message: `${topic}-1: the metadata of the committed offset 4 is of version 7, newer than 2: "maxsink7;x;"`,
    });
  });

  test('refuses a group in which another pipeline writes another table, and only that', async (reader) => {
    const topic = await topicOf(1);
    const at = [{ topic, partition: 0, offset: 3, intent: null }];
    const group = await groupWith(reader, topic, at, { pipeline: 'a', table: 'demo.a' });
    const taken = await reader({ topics: [topic], group, pipeline: 'b', table: 'demo.b' });
    expect(await taken.untilFailure()).toMatchObject({
      code: 'group_taken',
      message: expect.stringContaining('committed by pipeline a for table demo.a; this is b for demo.b'),
    });
    await taken.source.stop();
    for (const mine of [
      { pipeline: 'a', table: 'demo.b' },
      { pipeline: 'b', table: 'demo.b' },
    ]) {
      const one = await reader({ topics: [topic], group, ...mine });
      await one.untilAssigned();
      await one.acknowledge([{ topic, partition: 0, offset: 4 }]);
      await one.source.stop();
    }
  });
});

/** The generations and member ids that a member had, from the client's log. */
function joins(): { readonly log: Log; readonly seen: string[] } {
  const seen: string[] = [];
  const trace = (_: object, text: string) => {
    const [, generation, member] = /GenerationId (\d+),.* my MemberId (\S+?),/.exec(text) ?? [];
    if (generation) seen.push(`${generation} ${member}`);
  };
  const none = () => undefined;
  const log: Log = { trace, debug: none, info: none, warn: none, error: none, child: () => log };
  return { seen, log };
}

describe('a rejoin changes generation and member id, be it the leader or not', () => {
  for (const [kind, isStatic] of [
    ['of a member', false],
    ['of a static member', true],
  ] as const)
    test(kind, async (reader) => {
      const topic = await topicOf(2);
      const group = uniqueName('g');
      const as = (name: string) => (isStatic ? { instanceId: `${group}-${name}` } : {});
      const kafkaOptions = { debug: 'cgrp' };
      const logs = [joins(), joins()];
      const members: Reader[] = [];
      for (const [i, { log }] of logs.entries())
        members.push(await reader({ topics: [topic], group, log, kafkaOptions, ...as(`${i}`) }));
      const shared = () => members.every((one) => one.source.snapshot().topicPartitions.length === 1);
      await until(shared, { what: 'halves' });
      for (const [i, member] of members.entries()) {
        const before = logs[i]!.seen.at(-1)!.split(' ');
        const times = member.assigned.length;
        member.source.rejoin('the test asks');
        await until(() => member.assigned.length > times && shared(), { what: 'halves' });
        const after = logs[i]!.seen.at(-1)!.split(' ');
        expect(Number(after[0])).toBeGreaterThan(Number(before[0]));
        expect(after[1]).not.toBe(before[1]);
      }
    });
});

describe('a static member', () => {
  test('whose place another process has taken commits nothing any more, and ends', async (reader) => {
    const topic = await topicOf(1);
    const as = { topics: [topic], group: uniqueName('g'), instanceId: uniqueName('i') };
    const one = await reader(as);
    await one.untilAssigned();
    const two = await reader(as);
    await two.untilAssigned();
    await two.commit([{ topic, partition: 0, offset: 5, intent: 'two' }]);
    const late = one.commit([{ topic, partition: 0, offset: 2, intent: 'one' }]);
    await expect(late).rejects.toMatchObject({
      code: expect.stringMatching(/^kafka_(fenced|commit_refused)$/),
    });
    expect(await one.untilFailure()).toMatchObject({ code: 'kafka_fenced' });
    const stored = (await committedOffsets(bootstrap, as.group, topic)).get(0)!;
    expect(readNote({ topic, partition: 0, ...stored })).toMatchObject({ intent: 'two' });
    expect(await topicSize(bootstrap, topic)).toBe(1);
  });
});
