import { SinkError } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  type Consumer,
  committed,
  offsetsForTimes,
  type RawPosition,
  topicSizes,
  watermarks,
} from './client.ts';
import { type Census, commitNote, earlierTopic, readNote } from './note.ts';
import { type TopicPartition, topicPartitionKey } from './source.ts';
import { decideStart, type StartAt, type StartDecision } from './start-at.ts';
import type { TopicIds } from './topic-ids.ts';
import type { KnownTopics } from './topics.ts';

/** Where one assigned topic partition begins. */
export interface Start extends TopicPartition {
  readonly offset: number;
  /** No offset was committed yet: commit this one, so that later members know that the group has started. */
  readonly fresh: boolean;
  readonly census: Census;
}

/** What is asked, and of whom. */
export interface Inquiry {
  readonly consumer: Consumer;
  readonly topicIds: TopicIds;
  readonly groupId: string;
  readonly pipeline: string;
  /** Null: nobody is told who else uses the group. */
  readonly log: Pick<Log, 'warn'> | null;
  readonly startAt: StartAt;
  readonly topicsAtStart: Promise<KnownTopics>;
}

/** What Kafka knows of one topic. */
interface Topic {
  readonly census: Census;
  readonly known: ReadonlyMap<number, RawPosition>;
  readonly foundLater: boolean;
}

const CALL_MS = 10_000;
const OTHERS =
  'another pipeline has committed offsets of this group and topic: while it runs, each gets a part of the records';

/**
 * Reads what Kafka knows of the assigned topic partitions and decides where each one starts. One question
 * after the other: each takes a thread of the pool that consume calls need, for seconds in an outage.
 * Throws `offset_lost` with every topic partition that cannot go on.
 */
export async function findStarts(inquiry: Inquiry, assigned: readonly TopicPartition[]): Promise<Start[]> {
  const starts: Start[] = [];
  const lost: string[] = [];
  for (const name of new Set(assigned.map((tp) => tp.topic))) {
    const own = assigned.filter((tp) => tp.topic === name);
    const topic = await readTopic(inquiry, name, own);
    for (const tp of own) {
      const start = await findStart(inquiry, tp, topic);
      if (typeof start === 'string') lost.push(`${topicPartitionKey(tp)}: ${start}`);
      else starts.push(start);
    }
  }
  if (lost.length > 0) throw offsetLost(inquiry.groupId, lost);
  return starts;
}

export const offsetLost = (groupId: string, lost: readonly string[]): SinkError =>
  new SinkError('offset_lost', `the group ${groupId} cannot go on at its offsets: ${lost.join('; ')}`);

async function readTopic(inquiry: Inquiry, name: string, own: readonly TopicPartition[]): Promise<Topic> {
  const { consumer, topicIds, topicsAtStart, pipeline } = inquiry;
  const topicId = (await topicIds.ask([name])).get(name) ?? null;
  const sizes = await topicSizes(consumer, name, CALL_MS);
  const size = Math.max(sizes.get(name) ?? 0, ...own.map((tp) => tp.partition + 1));
  const all = Array.from({ length: size }, (_, partition) => ({ topic: name, partition }));
  const positions = (await committed(consumer, all, CALL_MS)).filter(hasOffset);
  const known = new Map(positions.map((p) => [p.partition, p]));
  const started = new Set([
    ...positions.filter((p) => !earlierTopic(readNote(p.metadata), topicId)).map((p) => p.partition),
    ...own.map((tp) => tp.partition),
  ]);
  const unstarted = all.map((tp) => tp.partition).filter((number) => !started.has(number));
  tellOthers(inquiry, positions);
  const before = (await topicsAtStart).get(name);
  const replaced = before != null && topicId !== null && before !== topicId;
  return {
    census: { size, unstarted, topicId, pipeline },
    known,
    foundLater: before === undefined || replaced,
  };
}

/** Kafka deals the topic partitions out to all members of the group, whatever table they write to. */
function tellOthers({ pipeline, log }: Inquiry, positions: readonly RawPosition[]): void {
  const names = new Set(positions.map((p) => readNote(p.metadata).pipeline));
  const others = [...names].filter((name) => name !== null && name !== pipeline);
  if (others.length > 0) log?.warn({ pipelines: others }, OTHERS);
}

/** The start, or why there is none. */
async function findStart(inquiry: Inquiry, tp: TopicPartition, topic: Topic): Promise<Start | string> {
  const { consumer, startAt } = inquiry;
  const { census } = topic;
  const { lowOffset: low, highOffset: high } = await watermarks(consumer, tp.topic, tp.partition, CALL_MS);
  const decision = decide(tp.partition, topic, { low, high }, startAt);
  if (decision.do === 'stop') return decision.why;
  if (decision.do === 'continue') return { ...tp, offset: decision.offset, fresh: false, census };
  const offset = await resolveStartAt(consumer, tp, decision.from, low, high);
  return { ...tp, offset, fresh: true, census };
}

function decide(
  number: number,
  { census, known, foundLater }: Topic,
  log: { low: number; high: number },
  startAt: StartAt,
): StartDecision {
  const own = known.get(number);
  const committed = own === undefined ? null : { offset: own.offset, note: readNote(own.metadata) };
  const others = [...known.values()].filter((p) => p !== own).map((p) => readNote(p.metadata));
  const { topicId } = census;
  return decideStart({ ...log, partition: number, committed, others, topicId, foundLater }, startAt);
}

const hasOffset = ({ offset }: RawPosition): boolean => typeof offset === 'number' && offset >= 0;

export async function resolveStartAt(
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
    .map(({ topic, partition, offset, census }) => ({
      topic,
      partition,
      offset,
      metadata: commitNote(census, true),
    }));
