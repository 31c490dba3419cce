import type { Clock } from '../../clock.ts';
import { asSinkError, SinkError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { seldom } from '../../seldom.ts';
import type { RawPosition } from '../client/client.ts';
import type { FaultAction } from '../client/faults.ts';
import { type OffsetCommit, type Recover, type TopicPartition, topicPartitionKey } from '../source.ts';
import {
  findStarts,
  type Inquiry,
  type Known,
  readCommitted,
  readTopics,
  type Start,
  type Topic,
} from './assignment.ts';
import { commitNote, earlierTopic } from './note.ts';

export interface OpeningOptions {
  readonly questions: Questions;
  readonly log: Pick<Log, 'warn'>;
  readonly clock: Clock;
  readonly exactlyOnce: boolean;
  readonly settleMs: number;
  readonly recover: Recover;
  /** What a failed question to the brokers means. */
  faultAction(error: unknown): FaultAction;
  /** Of own topic partitions, while the assignment lasts. */
  commit(commits: readonly RawPosition[]): Promise<void>;
}

/** What is asked of Kafka. */
export interface Questions {
  topics(list: readonly TopicPartition[]): Promise<Topic[]>;
  committed(list: readonly TopicPartition[]): Promise<Known[]>;
  starts(topics: readonly Topic[], recovered: ReadonlyMap<string, number>): Promise<Start[]>;
}

export const askKafka = (inquiry: Inquiry): Questions => ({
  topics: (list) => readTopics(inquiry, list),
  committed: (list) => readCommitted(inquiry.consumer, list),
  starts: (topics, recovered) => findStarts(inquiry, topics, recovered),
});

const AGAIN_MS = 1_000;

/**
 * From an assignment to where each of its topic partitions is read from (protocol, steps 1 and 2):
 *
 *   wait      until what older members have sent has arrived or failed; nothing is committed before
 *   read      offsets and metadata
 *   recover   intents that were found are settled
 *   decide    the starts
 *
 * Without exactly once there is nothing to wait for, unless an intent is found: then it is waited after all, and
 * read again. Brokers that do not answer are asked again, and so is recovery after what passes. Rejects with what
 * ends the service, with `kafka_commit_refused` when the group is to be joined again, and with the signal's reason.
 */
export async function openAssignment(
  options: OpeningOptions,
  list: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<Start[]> {
  const settle = () => options.clock.sleep(options.settleMs, signal);
  const ask = <T>(question: () => Promise<T>) => untilAnswered(options, question, signal);
  const read = () => ask(() => options.questions.topics(list));

  if (options.exactlyOnce) await settle();
  let topics = await read();
  if (!options.exactlyOnce && hasIntent(topics)) {
    await settle();
    topics = await read();
  }
  for (;;) {
    const recovered = hasIntent(topics) ? await recover(options, topics, signal) : NOTHING;
    if (recovered) return ask(() => options.questions.starts(topics, recovered));
    topics = await read();
  }
}

const NOTHING: ReadonlyMap<string, number> = new Map();

const hasIntent = (topics: readonly Topic[]): boolean =>
  topics.some((topic) => ownOf(topic).some(({ note }) => note.intent !== null));

/** What is committed for the assigned ones. */
const ownOf = ({ assigned, known }: Topic): Known[] =>
  assigned.flatMap((tp) => known.get(tp.partition) ?? []);

/** Where the topic partitions are read from; null: what it met passes, it is to be tried again. */
async function recover(
  options: OpeningOptions,
  topics: readonly Topic[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number> | null> {
  const note = noteFor(topics);
  const io = {
    signal,
    read: (list: readonly TopicPartition[]) =>
      untilAnswered(options, () => options.questions.committed(list), signal).then((found) =>
        found.map(committedEntry),
      ),
    commit: async (commits: readonly OffsetCommit[]) => {
      signal.throwIfAborted();
      await options.commit(commits.map((commit) => ({ ...positionOf(commit), metadata: note(commit) })));
      signal.throwIfAborted();
    },
  };
  try {
    const positions = await options.recover(topics.flatMap(ownOf).map(committedEntry), io);
    return new Map(positions.map((p) => [topicPartitionKey(p), p.offset]));
  } catch (error) {
    signal.throwIfAborted();
    const known = asSinkError(error);
    if (known.action === 'stop' || known.code === 'kafka_commit_refused') throw known;
    options.log.warn({ error }, 'pending batches could not be settled; trying again');
    await options.clock.sleep(AGAIN_MS, signal);
    return null;
  }
}

export const committedEntry = ({ topic, partition, offset, note }: Known): OffsetCommit => ({
  ...{ topic, partition, offset },
  intent: note.intent,
});

const positionOf = ({ topic, partition, offset }: OffsetCommit) => ({ topic, partition, offset });

/** An offset of an earlier topic of the same name stays one: recovery knows nothing of topics. */
function noteFor(topics: readonly Topic[]): (commit: OffsetCommit) => string {
  const notes = new Map(
    topics.flatMap((topic) =>
      ownOf(topic).map((known) => {
        const { census } = topic;
        const stale = earlierTopic(known.note, census.topicId);
        return [
          topicPartitionKey(known),
          stale ? { ...census, topicId: known.note.topicId } : census,
        ] as const;
      }),
    ),
  );
  return (commit) => {
    const census = notes.get(topicPartitionKey(commit));
    if (census) return commitNote(census, false, commit.intent);
    throw new SinkError('unexpected', `${topicPartitionKey(commit)} is committed, but not ours`);
  };
}

/** Passing faults are waited out; others are thrown as what ends the service. */
async function untilAnswered<T>(
  { clock, log, faultAction }: OpeningOptions,
  question: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const isDue = seldom(clock);
  for (;;) {
    try {
      const answer = await question();
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const fault = faultAction(error);
      if (fault.do === 'stop') throw fault.error;
      if (isDue('starts')) log.warn({ error }, 'the start offsets could not be read; asking again');
      await clock.sleep(AGAIN_MS, signal);
    }
  }
}
