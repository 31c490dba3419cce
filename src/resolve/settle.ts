import { asSinkError, SinkError } from '../errors.ts';
import type { RawPosition } from '../source/client/client.ts';
import { type Census, commitNote } from '../source/membership/note.ts';
import { type TopicPartition, topicPartitionKey } from '../source/source.ts';
import type { Found, Intent, ReadCommitted } from './find.ts';

/**
 *   assume_committed   offsets advance to the end of the batch: rows that are not in the table are lost
 *   replay             offsets stay, the intent is removed: rows that are in the table come twice
 */
export type Reading = 'assume_committed' | 'replay';

/** One topic partition that is to be settled. */
export interface Move {
  readonly found: Found;
  /** Null: its metadata cannot be read. */
  readonly batch: string | null;
  readonly to: RawPosition;
}

export interface Outcome extends TopicPartition {
  readonly batch: string | null;
  readonly from: number;
  readonly to: number;
  /** Read back from the broker. */
  readonly settled: boolean;
}

/** The intent leaves the note, which otherwise stays: it tells later starts what the group has begun. */
export const intentMoves = ({ batch, own }: Intent, reading: Reading, census: CensusOf): Move[] =>
  own.map((found) => {
    const { topic, partition, pointer, note } = found;
    const forward = reading === 'assume_committed';
    const offset = forward ? pointer.end : found.offset;
    const metadata = commitNote(census(found), note?.start === true && !forward);
    return { found, batch, to: { topic, partition, offset, metadata } };
  });

/** Metadata that cannot be read is replaced by a note of this moment; the offset stays. */
export const unreadableMove = (found: Found, census: CensusOf): Move => {
  const { topic, partition, offset } = found;
  return { found, batch: null, to: { topic, partition, offset, metadata: commitNote(census(found), false) } };
};

/** What the note of a topic partition tells of its topic. */
export type CensusOf = (found: Found) => Census;

/** As its note says; where there is none, as the topic is now. */
export function censusOf(
  all: ReadonlyMap<string, Found>,
  sizes: ReadonlyMap<string, number>,
  own: Pick<Census, 'pipeline' | 'table'>,
): CensusOf {
  return ({ topic, partition: number, note }) => {
    const others = [...all.values()].filter((one) => one.topic === topic);
    const size = note?.size ?? Math.max(sizes.get(topic) ?? 0, number + 1);
    const started = new Set(others.map(({ partition: other }) => other));
    return {
      size,
      unstarted: note?.unstarted ?? Array.from({ length: size }, (_, i) => i).filter((i) => !started.has(i)),
      topicId: note?.topicId ?? others.find((one) => one.note?.topicId)?.note?.topicId ?? null,
      ...{ pipeline: note?.pipeline ?? own.pipeline, table: note?.table ?? own.table },
    };
  };
}

export interface SettleIo {
  readonly read: ReadCommitted;
  commit(positions: readonly RawPosition[]): Promise<void>;
}

/**
 * One offset commit for all, verified by reading back. Throws `decision_needed` when something has changed since
 * it was looked at; a refusal by Kafka is told, and what stands there after it.
 */
export async function settle(
  moves: readonly Move[],
  { read, commit }: SettleIo,
): Promise<{ outcomes: Outcome[]; refused: string | null }> {
  const before = await look(
    moves.map(({ found }) => found),
    read,
  );
  const changed = moves.filter(({ found }) => !before(found)).map(({ found }) => topicPartitionKey(found));
  if (changed.length > 0)
    throw new SinkError(
      'decision_needed',
      `offsets have changed meanwhile, look again: ${changed.join(', ')}`,
    );
  let refused: string | null = null;
  await commit(moves.map(({ to }) => to)).catch((error) => {
    refused = asSinkError(error).message;
  });
  const after = await look(
    moves.map(({ to }) => to),
    read,
  );
  const outcomes = moves.map(({ found: { topic, partition, offset: from }, batch, to }) => {
    return { topic, partition, batch, from, to: to.offset, settled: after(to) };
  });
  return { outcomes, refused };
}

type Standing = Pick<RawPosition, 'topic' | 'partition' | 'offset' | 'metadata'>;

/** Whether exactly this stands there. */
async function look(
  list: readonly TopicPartition[],
  read: ReadCommitted,
): Promise<(wanted: Standing) => boolean> {
  const found = new Map((await read(list)).map((one) => [topicPartitionKey(one), one]));
  return (wanted) => {
    const one = found.get(topicPartitionKey(wanted));
    return one?.offset === wanted.offset && (one.metadata ?? '') === (wanted.metadata ?? '');
  };
}
