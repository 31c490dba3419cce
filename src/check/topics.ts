import type { Config } from '../config/schema.ts';
import { SinkError } from '../errors.ts';
import type { LogBounds, TopicFacts } from '../source/admin/admin.ts';
import type { Probe } from '../source/admin/probe.ts';
import { kafkaError, TOPIC_DENIED, UNKNOWN_TOPIC } from '../source/client/kafka-error.ts';
import type { TopicPartition } from '../source/source.ts';
import { plural, some } from '../terminal/words.ts';
import { fail, failed, type Item, notChecked, ok, warn } from './report.ts';
import { withinStep } from './step.ts';
import { grant } from './topic-rights.ts';

export interface TopicsOutcome {
  readonly items: readonly Item[];
  readonly rights: readonly Item[];
  /** Those that are there. */
  readonly found: readonly TopicFacts[];
  readonly bounds: readonly LogBounds[];
}

/** Describes the topics that are to be read, and asks for the bounds of their logs. */
export async function checkTopics(config: Config, probe: Probe): Promise<TopicsOutcome> {
  try {
    return await withinStep('kafka_unreachable', 'the topics', () => describe(config, probe));
  } catch (error) {
    const rights = [notChecked('topic Describe', 'the topics could not be described')];
    return { items: [failed('topics', kafkaError('the topics', error))], rights, found: [], bounds: [] };
  }
}

async function describe(config: Config, probe: Probe): Promise<TopicsOutcome> {
  const { topics, topicPattern } = config.kafka;
  const names = topics ?? matching(await probe.topicNames(), topicPattern ?? '');
  const facts = await probe.topics(names);
  const found = facts.filter(({ fault }) => fault === null);
  const bounds = await probe.bounds(withLeader(found));
  const pattern = topicPattern === null ? [] : [patternItem(topicPattern, names)];
  const items = [...pattern, ...facts.map((topic) => topicItem(topic, bounds))];
  return { items, rights: facts.map((topic) => describeRight(config, topic)), found, bounds };
}

const matching = (names: readonly string[], pattern: string): string[] =>
  names.filter((name) => new RegExp(pattern).test(name));

const withLeader = (topics: readonly TopicFacts[]): TopicPartition[] =>
  topics.flatMap(({ topic, leaders }) =>
    leaders.flatMap((leader, partition) => (leader === null ? [] : { topic, partition })),
  );

function patternItem(pattern: string, names: readonly string[]): Item {
  const what = 'topic pattern';
  if (names.length > 0)
    return ok(what, `${pattern} matches ${plural(names.length, 'topic')}: ${some(names)}`);
  const advice = 'Topics that are created later are found too; else mend kafka.topicPattern.';
  return warn(what, `${pattern} matches no topic that this client may see`, advice);
}

function topicItem({ topic, leaders, fault }: TopicFacts, bounds: readonly LogBounds[]): Item {
  const what = `topic ${topic}`;
  if (fault?.code === TOPIC_DENIED) return notChecked(what, 'the brokers refuse to describe it');
  if (fault?.code === UNKNOWN_TOPIC)
    return failed(what, new SinkError('topic_missing', `the brokers do not have it: ${fault.message}`));
  if (fault) return failed(what, new SinkError('kafka_unreachable', fault.message));
  const records = bounds.reduce((sum, one) => sum + (one.topic === topic ? one.high - one.low : 0), 0);
  const text = `${plural(leaders.length, 'topic partition')}, about ${plural(records, 'record')} in the log`;
  const headless = leaders.flatMap((leader, partition) => (leader === null ? [String(partition)] : []));
  if (headless.length === 0) return ok(what, text);
  const advice = 'These are not read until a broker leads them.';
  return warn(what, `${text}; without a leader: ${some(headless)}`, advice);
}

function describeRight(config: Config, { topic, fault, rights, leaders }: TopicFacts): Item {
  const what = `topic ${topic} Describe`;
  if (fault?.code === TOPIC_DENIED) {
    const text = `${fault.message}: the right is missing, or the topic is (Kafka does not tell which)`;
    return fail(
      what,
      text,
      `${grant(config, 'Describe', `--topic ${topic}`)}\nOr create the topic.`,
      'kafka_denied',
    );
  }
  if (fault) return notChecked(what, 'the topic is missing');
  const told = rights ? `; the brokers say: Describe ${rights.describe ? 'allowed' : 'denied'}` : '';
  return ok(what, `described: ${plural(leaders.length, 'topic partition')}${told}`);
}
