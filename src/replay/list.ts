import { deadLetterId } from '../deadletter/dead-letter.ts';
import type { StoredLetter } from '../deadletter/stored.ts';
import type { LetterIds } from './letter-ids.ts';

/** Letters of one topic partition with one reason. */
export interface LetterGroup {
  readonly code: string;
  readonly stage: string;
  readonly column: string | null;
  readonly topic: string;
  readonly partition: number;
  count: number;
  /** Of these: they are in the table by now. */
  replayed: number;
  /** Record timestamps, ms; null: none of them has one. */
  first: number | null;
  last: number | null;
  /** The newest one. */
  example: { readonly id: string; readonly message: string; readonly sample: string | null };
}

/** Groups by code, stage, column and topic partition, the largest first. */
export async function groupLetters(
  letters: AsyncIterable<StoredLetter>,
  replayed: LetterIds,
): Promise<LetterGroup[]> {
  const groups = new Map<string, LetterGroup>();
  for await (const letter of letters) {
    const { code, stage, column, topic, partition } = letter;
    const key = JSON.stringify([code, stage, column, topic, partition]);
    const known = groups.get(key);
    if (known) note(known, letter);
    const group = known ?? { code, stage, column, topic, partition, ...firstOf(letter) };
    if (replayed.has(letter)) group.replayed += 1;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}

const exampleOf = (letter: StoredLetter) => ({
  id: deadLetterId(letter),
  ...{ message: letter.message, sample: letter.sample },
});

const firstOf = (letter: StoredLetter) => ({
  ...{ count: 1, replayed: 0, first: letter.timestamp, last: letter.timestamp },
  example: exampleOf(letter),
});

function note(group: LetterGroup, letter: StoredLetter): void {
  group.count += 1;
  const at = letter.timestamp;
  if (at === null) return;
  if (group.first === null || at < group.first) group.first = at;
  if (group.last !== null && at < group.last) return;
  group.last = at;
  group.example = exampleOf(letter);
}

export interface ListReport {
  /** Where the letters are. */
  readonly place: string;
  readonly journal: string;
  readonly groups: readonly LetterGroup[];
  /** What is no dead letter. */
  readonly unreadable: number;
}
