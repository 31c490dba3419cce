import { SinkError } from '../errors.ts';
import {
  type Consumer,
  committed,
  offsetsForTimes,
  type RawPosition,
  topicSizes,
  watermarks,
} from './client.ts';
import type { TopicPartition } from './source.ts';
import { commitNote, decideStart, readCommitNote, type StartAt } from './start-at.ts';

/** Where one assigned topic partition begins. */
export interface Start extends TopicPartition {
  readonly offset: number;
  /** No offset was committed yet: commit this one, so that later members know that the group has started. */
  readonly fresh: boolean;
  readonly topicSize: number;
}

const CALL_MS = 10_000;

/**
 * Reads what Kafka knows of the assigned topic partitions and decides where each one starts. One question
 * after the other: each takes a thread of the pool that consume calls need, for seconds in an outage.
 */
export async function findStarts(
  consumer: Consumer,
  assigned: readonly TopicPartition[],
  startAt: StartAt,
  topicsAtStart: ReadonlySet<string>,
): Promise<Start[]> {
  const topics = [...new Set(assigned.map((tp) => tp.topic))];
  const starts: Start[] = [];
  for (const topic of topics) {
    const own = assigned.filter((tp) => tp.topic === topic);
    starts.push(...(await findTopicStarts(consumer, topic, own, startAt, !topicsAtStart.has(topic))));
  }
  return starts;
}

async function findTopicStarts(
  consumer: Consumer,
  topic: string,
  own: readonly TopicPartition[],
  startAt: StartAt,
  foundLater: boolean,
): Promise<Start[]> {
  const sizes = await topicSizes(consumer, topic, CALL_MS);
  const topicSize = Math.max(sizes.get(topic) ?? 0, ...own.map((tp) => tp.partition + 1));
  const all = Array.from({ length: topicSize }, (_, partition) => ({ topic, partition }));
  const known = new Map((await committed(consumer, all, CALL_MS)).map((p) => [p.partition, p]));
  const starts: Start[] = [];
  for (const tp of own) starts.push(await findStart(consumer, tp, known, topicSize, startAt, foundLater));
  return starts;
}

async function findStart(
  consumer: Consumer,
  tp: TopicPartition,
  known: ReadonlyMap<number, RawPosition>,
  topicSize: number,
  startAt: StartAt,
  foundLater: boolean,
): Promise<Start> {
  const { lowOffset: low, highOffset: high } = await watermarks(consumer, tp.topic, tp.partition, CALL_MS);
  const others = [...known.values()].filter((p) => p.partition !== tp.partition && hasOffset(p));
  const decision = decideStart(
    {
      partition: tp.partition,
      committed: hasOffset(known.get(tp.partition)) ? known.get(tp.partition)!.offset : null,
      others: others.map((p) => readCommitNote(p.metadata)),
      low,
      high,
      foundLater,
    },
    startAt,
  );
  if (decision.do === 'stop')
    throw new SinkError('offset_lost', `${tp.topic}-${tp.partition}: ${decision.why}`);
  if (decision.do === 'continue') return { ...tp, offset: decision.offset, fresh: false, topicSize };
  const offset = await resolveStartAt(consumer, tp, decision.from, low, high);
  return { ...tp, offset, fresh: true, topicSize };
}

const hasOffset = (position: RawPosition | undefined): boolean =>
  position !== undefined && typeof position.offset === 'number' && position.offset >= 0;

async function resolveStartAt(
  consumer: Consumer,
  tp: TopicPartition,
  from: StartAt,
  low: number,
  high: number,
): Promise<number> {
  if (from === 'earliest') return low;
  if (from === 'latest') return high;
  const [found] = await offsetsForTimes(consumer, [{ ...tp, offset: from.timestamp }], CALL_MS);
  return found && found.offset >= 0 ? found.offset : high;
}

/** The commit that says "the group has started here". */
export const startCommits = (starts: readonly Start[]): RawPosition[] =>
  starts
    .filter((start) => start.fresh)
    .map(({ topic, partition, offset, topicSize }) => ({
      topic,
      partition,
      offset,
      metadata: commitNote(topicSize, true),
    }));
