import { resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { letterFolder } from '../config/dead-letters.ts';
import type { Config } from '../config/schema.ts';
import { type LetterOffsets, offsetsOf, readLetterOffsets } from '../deadletter/offsets.ts';
import { tableLetters } from '../deadletter/stored-table.ts';
import { topicLetters } from '../deadletter/stored-topic.ts';
import type { MaxCompute } from '../maxcompute/maxcompute.ts';

/** The folder, topic or table of dead letters. */
export const lettersPlace = ({ deadLetters }: Config): string =>
  deadLetters.topic !== null
    ? `the topic ${deadLetters.topic}`
    : deadLetters.table !== null
      ? `the table ${deadLetters.table}`
      : resolve(letterFolder(deadLetters));

/** Which records are dead letters. A topic may have letters of batches that were never acknowledged: they lie above the offsets. */
export function lettersOf(config: Config, client: MaxCompute, silenceMs: number): Promise<LetterOffsets> {
  const { topic, table } = config.deadLetters;
  const { project, schema } = config.maxcompute;
  if (table !== null) {
    const place = { project, schema, table };
    return offsetsOf(tableLetters({ maxcompute: client, place, pipeline: config.name, bytes: false }));
  }
  if (topic === null) return readLetterOffsets(resolve(letterFolder(config.deadLetters)));
  return offsetsOf(topicLetters(config.kafka, topic, systemClock, silenceMs));
}
