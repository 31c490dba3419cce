import type { Config } from '../config/schema.ts';
import { openProbe, type Probe } from '../source/admin/probe.ts';
import { type TopicPartition, topicPartitionKey } from '../source/source.ts';
import type { LetterPlace } from './letter-ids.ts';

/** What the client may fetch ahead; nothing is fetched. */
const MEMORY_BYTES = 8 * 1024 * 1024;

/**
 * Whether a letter is final: the group has committed past its record, or its topic is no more. What is not will be
 * read again, by whichever mapping there is then.
 */
export async function finalLetters(kafka: Config['kafka']): Promise<(letter: LetterPlace) => boolean> {
  const probe = await openProbe(kafka, MEMORY_BYTES);
  try {
    const list = await topicPartitionsOf(probe, kafka);
    const topics = new Set(list.map(({ topic }) => topic));
    const committed = new Map(
      (await probe.committed(list)).map((one) => [topicPartitionKey(one), Number(one.offset)]),
    );
    return ({ topic, partition, offset }) =>
      !topics.has(topic) || offset < (committed.get(topicPartitionKey({ topic, partition })) || 0);
  } finally {
    await probe.close();
  }
}

async function topicPartitionsOf(
  probe: Probe,
  { topics, topicPattern }: Config['kafka'],
): Promise<TopicPartition[]> {
  const names = await probe.topicNames();
  const pattern = new RegExp(topicPattern ?? '');
  const wanted = names.filter((name) => (topics === null ? pattern.test(name) : topics.includes(name)));
  return (await probe.topics(wanted)).flatMap(({ topic, leaders }) =>
    leaders.map((_, partition) => ({ topic, partition })),
  );
}
