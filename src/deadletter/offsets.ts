import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

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

const LINE_FEED = 10;
/** Longer than the id, the topic and the numbers that a line begins with. */
const HEAD_BYTES = 4096;
/** The beginning of {@link deadLetterLine}; names of topics have no characters that JSON would escape. */
const HEAD = /^\{"id":"[^"]*","topic":"([^"]*)","partition":(\d+),"offset":(\d+),/;

export async function readLetterOffsets(folder: string): Promise<LetterOffsets> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const offsets = new Map<string, Map<number, number[]>>();
  let unreadable = 0;
  const files = (names ?? []).filter((name) => name.endsWith('.jsonl'));
  for (const name of files)
    for await (const head of lineHeads(join(folder, name))) if (!note(offsets, head)) unreadable += 1;
  const open = (names ?? []).filter((name) => name.endsWith('.open')).length;
  return { files: names === null ? null : files.length, open, offsets, unreadable };
}

function note(offsets: Map<string, Map<number, number[]>>, head: string): boolean {
  const [, topic, partition, offset] = HEAD.exec(head) ?? [];
  if (topic === undefined) return false;
  const ofTopic = offsets.get(topic) ?? new Map<number, number[]>();
  const list = ofTopic.get(Number(partition)) ?? [];
  list.push(Number(offset));
  offsets.set(topic, ofTopic.set(Number(partition), list));
  return true;
}

/** The beginning of each line: values may be as long as Kafka takes them. */
async function* lineHeads(path: string): AsyncGenerator<string> {
  let head = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(LINE_FEED, at);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end);
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, part.subarray(0, HEAD_BYTES)]);
      if (end < 0) break;
      if (head.length > 0) yield head.toString('utf8');
      head = Buffer.alloc(0);
      at = end + 1;
    }
  }
  if (head.length > 0) yield head.toString('utf8');
}
