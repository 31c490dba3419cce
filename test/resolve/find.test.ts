import { expect, it } from 'vitest';
import { findCommitted, intentsOf } from '../../src/resolve/find.ts';
import type { TopicPartition } from '../../src/source/source.ts';
import { typicalPointer } from '../ledger/pointers.ts';
import { ALL, foundIn, intentIn, leftBehind, position, reader } from './left.ts';

it('finds the topic partitions of a batch, with the list of its anchor', async () => {
  const intent = await intentIn([...leftBehind(), position(2, 7, null)]);
  expect(intent.own.map(({ partition, offset, pointer }) => [partition, offset, pointer.end])).toEqual([
    [0, 100, 110],
    [1, 200, 230],
  ]);
  expect(intent.list?.sessions).toHaveLength(2);
  expect(intent.entries.map(({ partition }) => partition)).toEqual([0, 1]);
});

it('has no list when the anchor carries it no more, and asks for the anchor all the same', async () => {
  const [, member] = leftBehind();
  const intent = await intentIn([position(0, 110, null), member!]);
  expect([intent.list, intent.own.length]).toEqual([null, 1]);
  expect(intent.entries.map(({ partition, pointer }) => [partition, pointer === null])).toEqual([
    [0, true],
    [1, false],
  ]);
});

it('follows an intent into topics that nobody asked for, each topic partition once', async () => {
  const anchor = { topic: 'archive', partition: 5 };
  const list = { ...typicalPointer(2, 2).list!, members: [anchor, { topic: 'orders', partition: 0 }] };
  const pointer = { ...typicalPointer(2, 2), anchor };
  const positions = [
    position(0, 100, { ...pointer, list: null }),
    { ...position(5, 9, { ...pointer, list }), topic: 'archive' },
  ];
  const asked: TopicPartition[][] = [];
  const found = await findCommitted(async (wanted) => {
    asked.push([...wanted]);
    return reader(positions)(wanted);
  }, ALL);
  expect(asked).toEqual([ALL, [anchor]]);
  expect(intentsOf(found)[0]!.own.map(({ topic }) => topic)).toEqual(['archive', 'orders']);
});

it('tells batches apart, the oldest first', async () => {
  const pointer = { ...typicalPointer(1, 1), createdAt: 2 };
  const older = { ...pointer, batch: '00000000-0000-4000-8000-000000000000', createdAt: 1 };
  const found = await foundIn([position(0, 1, pointer), position(1, 1, { ...older, list: null })]);
  expect(intentsOf(found).map(({ batch }) => batch)).toEqual([older.batch, pointer.batch]);
});

it('keeps what it cannot read, with the reason', async () => {
  const [anchor] = leftBehind();
  const found = await foundIn([
    { ...anchor!, metadata: anchor!.metadata!.replace('tp=4', 'tp=5') },
    position(1, 5, 'maxsink3;tp=4;'),
    position(2, 6, 'somebody else'),
  ]);
  expect([...found.values()].map((one) => one.unreadable)).toEqual([
    expect.stringContaining('orders-0: the metadata of the committed offset 100 is broken'),
    expect.stringContaining('is of version 3, newer than 2'),
    null,
  ]);
  expect(intentsOf(found)).toEqual([]);
});
