import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Position, TopicPartition } from '../source/source.ts';
import type { Decision, IntendedEntry, OnUnknown } from './decision.ts';
import type { IntentList, IntentSession } from './intent.ts';
import type { LedgerStore, LettersOfBatch, Provenance, Sessions } from './ports.ts';

export interface RecoveryOptions {
  readonly store: LedgerStore;
  readonly sessions: Sessions;
  readonly letters: LettersOfBatch;
  /** Null: no provenance columns are mapped. */
  readonly provenance: Provenance | null;
  readonly onUnknown: OnUnknown;
  /** Hash of today's mapping: only rows that were written with the same provenance columns can be counted. */
  readonly mapping: string;
  /** Id of this cluster; null: unknown. */
  readonly cluster: string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: RecoveryEvents;
  /** The topic partitions are taken away, or the service stops. */
  readonly signal: AbortSignal;
}

/** What happened, for metrics and the status. */
export interface RecoveryEvents {
  recovered(done: Recovered): void;
  /** All that wait now; empty: none. Stays as it was when the recovery ends with a decision. */
  pending(waiting: readonly PendingIntent[]): void;
}

export interface Recovered {
  readonly batch: string;
  /** Of the recovery table (decision.ts). */
  readonly row: number;
  /** What became of the topic partitions: they went to the end of the batch, or are read from its beginning. */
  readonly action: 'advance' | 'consume';
  /** Own ones with the offsets [first, end) of the batch. */
  readonly ranges: readonly (TopicPartition & { readonly first: number; readonly end: number })[];
  /** Sessions of the whole batch; null: its list is gone. */
  readonly sessions: readonly IntentSession[] | null;
  readonly forMs: number;
}

export interface PendingIntent {
  readonly batch: string;
  readonly row: number;
  readonly action: Decision['action'];
  readonly why: string;
  /** When this process began to settle it, ms. */
  readonly since: number;
  /** When it was first written, ms. */
  readonly createdAt: number;
  readonly topicPartitions: readonly TopicPartition[];
}

/** What is known of one batch from look to look. */
export interface Case {
  readonly since: number;
  /** Its list never changes: once read it stays known. */
  list: IntentList | null;
  /** What was decided last. */
  last: Decision | null;
  /** When that was told last, ms. */
  toldAt: number;
  waiting: PendingIntent | null;
}

export interface Work extends RecoveryOptions {
  /** All own topic partitions that have an offset. */
  readonly own: ReadonlyMap<string, TopicPartition>;
  /** Where own topic partitions are consumed from, as far as it is settled. */
  readonly positions: Map<string, Position>;
  /** Own topic partitions whose intent is not settled. */
  readonly open: Map<string, IntendedEntry>;
  /** The batch that was settled last for an own topic partition: its intent may still stand there. */
  readonly settled: Map<string, string>;
  readonly cases: Map<string, Case>;
}

export const positionOf = ({ topic, partition }: TopicPartition, offset: number): Position => {
  return { topic, partition, offset };
};

/** The signal's reason as soon as it aborts; what is under way goes on alone. */
export async function abortable<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([result, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
