import { SinkError } from '../../errors.ts';
import { type Consumer, topicErrors, topicSizes } from '../client/client.ts';
import { TOPIC_DENIED } from '../client/faults.ts';
import type { KafkaSettings } from '../client/settings.ts';
import type { TopicIds } from './topic-ids.ts';

/** Topic -> its id; null: none is known. */
export type KnownTopics = ReadonlyMap<string, string | null>;

/**
 * The topics that the brokers list, when those asked for by name are among them. A topic that may not be
 * described is not listed either: only asked for by name it is told from one that is not there.
 *
 * @throws SinkError `topic_missing`, `kafka_denied`, `kafka_unreachable`
 */
export async function findTopics(
  consumer: Consumer,
  { topics, security }: Pick<KafkaSettings, 'topics' | 'security'>,
  timeoutMs: number,
): Promise<string[]> {
  const listed = await list(consumer, timeoutMs);
  const missing = (topics ?? []).filter((topic) => !listed.includes(topic));
  if (missing.length === 0) return listed;
  // Brokers too old for this question have listed what there is.
  const errors = await topicErrors(consumer, missing, timeoutMs).catch(() => new Map<string, number>());
  const denied = missing.filter((topic) => errors.get(topic) === TOPIC_DENIED);
  if (denied.length === 0)
    throw new SinkError('topic_missing', `the brokers do not have: ${missing.join(', ')}`);
  const who = security.username === null ? 'this client' : `user ${security.username}`;
  throw new SinkError('kafka_denied', `${who} has no Describe on the topic: ${denied.join(', ')}`);
}

async function list(consumer: Consumer, timeoutMs: number): Promise<string[]> {
  try {
    return [...(await topicSizes(consumer, null, timeoutMs)).keys()];
  } catch (error) {
    const why = `the brokers do not list their topics: ${(error as Error).message}`;
    throw new SinkError('kafka_unreachable', why, error);
  }
}

/** Of the topics that are there when the service starts, with the ids of those that may be read. */
export async function knownTopics(
  found: readonly string[],
  topicIds: TopicIds,
  { topics, topicPattern }: Pick<KafkaSettings, 'topics' | 'topicPattern'>,
): Promise<KnownTopics> {
  const ids = await topicIds.ask(topicPattern === null ? (topics ?? []) : found);
  return new Map(found.map((topic) => [topic, ids.get(topic) ?? null]));
}
