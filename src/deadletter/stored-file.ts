import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SinkError } from '../errors.ts';
import { parseDeadLetter } from './dead-letter.ts';
import { groupMark } from './left.ts';
import type { StoredLetter } from './stored.ts';

const BATCH = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/;

/** Those of the consumer group that count: of batches that are done. Null for a line that is no dead letter. One may be there more than once. */
export async function* folderLetters(folder: string, group: string): AsyncGenerator<StoredLetter | null> {
  const mark = `${groupMark(group)}-`;
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new SinkError('usage', `the dead letters cannot be read: ${error.message}`, error);
  });
  for (const name of names.filter((one) => one.startsWith(mark) && one.endsWith('.jsonl')).sort()) {
    const batch = BATCH.exec(name)?.[1];
    for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) {
      if (line === '') continue;
      const letter = parsed(line);
      yield letter && { ...letter, ...(batch !== undefined && { batch }) };
    }
  }
}

function parsed(line: string): StoredLetter | null {
  try {
    return parseDeadLetter(line);
  } catch {
    return null;
  }
}
