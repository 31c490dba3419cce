import type { TopicPartition } from '../source/source.ts';
import { letterHeads } from './heads.ts';

/** Offsets of the letters of one topic partition, both included. */
export interface LetterSpan extends TopicPartition {
  readonly first: number;
  readonly last: number;
}

export interface LeftContent {
  readonly spans: readonly LetterSpan[];
  /** There are letters, and nothing else; the last is not cut off. */
  readonly isWhole: boolean;
}

/** Which records a file of dead letters is about. */
export async function readLeft(path: string): Promise<LeftContent> {
  const spans = new Map<string, LetterSpan>();
  let isWhole = true;
  for await (const head of letterHeads(path)) {
    if (head === null) {
      isWhole = false;
      continue;
    }
    const { topic, partition: number, offset } = head;
    const key = `${topic}-${number}`;
    const { first, last } = spans.get(key) ?? { first: offset, last: offset };
    const span = { first: Math.min(first, offset), last: Math.max(last, offset) };
    spans.set(key, { topic, partition: number, ...span });
  }
  return { spans: [...spans.values()], isWhole: isWhole && spans.size > 0 };
}
