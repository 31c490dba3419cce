import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeadLetter, deadLetterId, parseDeadLetter } from '../deadletter/dead-letter.ts';

/** The dead letters of a folder as a reader must see them: acknowledged files only, one letter for each id. */
export async function readLetters(folder: string): Promise<DeadLetter[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
  const byId = new Map<string, DeadLetter>();
  for (const name of names) {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line !== '');
    for (const letter of lines.map(parseDeadLetter)) byId.set(deadLetterId(letter), letter);
  }
  return [...byId.values()];
}
