import type { Start } from './assignment.ts';
import type { RawPosition } from './client.ts';
import { type Census, commitNote } from './note.ts';
import type { TopicPartition } from './source.ts';

/** A topic partition that is ours. */
export interface Owned extends TopicPartition {
  readonly index: number;
  readonly topicId: string | null;
  /** For the metadata of every commit. */
  readonly census: Census;
  /** Next offset to read. */
  position: number;
  acknowledged: number;
  /** The topic was deleted and created again: the offset means nothing to the new one. */
  replaced: boolean;
}

export const ownedFrom = (starts: readonly Start[]): Owned[] =>
  starts.map(({ topic, partition, offset, census }, index) => ({
    ...{ topic, partition, index, topicId: census.topicId, census },
    ...{ position: offset, acknowledged: offset, replaced: false },
  }));

/** A commit that changes nothing: it asks whether the group takes any. */
export const unchanged = ({ topic, partition, acknowledged, census }: Owned): RawPosition => ({
  ...{ topic, partition, offset: acknowledged },
  metadata: commitNote(census, false),
});
