import type { Pointer } from '../../src/ledger/intent.ts';
import { encodePointer } from '../../src/ledger/pointer.ts';
import { type Found, findCommitted, type Intent, intentsOf } from '../../src/resolve/find.ts';
import type { RawPosition } from '../../src/source/client/client.ts';
import { commitNote } from '../../src/source/membership/note.ts';
import type { TopicPartition } from '../../src/source/source.ts';
import { typicalPointer } from '../ledger/pointers.ts';

export const CENSUS = { size: 4, unstarted: [3], topicId: 'id', pipeline: 'orders', table: 'demo.orders' };

/** A committed position of the topic `orders`; with a text for its metadata, or a pointer in a note. */
export function position(
  number: number,
  offset: number,
  kept: Pointer | string | null,
  start = false,
): RawPosition {
  const intent = kept === null || typeof kept === 'string' ? null : encodePointer(kept);
  const metadata = typeof kept === 'string' ? kept : commitNote(CENSUS, start, intent);
  return { topic: 'orders', partition: number, offset, metadata };
}

/** Two topic partitions with a batch of two sessions, from 100 to 110 and from 200 to 230. */
export function leftBehind(over: Partial<Pointer> = {}): RawPosition[] {
  const anchor: Pointer = { ...typicalPointer(2, 2), end: 110, confirmed: true, ...over };
  return [position(0, 100, anchor), position(1, 200, { ...anchor, end: 230, list: null })];
}

/** Answers questions for committed positions from a list; others have none, as the client says it. */
export const reader = (positions: readonly RawPosition[]) => async (list: readonly TopicPartition[]) =>
  list.map(
    ({ topic, partition }) =>
      positions.find((one) => one.topic === topic && one.partition === partition) ??
      ({ topic, partition, metadata: '' } as RawPosition),
  );

export const ALL = [0, 1, 2, 3].map((partition) => ({ topic: 'orders', partition }));

export const foundIn = (positions: readonly RawPosition[]): Promise<Map<string, Found>> =>
  findCommitted(reader(positions), ALL);

export const intentIn = async (positions: readonly RawPosition[]): Promise<Intent> =>
  intentsOf(await foundIn(positions))[0]!;
