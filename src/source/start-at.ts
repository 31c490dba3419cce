/**
 * Where reading starts: one pure decision from what Kafka knows of a topic partition.
 *
 *  committed offset | others of the topic           | log           | do
 *  -----------------|-------------------------------|---------------|--------------------------------
 *  inside the log   | any                           | low..high     | continue there
 *  below the log    | any                           |               | stop: offset_lost (deleted)
 *  above the log    | any                           |               | stop: offset_lost (log is shorter)
 *  none             | none has one, topic known     |               | startAt
 *  none             | none has one, found later     |               | low
 *  none             | newer than their tp count     |               | low (topic partition was added)
 *  none             | all that have one are starts  |               | startAt (the group is starting)
 *  none             | otherwise                     |               | stop: offset_lost (missing)
 *
 * What the others know stands in the metadata of each commit: `maxsink1;tp=COUNT;` and `start;` until
 * the first acknowledgement.
 */
export type StartAt = 'earliest' | 'latest' | { readonly timestamp: number };

export interface CommittedNote {
  /** Topic partitions that the topic had when this offset was committed; null: not our metadata. */
  readonly topicPartitions: number | null;
  readonly start: boolean;
}

export interface StartFacts {
  readonly partition: number;
  readonly committed: number | null;
  readonly others: readonly CommittedNote[];
  readonly low: number;
  readonly high: number;
  /** The topic appeared while the service ran. */
  readonly foundLater: boolean;
}

export type StartDecision =
  | { readonly do: 'continue'; readonly offset: number }
  | { readonly do: 'start'; readonly from: StartAt }
  | { readonly do: 'stop'; readonly why: string };

export function decideStart(facts: StartFacts, startAt: StartAt): StartDecision {
  const { committed, low, high } = facts;
  if (committed !== null) {
    if (committed < low)
      return stop(`the committed offset ${committed} was deleted; the log starts at ${low}`);
    if (committed > high)
      return stop(`the committed offset ${committed} is past the end of the log (${high})`);
    return { do: 'continue', offset: committed };
  }
  if (facts.foundLater) return { do: 'start', from: 'earliest' };
  const known = facts.others.map((other) => other.topicPartitions ?? Number.MAX_SAFE_INTEGER);
  if (known.length > 0 && facts.partition >= Math.max(...known)) return { do: 'start', from: 'earliest' };
  if (facts.others.every((other) => other.start)) return { do: 'start', from: startAt };
  return stop(`it has no committed offset while others of the topic have one; the log is ${low}..${high}`);
}

const stop = (why: string): StartDecision => ({ do: 'stop', why });

export const commitNote = (topicPartitions: number, start: boolean): string =>
  `maxsink1;tp=${topicPartitions};${start ? 'start;' : ''}`;

/** Tolerates a missing sentinel and trailing NULs: clients differ in how they end metadata. */
export function readCommitNote(metadata: string | undefined): CommittedNote {
  const match = /^maxsink1;tp=(\d+);(start;?)?/.exec((metadata ?? '').replace(/\0+$/, ''));
  return match
    ? { topicPartitions: Number(match[1]), start: match[2] !== undefined }
    : { topicPartitions: null, start: false };
}
