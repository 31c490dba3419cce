import { type Census, earlierTopic, type Note } from './note.ts';

/**
 * Where reading starts: one pure decision from what Kafka knows of a topic partition.
 *
 *  committed offset      | others of the topic           | log       | do
 *  ----------------------|-------------------------------|-----------|---------------------------------
 *  inside the log        | any                           | low..high | continue there
 *  below the log         | any                           |           | stop: offset_lost (deleted)
 *  above the log         | any                           |           | stop: offset_lost (log is shorter)
 *  of an earlier topic   | any, topic found later        |           | low
 *  of an earlier topic   | any, topic known              |           | stop: offset_lost (made again)
 *  none                  | topic found later             |           | low
 *  none                  | none has one                  |           | startAt
 *  none                  | newer than their tp count     |           | low (topic partition was added)
 *  none                  | one was to have started it    |           | stop: offset_lost (missing)
 *  none                  | all that have one are starts  |           | startAt (the group is starting)
 *  none                  | otherwise: never started      |           | low
 *
 * What the others know stands in the metadata of each commit (`note.ts`). An earlier topic is one of the
 * same name that was deleted: Kafka forgets its offsets, but not a commit that was on its way.
 */
export type StartAt = 'earliest' | 'latest' | { readonly timestamp: number };

export interface StartFacts {
  readonly partition: number;
  readonly committed: { readonly offset: number; readonly note: Note } | null;
  /** Notes of the other topic partitions that have an offset. */
  readonly others: readonly Note[];
  readonly low: number;
  readonly high: number;
  readonly topicId: Census['topicId'];
  /** The topic appeared while the service ran, or was deleted and created again. */
  readonly foundLater: boolean;
}

export type StartDecision =
  | { readonly do: 'continue'; readonly offset: number }
  | { readonly do: 'start'; readonly from: StartAt }
  | { readonly do: 'stop'; readonly why: string };

export function decideStart(facts: StartFacts, startAt: StartAt): StartDecision {
  const { committed, topicId } = facts;
  if (committed !== null && !earlierTopic(committed.note, topicId)) return decideContinue(facts);
  if (facts.foundLater) return { do: 'start', from: 'earliest' };
  if (committed !== null) {
    const was = `for an earlier topic of this name (id ${committed.note.topicId}, now ${topicId})`;
    return stop(`committed ${committed.offset} ${was}, the log is ${logOf(facts)}`);
  }
  const others = facts.others.filter((note) => !earlierTopic(note, topicId));
  const knowing = others.filter((note) => (note.size ?? Number.MAX_SAFE_INTEGER) > facts.partition);
  if (others.length > 0 && knowing.length === 0) return { do: 'start', from: 'earliest' };
  if (knowing.some((note) => !note.start && !note.unstarted.includes(facts.partition))) {
    return stop(`nothing committed though others of the topic have an offset, the log is ${logOf(facts)}`);
  }
  return { do: 'start', from: others.every((note) => note.start) ? startAt : 'earliest' };
}

function decideContinue(facts: StartFacts): StartDecision {
  const { offset } = facts.committed!;
  const why = outside(offset, facts);
  return why === null ? { do: 'continue', offset } : stop(`committed ${offset}, ${why}`);
}

/** Why reading cannot go on at `offset`; null when the log has it, or ends there. */
export function outside(offset: number, log: { readonly low: number; readonly high: number }): string | null {
  if (offset < log.low) return `the log is ${logOf(log)}: deleted before it was read`;
  if (offset > log.high) return `the log is ${logOf(log)}: it ends before what was read`;
  return null;
}

const logOf = ({ low, high }: { readonly low: number; readonly high: number }): string => `${low}..${high}`;

const stop = (why: string): StartDecision => ({ do: 'stop', why });
