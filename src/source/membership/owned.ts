import type { TopicPartition } from '../source.ts';
import type { Start } from './assignment.ts';
import type { Census } from './note.ts';

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

/** Nothing is committed by {@link Owned.census} before the starts are: from then on none of ours is unstarted. */
export const ownedFrom = (starts: readonly Start[]): Owned[] =>
  starts.map(({ topic, partition, offset, census }, index) => ({
    ...{ topic, partition, index, topicId: census.topicId, census: started(census, topic, starts) },
    ...{ position: offset, acknowledged: offset, replaced: false },
  }));

function started(census: Census, topic: string, starts: readonly Start[]): Census {
  const ours = new Set(starts.filter((tp) => tp.topic === topic).map((tp) => tp.partition));
  return { ...census, unstarted: census.unstarted.filter((number) => !ours.has(number)) };
}
