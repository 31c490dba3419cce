import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type LetterHead, letterHeads } from './heads.ts';

/** Which records dead letters are of. */
export interface LetterOffsets {
  /** Files that count: those of batches that were acknowledged; messages of a topic. Null: there is no such folder. */
  readonly files: number | null;
  /** Files of batches that were not acknowledged (yet); not read. */
  readonly open: number;
  /** By topic and topic partition; an offset may be there more than once. */
  readonly offsets: ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>;
  /** Lines or messages that are no dead letters. */
  readonly unreadable: number;
}

/** Of letters that were read; null is none. */
export async function offsetsOf(letters: AsyncIterable<LetterHead | null>): Promise<LetterOffsets> {
  const offsets = new Map<string, Map<number, number[]>>();
  const found = { files: 0, open: 0, offsets, unreadable: 0 };
  for await (const letter of letters) {
    found.files += 1;
    if (letter === null) found.unreadable += 1;
    else note(offsets, letter);
  }
  return found;
}

/** Of a folder, without reading what the letters hold. */
export async function readLetterOffsets(folder: string): Promise<LetterOffsets> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const offsets = new Map<string, Map<number, number[]>>();
  let unreadable = 0;
  const files = (names ?? []).filter((name) => name.endsWith('.jsonl'));
  for (const name of files)
    for await (const head of letterHeads(join(folder, name))) {
      if (head === null) unreadable += 1;
      else note(offsets, head);
    }
  const open = (names ?? []).filter((name) => name.endsWith('.open')).length;
  return { files: names === null ? null : files.length, open, offsets, unreadable };
}

function note(
  offsets: Map<string, Map<number, number[]>>,
  { topic, partition: number, offset }: LetterHead,
): void {
  const ofTopic = offsets.get(topic) ?? new Map<number, number[]>();
  const list = ofTopic.get(number) ?? [];
  list.push(offset);
  offsets.set(topic, ofTopic.set(number, list));
}
