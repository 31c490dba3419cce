import { createReadStream } from 'node:fs';
import type { TopicPartition } from '../source/source.ts';

/** Offsets of the letters of one topic partition, both included. */
export interface LetterSpan extends TopicPartition {
  readonly first: number;
  readonly last: number;
}

export interface LeftContent {
  readonly spans: readonly LetterSpan[];
  /** There are lines, each begins as a letter does, and the last is not cut off. */
  readonly isWhole: boolean;
}

/** What `deadLetterLine` begins with. */
const LETTER = /^\{"id":"[^"]*","topic":"([^"]*)","partition":(\d+),"offset":(\d+),/;
/** Longer than any such beginning: a topic has 249 characters at most. */
const BEGINNING = 1024;
const LINE_FEED = 10;

/** Which records a file of dead letters is about. Values of any size pass by; only the beginnings of lines are kept. */
export async function readLeft(path: string): Promise<LeftContent> {
  const spans = new Map<string, LetterSpan>();
  let line = '';
  let isWhole = true;
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length; ) {
      const feed = piece.indexOf(LINE_FEED, at);
      const end = feed < 0 ? piece.length : feed;
      line += piece.toString('latin1', at, Math.min(end, at + BEGINNING - line.length));
      at = end + 1;
      if (feed < 0) break;
      if (!take(spans, line)) isWhole = false;
      line = '';
    }
  }
  return { spans: [...spans.values()], isWhole: isWhole && line === '' && spans.size > 0 };
}

function take(spans: Map<string, LetterSpan>, line: string): boolean {
  const [, topic, number, place] = LETTER.exec(line) ?? [];
  if (topic === undefined) return false;
  const key = `${topic}-${number}`;
  const offset = Number(place);
  const { first, last } = spans.get(key) ?? { first: offset, last: offset };
  const span = { first: Math.min(first, offset), last: Math.max(last, offset) };
  spans.set(key, { topic, partition: Number(number), ...span });
  return true;
}
