import { resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import { letterFolder } from '../config/dead-letters.ts';
import type { Config } from '../config/schema.ts';
import { maxComputeOptions } from '../connections.ts';
import type { StoredLetter } from '../deadletter/stored.ts';
import { folderLetters } from '../deadletter/stored-file.ts';
import { tableLetters } from '../deadletter/stored-table.ts';
import { topicLetters } from '../deadletter/stored-topic.ts';
import { openMaxCompute } from '../maxcompute/maxcompute.ts';
import { finalLetters } from './acknowledged.ts';

/** Where the configuration says that dead letters are; of all that are there, those of this pipeline that are final. */
export interface LetterStore {
  /** `the folder /data/dead-letters`. */
  readonly name: string;
  /**
   * Null: something that is no dead letter. One letter may come more than once. `heads`: key, value and headers are not
   * wanted.
   */
  read(what: 'heads' | 'whole'): AsyncGenerator<StoredLetter | null>;
  /** Where the journal of replays is unless told. */
  readonly journal: string;
}

/** Longest silence of a topic that is not read to its end, ms. */
const SILENCE_MS = 30_000;

export function letterStore(config: Config, clock: Clock): LetterStore {
  const { name, kafka, deadLetters } = config;
  const { topic, table } = deadLetters;
  if (table !== null)
    return {
      name: `the table ${table}`,
      read: (what) => fromTable(config, table, what === 'whole'),
      journal: resolve(`${name}-replayed`),
    };
  if (topic !== null) {
    const read = () => topicLetters(kafka, topic, clock, SILENCE_MS);
    return {
      name: `the topic ${topic}`,
      read: () => ownLetters(name, finalLetters(kafka), read),
      journal: resolve(`${name}-replayed`),
    };
  }
  const folder = resolve(letterFolder(deadLetters));
  return {
    name: `the folder ${folder}`,
    read: () => folderLetters(folder, kafka.groupId),
    // Pipelines may share a folder, and read the same records into different tables.
    journal: resolve(folder, `replayed-${name}`),
  };
}

/** Which are final is asked first: what is read later can only be more. */
async function* ownLetters(
  pipeline: string,
  final: ReturnType<typeof finalLetters>,
  read: () => ReturnType<LetterStore['read']>,
): AsyncGenerator<StoredLetter | null> {
  const isFinal = await final;
  for await (const letter of read())
    if (letter === null || (letter.pipeline === pipeline && isFinal(letter))) yield letter;
}

async function* fromTable(config: Config, table: string, bytes: boolean): ReturnType<LetterStore['read']> {
  const { project, schema } = config.maxcompute;
  const maxcompute = openMaxCompute(maxComputeOptions(config));
  try {
    yield* tableLetters({ maxcompute, place: { project, schema, table }, pipeline: config.name, bytes });
  } finally {
    await maxcompute.close();
  }
}
