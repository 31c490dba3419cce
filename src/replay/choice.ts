import type { StoredLetter } from '../deadletter/stored.ts';
import { createLetterIds, type LetterPlace } from './letter-ids.ts';

/** Which letters are meant; null: any. */
export interface LetterChoice {
  readonly codes: readonly string[] | null;
  readonly column: string | null;
  /** Record timestamp, ms; letters without one are not meant then. */
  readonly since: number | null;
  readonly ids: readonly LetterPlace[] | null;
}

export const ANY: LetterChoice = { codes: null, column: null, since: null, ids: null };

/** The letters that are meant, each once, by their ids. `onOther` is told of what is no dead letter. */
export async function* chosenLetters(
  letters: AsyncIterable<StoredLetter | null>,
  choice: LetterChoice,
  onOther: () => void = () => undefined,
): AsyncGenerator<StoredLetter> {
  const isMeant = testOf(choice);
  const seen = createLetterIds();
  for await (const letter of letters) {
    if (letter === null) onOther();
    else if (isMeant(letter) && seen.add(letter)) yield letter;
  }
}

function testOf({ codes, column, since, ids }: LetterChoice): (letter: StoredLetter) => boolean {
  const named = createLetterIds();
  for (const id of ids ?? []) named.add(id);
  return (letter) =>
    (codes === null || codes.includes(letter.code)) &&
    (column === null || letter.column === column) &&
    (since === null || (letter.timestamp !== null && letter.timestamp >= since)) &&
    (ids === null || named.has(letter));
}
