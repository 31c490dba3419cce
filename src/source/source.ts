import type { SinkError } from '../errors.ts';

/**
 * The port between the source and everything behind it. A source owns the group membership, the
 * offsets and the chunk buffers; it hands over chunks and takes their buffers back. A second source
 * can take the place of the first without a change behind this line.
 */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Offsets [first, end) of one topic partition; `end` may lie past the last record (gaps). */
export interface OffsetRange extends TopicPartition {
  readonly first: number;
  readonly end: number;
  readonly records: number;
  /** Record timestamp of the first record, ms; NaN when it has none or the range has no record. */
  readonly firstTimestamp: number;
}

export interface SourceChunk {
  /** Which assignment these records belong to; a chunk of an older one is thrown away. */
  readonly assignment: number;
  buffer: ArrayBuffer;
  readonly capacity: number;
  readonly records: number;
  /** Bytes of keys, values and headers. */
  readonly bytes: number;
  /** When the first record was polled, ms. */
  readonly polledAt: number;
  /** The chunk's index points into this list. */
  readonly topicPartitions: readonly TopicPartition[];
  readonly ranges: readonly OffsetRange[];
}

export interface Position extends TopicPartition {
  readonly offset: number;
}

/** One topic partition in an offset commit. */
export interface OffsetCommit extends Position {
  /** What the ledger keeps beside the offset: opaque text without `;`, at most `LIMITS.intentChars`. Null: none. */
  readonly intent: string | null;
}

/**
 * Settles the intents that an assignment was found with, before anything of it is consumed.
 *
 * @param found what is committed for the own topic partitions; those that have no offset yet are left out
 * @returns where each of `found` is read from
 */
export type Recover = (found: readonly OffsetCommit[], io: RecoverIo) => Promise<readonly Position[]>;

export interface RecoverIo {
  /** Any topic partitions of the group; those without an offset are left out. Throws `ledger_unreadable`. */
  read(list: readonly TopicPartition[]): Promise<OffsetCommit[]>;
  /** As {@link Source.commit}, for own topic partitions. */
  commit(commits: readonly OffsetCommit[]): Promise<void>;
  /** The topic partitions are not ours any more, or the service ends. */
  readonly signal: AbortSignal;
}

export interface SourceListener {
  /** `again`: the same topic partitions, from these positions (a rewind). */
  onAssigned(assignment: number, positions: readonly Position[], again: boolean): void;
  onChunk(chunk: SourceChunk): void;
  /** Finish what can be finished; when it resolves the topic partitions are given up. */
  onRevoked(assignment: number): Promise<void>;
  /** They are gone already: forget them, commit nothing. */
  onLost(assignment: number): void;
  onFailure(error: SinkError): void;
  /** The poll loop made a turn. */
  onTurn(): void;
}

export interface Source {
  start(listener: SourceListener): Promise<void>;
  /** Gives a chunk's buffer back; `bytes` of the budget are free again. */
  recycle(chunk: SourceChunk): void;
  /**
   * One offset commit for all of them. Resolves when the broker confirmed it to this process, for this request,
   * in this generation. Rejects with `kafka_commit_refused` when it is refused for one of them, unanswered, or of
   * an older assignment: then forget everything and rejoin; nothing is committed before that any more. Rejects
   * with what ends the service (`kafka_fenced`, `kafka_denied`, `metadata_too_long`) when asking again is in vain.
   */
  commit(assignment: number, commits: readonly OffsetCommit[]): Promise<void>;
  /**
   * Reads again from these positions: a new assignment number, the same topic partitions. While a commit is
   * outstanding, or after one that failed, it is a rejoin: its outcome is unknown.
   */
  rewind(positions: readonly Position[]): void;
  /** Leaves and joins the group again, so that the generation changes. */
  rejoin(reason: string): void;
  /** No new records from now on; the group stays alive. What was polled is handed over. */
  stopReading(): void;
  /** Leaves the group and disconnects. */
  stop(): Promise<void>;
  snapshot(): SourceSnapshot;
}

export interface TopicPartitionLag extends TopicPartition {
  readonly acknowledged: number;
  /** End of what a reader of committed records can see; null while unknown. */
  readonly stableEnd: number | null;
  /** Next offset to be read. */
  readonly position: number;
  /** Timestamp of the first record when nothing behind `acknowledged` is read yet, ms; null: unknown, or it is. */
  readonly unreadSince: number | null;
}

export interface SourceSnapshot {
  readonly member: boolean;
  /** Why nothing is read though topic partitions are ours: the group takes no offset commit; else null. */
  readonly refusal: string | null;
  /** Since when topic partitions have been assigned without any being read, ms: the ledger comes first. Null: none wait. */
  readonly openingSince: number | null;
  readonly paused: boolean;
  readonly lastTurnAt: number;
  readonly topicPartitions: readonly TopicPartitionLag[];
}

export const topicPartitionKey = (tp: TopicPartition): string => `${tp.topic}-${tp.partition}`;
