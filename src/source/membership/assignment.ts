import { SinkError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import {
  type Consumer,
  committed,
  offsetsForTimes,
  type RawPosition,
  topicSizes,
  watermarks,
} from '../client/client.ts';
import { type Position, type TopicPartition, topicPartitionKey } from '../source.ts';
import type { TopicIds } from '../topics/topic-ids.ts';
import type { KnownTopics } from '../topics/topics.ts';
import { type Census, commitNote, earlierTopic, hasOffset, type Note, readNote } from './note.ts';
import { decideStart, type StartAt, type StartDecision } from './start-at.ts';

/** Where one assigned topic partition begins. */
export interface Start extends TopicPartition {
  readonly offset: number;
  /** No offset was committed yet: commit this one, so that later members know that the group has started. */
  readonly fresh: boolean;
  /** As it was read: own topic partitions without an offset count as unstarted until their start is confirmed. */
  readonly census: Census;
}

/** What is asked, and of whom. */
export interface Inquiry {
  readonly consumer: Consumer;
  readonly topicIds: TopicIds;
  readonly groupId: string;
  readonly pipeline: string;
  /** Null: it is not asked who else uses the group. */
  readonly table: string | null;
  readonly log: Pick<Log, 'warn'>;
  readonly startAt: StartAt;
  readonly topicsAtStart: Promise<KnownTopics>;
}

/** A committed offset, read. */
export interface Known extends Position {
  readonly note: Note;
}

/** What Kafka knows of one topic, part of which is assigned. */
export interface Topic {
  readonly assigned: readonly TopicPartition[];
  readonly census: Census;
  /** By topic partition, the others' too. */
  readonly known: ReadonlyMap<number, Known>;
  readonly foundLater: boolean;
}

const CALL_MS = 10_000;
const OTHERS =
  'another pipeline has committed offsets of this group and topic: while it runs, each gets a part of the records';

/**
 * What Kafka knows of the assigned topic partitions. One question after the other: each takes a thread of the
 * pool that consume calls need, for seconds in an outage.
 *
 * @throws SinkError `ledger_unreadable`; `group_taken`: another pipeline writes another table with this group
 */
export async function readTopics(inquiry: Inquiry, assigned: readonly TopicPartition[]): Promise<Topic[]> {
  const topics: Topic[] = [];
  for (const name of new Set(assigned.map((tp) => tp.topic))) {
    const own = assigned.filter((tp) => tp.topic === name);
    topics.push(await readTopic(inquiry, name, own));
  }
  return topics;
}

/**
 * Decides where each assigned topic partition starts: at its committed offset, or at the one to which recovery
 * has brought it (topic partition -> offset).
 *
 * @throws SinkError `offset_lost` with every topic partition that cannot go on
 */
export async function findStarts(
  inquiry: Inquiry,
  topics: readonly Topic[],
  recovered: ReadonlyMap<string, number> = new Map(),
): Promise<Start[]> {
  const starts: Start[] = [];
  const lost: string[] = [];
  for (const topic of topics) {
    for (const tp of topic.assigned) {
      const start = await findStart(inquiry, tp, topic, recovered.get(topicPartitionKey(tp)));
      if (typeof start === 'string') lost.push(`${topicPartitionKey(tp)}: ${start}`);
      else starts.push(start);
    }
  }
  if (lost.length > 0) throw offsetLost(inquiry.groupId, lost);
  return starts;
}

export const offsetLost = (groupId: string, lost: readonly string[]): SinkError =>
  new SinkError('offset_lost', `the group ${groupId} cannot go on at its offsets: ${lost.join('; ')}`);

/** Those of the list that have an offset. Throws `ledger_unreadable`. */
export async function readCommitted(consumer: Consumer, list: readonly TopicPartition[]): Promise<Known[]> {
  const positions = await committed(consumer, [...list], CALL_MS);
  return positions
    .filter(hasOffset)
    .map((p) => ({ topic: p.topic, partition: p.partition, offset: p.offset, note: readNote(p) }));
}

async function readTopic(inquiry: Inquiry, name: string, own: readonly TopicPartition[]): Promise<Topic> {
  const { consumer, topicIds, topicsAtStart, pipeline, table } = inquiry;
  const topicId = (await topicIds.ask([name])).get(name) ?? null;
  const sizes = await topicSizes(consumer, name, CALL_MS);
  const size = Math.max(sizes.get(name) ?? 0, ...own.map((tp) => tp.partition + 1));
  const all = Array.from({ length: size }, (_, partition) => ({ topic: name, partition }));
  const known = await readCommitted(consumer, all);
  const ofThisTopic = known.filter((p) => !earlierTopic(p.note, topicId));
  const started = new Set(ofThisTopic.map((tp) => tp.partition));
  const unstarted = all.map((tp) => tp.partition).filter((number) => !started.has(number));
  tellOthers(inquiry, ofThisTopic);
  const before = (await topicsAtStart).get(name);
  const replaced = before != null && topicId !== null && before !== topicId;
  return {
    assigned: own,
    census: { size, unstarted, topicId, pipeline, table: table ?? '' },
    known: new Map(known.map((p) => [p.partition, p])),
    foundLater: before === undefined || replaced,
  };
}

/** Kafka deals the topic partitions out to all members of the group, whatever table they write to. */
function tellOthers({ groupId, pipeline, table, log }: Inquiry, known: readonly Known[]): void {
  if (table === null) return;
  const others = known.filter(({ note }) => note.pipeline !== null && note.pipeline !== pipeline);
  const foreign = others.find(({ note }) => note.table !== null && note.table !== table);
  if (foreign) {
    const { note, offset } = foreign;
    const whose = `committed by pipeline ${note.pipeline} for table ${note.table}; this is ${pipeline} for ${table}`;
    const where = `${topicPartitionKey(foreign)}: offset ${offset}`;
    throw new SinkError('group_taken', `group ${groupId}, ${where} was ${whose}`);
  }
  const names = new Set(others.map(({ note }) => note.pipeline));
  if (names.size > 0) log.warn({ pipelines: [...names] }, OTHERS);
}

/** The start, or why there is none. */
async function findStart(
  inquiry: Inquiry,
  tp: TopicPartition,
  topic: Topic,
  recovered: number | undefined,
): Promise<Start | string> {
  const { consumer, startAt } = inquiry;
  const { census } = topic;
  const { lowOffset: low, highOffset: high } = await watermarks(consumer, tp.topic, tp.partition, CALL_MS);
  const decision = decide(tp.partition, topic, recovered, { low, high }, startAt);
  if (decision.do === 'stop') return decision.why;
  if (decision.do === 'continue') return { ...tp, offset: decision.offset, fresh: false, census };
  const offset = await resolveStartAt(consumer, tp, decision.from, low, high);
  return { ...tp, offset, fresh: true, census };
}

function decide(
  partition: number,
  { census: { topicId }, known, foundLater }: Topic,
  recovered: number | undefined,
  log: { low: number; high: number },
  startAt: StartAt,
): StartDecision {
  const own = known.get(partition);
  const committed = own ? { offset: recovered ?? own.offset, note: own.note } : null;
  const others = [...known.values()].filter((p) => p !== own).map(({ note }) => note);
  return decideStart({ ...log, partition, committed, others, topicId, foundLater }, startAt);
}

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
  proofs(starts.filter((start) => start.fresh));

/** A commit that changes nothing but that: it asks whether the group takes any. */
export const proofs = (starts: readonly Start[]): RawPosition[] =>
  starts.map(({ topic, partition, offset, fresh, census }) => ({
    ...{ topic, partition, offset },
    metadata: commitNote(census, fresh),
  }));
