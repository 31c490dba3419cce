import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type LetterHead, letterHeads } from './heads.ts';

/** Which records the dead letters of a folder are of, without reading what they hold. */
export interface LetterOffsets {
  /** Files that count: those of batches that were acknowledged. Null: there is no such folder. */
  readonly files: number | null;
  /** Files of batches that were not acknowledged (yet); not read. */
  readonly open: number;
  /** By topic and topic partition; an offset may be there more than once. */
  readonly offsets: ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>;
  /** Lines that are no dead letters. */
  readonly unreadable: number;
}

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
