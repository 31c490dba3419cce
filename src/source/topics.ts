import { SinkError } from '../errors.ts';
import { type Consumer, type TopicIds, topicSizes } from './client.ts';
import type { KafkaSettings } from './settings.ts';

const CALL_MS = 15_000;

/**
 * Topic -> id of all topics that are there, null where none is known. Throws `topic_missing` with those of
 * `kafka.topics` that are not there.
 */
export async function findTopics(
  consumer: Consumer,
  topicIds: TopicIds,
  { topics, topicPattern }: KafkaSettings,
): Promise<Map<string, string | null>> {
  const found = [...(await topicSizes(consumer, null, CALL_MS)).keys()];
  const missing = topicPattern === null ? (topics ?? []).filter((topic) => !found.includes(topic)) : [];
  if (missing.length > 0)
    throw new SinkError('topic_missing', `the brokers do not have: ${missing.join(', ')}`);
  const ids = await topicIds.ask(topicPattern === null ? (topics ?? []) : found);
  return new Map(found.map((topic) => [topic, ids.get(topic) ?? null]));
}
