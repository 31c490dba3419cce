import { createReadStream } from 'node:fs';
import type { TopicPartition } from '../source/source.ts';

/** Which record a dead letter is of. */
export interface LetterHead extends TopicPartition {
  readonly offset: number;
}

const LINE_FEED = 10;
/** Longer than the id, the topic and the numbers that a line begins with: a topic has 249 characters at most. */
const HEAD_BYTES = 1024;
/** The beginning of `deadLetterLine`; names of topics have no characters that JSON would escape. */
const HEAD = /^\{"id":"[^"]*","topic":"([^"]*)","partition":(\d+),"offset":(\d+),/;

/**
 * One for each line of a file of dead letters, empty ones left out, without reading what the letters hold: values
 * may be as long as Kafka takes them. Null: the line is no letter, or it is cut off.
 */
export async function* letterHeads(path: string): AsyncGenerator<LetterHead | null> {
  let line = '';
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length; ) {
      const feed = piece.indexOf(LINE_FEED, at);
      const end = feed < 0 ? piece.length : feed;
      line += piece.toString('latin1', at, Math.min(end, at + HEAD_BYTES - line.length));
      if (feed < 0) break;
      if (line !== '') yield headOf(line);
      line = '';
      at = end + 1;
    }
  }
  if (line !== '') yield null;
}

function headOf(line: string): LetterHead | null {
  const [, topic, number, offset] = HEAD.exec(line) ?? [];
  return topic === undefined ? null : { topic, partition: Number(number), offset: Number(offset) };
}
