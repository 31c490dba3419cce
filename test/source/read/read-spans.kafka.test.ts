import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openProbe, type Probe } from '../../../src/source/admin/probe.ts';
import type { Message } from '../../../src/source/client/client.ts';
import type { OffsetSpan } from '../../../src/source/read/read-spans.ts';
import { produce, readAll, transaction } from '../../support/records.ts';
import { createTopic, deleteRecords, endOffsets, uniqueName } from '../../support/topics.ts';
import { HUNG_MS, sleep } from '../../support/until.ts';

const bootstrap = inject('kafka');
const RECORDS = 6_000;

function* records(count: number, value: string) {
  for (let n = 0; n < count; n++) yield { value: `${value} ${n}`, topicPartition: n % 2 };
}

describe('reading exactly some offsets', () => {
  let probe: Probe;
  let topic: string;
  let ends: Map<number, number>;
  /** Topic partition -> offsets that hold a record. */
  const there = new Map<number, Set<number>>();

  beforeAll(async () => {
    topic = await createTopic(bootstrap, uniqueName('spans'), { topicPartitions: 2 });
    for (let part = 0; part < 3; part++) {
      await produce(bootstrap, topic, records(RECORDS / 3, 'good'));
      await (await transaction(bootstrap, topic, records(50, 'aborted'))).abort();
      await (await transaction(bootstrap, topic, records(10, 'good'))).commit();
    }
    // Behind the last record: nothing that a reader sees.
    await (await transaction(bootstrap, topic, records(50, 'aborted'))).abort();
    for (const { partition, offset } of await readAll(bootstrap, topic))
      there.set(partition, (there.get(partition) ?? new Set()).add(offset));
    ends = await endOffsets(bootstrap, topic);
    const security = { protocol: 'plaintext', mechanism: null, username: null, password: null };
    const files = { caFile: null, certFile: null, keyFile: null };
    const kafka = { brokers: [bootstrap], topics: [topic], topicPattern: null, groupId: uniqueName('g') };
    const rest = { instanceId: null, security: { ...security, ...files }, options: {} };
    probe = await openProbe({ ...kafka, ...rest }, 64 * 1024 * 1024);
  });
  afterAll(() => probe?.close());

  const read = (asked: readonly OffsetSpan[], most = 1e9, ms = HUNG_MS) =>
    probe.read(asked, { most, deadline: Date.now() + ms, leavesOut: async () => new Set() });
  const offsetsOf = (spans: readonly OffsetSpan[]): string[] =>
    spans.flatMap(({ partition, first, end }) =>
      Array.from({ length: end - first }, (_, i) => `${partition}-${first + i}`),
    );
  const recordsIn = (asked: readonly OffsetSpan[]): string[] =>
    offsetsOf(asked).filter((name) => {
      const [partition, offset] = name.split('-').map(Number) as [number, number];
      return there.get(partition)!.has(offset);
    });

  it.each([
    ['near and far, in many rounds', [1, 3, 40, 1]],
    ['far apart, one offset each', [601]],
    ['next to nothing in between', [2, 1]],
  ])('%s', async (_, steps) => {
    const asked = [...ends].flatMap(([partition, end]) => {
      const spans: OffsetSpan[] = [];
      for (let at = partition, n = 0; at < end; n++) {
        const size = 1 + ((n * 7) % 5);
        spans.push({ topic, partition, first: at, end: Math.min(end, at + size) });
        at += size + steps[n % steps.length]!;
      }
      return spans;
    });
    const found = await read(asked);
    expect(found.unread).toEqual([]);
    expect(offsetsOf(found.records).sort()).toEqual(recordsIn(asked).sort());
  });

  it('finds none in what was aborted, up to the end of the log', async () => {
    const [partition, end] = [0, ends.get(0)!];
    const tail = [{ topic, partition, first: end - 26, end }];
    expect(await read(tail)).toEqual({ records: [], leftOut: [], unread: [] });
  });

  it('finds them right behind the question for what is committed', async () => {
    const asked = [...ends].map(([partition, end]) => ({ topic, partition, first: end - 33, end }));
    for (let round = 0; round < 10; round++) {
      await probe.committed([{ topic, partition: 0 }]);
      await sleep(round * 5);
      expect(offsetsOf((await read(asked)).records).sort()).toEqual(recordsIn(asked).sort());
    }
  });

  it('ends when enough was found, and tells what it has not read', async () => {
    const asked = [...ends].map(([partition, end]) => ({ topic, partition, first: 0, end }));
    const { records: found, unread } = await read(asked, 100);
    expect(offsetsOf(found).length).toBeGreaterThanOrEqual(100);
    const seen = new Set(offsetsOf(unread));
    expect(offsetsOf(found).filter((name) => seen.has(name))).toEqual([]);
    expect(offsetsOf(found).length + recordsIn(unread).length).toBe(recordsIn(asked).length);
    expect(await read(asked, 1e9, 0)).toEqual({ records: [], leftOut: [], unread: asked });
  });

  it('tells those that are left out apart, which count for no limit', async () => {
    const asked = [...ends].map(([partition, end]) => ({ topic, partition, first: 0, end }));
    const isOdd = ({ offset }: { readonly offset: number }) => offset % 2 === 1;
    const odd = async (messages: readonly Message[]) => new Set(messages.filter(isOdd));
    const limits = { deadline: Date.now() + HUNG_MS, leavesOut: odd };
    const all = await probe.read(asked, { ...limits, most: 1e9 });
    const names = recordsIn(asked);
    const oddNames = names.filter((name) => Number(name.split('-')[1]) % 2 === 1);
    expect(offsetsOf(all.leftOut).sort()).toEqual(oddNames.sort());
    expect(offsetsOf(all.records).length).toBe(names.length - oddNames.length);
    const everything = async (messages: readonly Message[]) => new Set(messages);
    const none = await probe.read(asked, { ...limits, leavesOut: everything, most: 1 });
    expect([none.records, none.unread, offsetsOf(none.leftOut).length]).toEqual([[], [], names.length]);
  });

  it('says when an offset was deleted', async () => {
    await deleteRecords(bootstrap, topic, 1, 500);
    await expect(read([{ topic, partition: 1, first: 10, end: 20 }])).rejects.toMatchObject({
      code: 'offset_lost',
    });
  });
});
