import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { TopicFacts } from '../source/admin/admin.ts';
import { openProbe, type Probe } from '../source/admin/probe.ts';
import { kafkaError } from '../source/client/kafka-error.ts';
import type { TopicPartition } from '../source/source.ts';
import { plural, took } from '../terminal/words.ts';
import { checkGroup } from './group.ts';
import { checkCommitted, offsetsTable } from './offsets.ts';
import { failed, type Item, notChecked, ok, type Section } from './report.ts';
import { withinStep } from './step.ts';
import { checkTopicRights } from './topic-rights.ts';
import { checkTopics } from './topics.ts';

export interface KafkaOutcome {
  readonly section: Section;
  /** Rows of the rights matrix. */
  readonly rights: readonly Item[];
  /** Of all topics; null: unknown. */
  readonly topicPartitions: number | null;
  /** Values of a few recent records, if there are any. */
  readonly values: readonly Buffer[];
}

/** Looks at brokers, topics, offsets, group and rights; joins nothing and commits nothing. */
export async function checkKafka(config: Config): Promise<KafkaOutcome> {
  const began = systemClock.now();
  let probe: Probe;
  try {
    const open = () => openProbe(config.kafka, config.memory);
    probe = await withinStep('kafka_unreachable', `no connection to ${brokersText(config)}`, open);
  } catch (error) {
    return unreachable(config, error);
  }
  try {
    return await look(config, probe, took(systemClock.now() - began));
  } finally {
    await probe.close();
  }
}

const brokersText = ({ kafka: { brokers, security } }: Config): string =>
  `${brokers.join(', ')} (${[security.protocol, security.mechanism].filter(Boolean).join(', ')})`;

function unreachable(config: Config, error: unknown): KafkaOutcome {
  const whats = ['topic Describe', 'topic Read', `group ${config.kafka.groupId} Read`];
  return {
    section: { step: 'kafka', items: [failed('brokers', error)] },
    rights: whats.map((what) => notChecked(what, 'there is no connection to Kafka')),
    topicPartitions: null,
    values: [],
  };
}

async function look(config: Config, probe: Probe, connected: string): Promise<KafkaOutcome> {
  const brokers = await checkBrokers(config, probe, connected);
  const { found, bounds, ...topics } = await checkTopics(config, probe);
  const read = await checkTopicRights(config, probe, found, bounds);
  const { committed, members, ...group } = await checkGroup(config, probe, topicPartitionsOf(found));
  const offsets =
    committed === null
      ? { items: [notChecked('committed offsets', 'the group did not answer')], topicPartitions: [] }
      : checkCommitted(config.kafka.startAt, bounds, committed);
  return {
    section: {
      step: 'kafka',
      items: [brokers, ...topics.items, ...offsets.items, ...group.items],
      facts: { topics: found, topicPartitions: offsets.topicPartitions, members },
      exhibits: offsetsTable(offsets.topicPartitions),
    },
    rights: [...topics.rights, ...read.items, ...group.rights],
    topicPartitions: topicPartitionsOf(found).length || null,
    values: read.values,
  };
}

async function checkBrokers(config: Config, probe: Probe, connected: string): Promise<Item> {
  try {
    const ids = await withinStep('kafka_unreachable', 'the brokers', () => probe.brokers());
    const text = `connected through ${brokersText(config)} in ${connected}`;
    return ok('brokers', `${text}; the cluster has ${plural(ids.length, 'broker')}`);
  } catch (error) {
    return failed('brokers', kafkaError('the brokers', error));
  }
}

const topicPartitionsOf = (topics: readonly TopicFacts[]): TopicPartition[] =>
  topics.flatMap(({ topic, leaders }) => leaders.map((_, partition) => ({ topic, partition })));
