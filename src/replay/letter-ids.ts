import type { DeadLetter } from '../deadletter/dead-letter.ts';

/** Which record a dead letter is of. */
export type LetterPlace = Pick<DeadLetter, 'topic' | 'partition' | 'offset'>;

/** Names of letters: few bytes for each, however many there are. */
export interface LetterIds {
  readonly size: number;
  has(letter: LetterPlace): boolean;
  /** Of one topic partition, in no order. */
  offsets(topicPartition: Pick<LetterPlace, 'topic' | 'partition'>): readonly number[];
  /** False: it was there. */
  add(letter: LetterPlace): boolean;
}

const ID = /^(.+)-(\d+)-(\d+)$/;

/** Null: the text is no name of a letter. */
export function parseLetterId(id: string): LetterPlace | null {
  const [, topic, number, offset] = ID.exec(id) ?? [];
  if (topic === undefined) return null;
  return { topic, partition: Number(number), offset: Number(offset) };
}

export function createLetterIds(): LetterIds {
  const known = new Map<string, Set<number>>();
  let size = 0;
  const offsetsOf = ({ topic, partition }: Pick<LetterPlace, 'topic' | 'partition'>) =>
    known.get(`${topic}-${partition}`);
  return {
    get size() {
      return size;
    },
    has: (letter) => offsetsOf(letter)?.has(letter.offset) ?? false,
    offsets: (topicPartition) => [...(offsetsOf(topicPartition) ?? [])],
    add(letter) {
      const offsets = offsetsOf(letter) ?? new Set<number>();
      if (offsets.has(letter.offset)) return false;
      known.set(`${letter.topic}-${letter.partition}`, offsets.add(letter.offset));
      size += 1;
      return true;
    },
  };
}
