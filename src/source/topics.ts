import { SinkError } from '../errors.ts';
import { type Consumer, topicSizes } from './client.ts';
import type { KafkaSettings } from './settings.ts';
import type { TopicIds } from './topic-ids.ts';

/** Topic -> its id; null: none is known. */
export type KnownTopics = ReadonlyMap<string, string | null>;

const CALL_MS = 15_000;

/** All topics that are there. Throws `topic_missing` with those of `kafka.topics` that are not. */
export async function findTopics(
  consumer: Consumer,
  { topics, topicPattern }: KafkaSettings,
): Promise<string[]> {
  const found = [...(await topicSizes(consumer, null, CALL_MS)).keys()];
  const missing = topicPattern === null ? (topics ?? []).filter((topic) => !found.includes(topic)) : [];
  if (missing.length === 0) return found;
  throw new SinkError('topic_missing', `the brokers do not have: ${missing.join(', ')}`);
}

/** Of the topics that are there when the service starts, with the ids of those that may be read. */
export async function knownTopics(
  found: readonly string[],
  topicIds: TopicIds,
  { topics, topicPattern }: KafkaSettings,
): Promise<KnownTopics> {
  const ids = await topicIds.ask(topicPattern === null ? (topics ?? []) : found);
  return new Map(found.map((topic) => [topic, ids.get(topic) ?? null]));
}
