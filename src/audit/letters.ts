import { resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { letterFolder } from '../config/dead-letters.ts';
import type { Config } from '../config/schema.ts';
import { type LetterOffsets, offsetsOf, readLetterOffsets } from '../deadletter/offsets.ts';
import { topicLetters } from '../deadletter/stored-topic.ts';

/** The folder, or the topic, of dead letters. */
export const lettersPlace = ({ deadLetters }: Config): string =>
  deadLetters.topic === null ? resolve(letterFolder(deadLetters)) : `the topic ${deadLetters.topic}`;

/** Which records are dead letters. A topic may have letters of batches that were never acknowledged: they lie above the offsets. */
export function lettersOf(config: Config, silenceMs: number): Promise<LetterOffsets> {
  const { topic } = config.deadLetters;
  if (topic === null) return readLetterOffsets(resolve(letterFolder(config.deadLetters)));
  return offsetsOf(topicLetters(config.kafka, topic, systemClock, silenceMs));
}
