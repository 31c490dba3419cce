import type { Health } from './health.ts';

/**
 * The answer of `/status`, a snapshot of this process. Times are ISO 8601 in UTC, durations are seconds, sizes
 * bytes; counts are since the start of the process. Null: none, or not known (yet). No secret is in it.
 */
export interface Status {
  readonly version: string;
  readonly node: string;
  readonly name: string;
  readonly group: string;
  readonly guarantee: string;
  /** Topics, or the pattern of their names. */
  readonly topics: string;
  /** `project.table` or `project.schema.table`. */
  readonly table: string;
  readonly now: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly health: { readonly live: Health; readonly ready: Health };
  readonly records: RecordsStatus;
  readonly topicPartitions: readonly TopicPartitionStatus[];
  /** Intents that are not done with: of earlier owners, and of own batches; oldest first. */
  readonly pendingIntents: readonly PendingIntentStatus[];
  /** Under way, oldest first. */
  readonly batches: readonly BatchStatus[];
  /** The last ten acknowledged ones, latest first. */
  readonly acknowledged: readonly BatchStatus[];
  /** Those with the newest event times, newest first. */
  readonly tablePartitions: readonly TablePartitionStatus[];
  /** Warnings and errors of the log, equal ones once, latest first. */
  readonly problems: readonly ProblemStatus[];
  readonly memory: MemoryStatus;
  readonly workers: { readonly threads: number; readonly busy: number; readonly cpuSeconds: number };
  /** The configuration in force; durations in ms. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface RecordsStatus {
  /** Records whose offsets have been acknowledged. */
  readonly acknowledged: number;
  /** The same records by what became of them. */
  readonly rows: number;
  readonly deadLetters: number;
  /** Left out by `table.filter`. */
  readonly filtered: number;
  /** Dirty, and left out by `dirty`. */
  readonly skipped: number;
  /** Records left out because earlier rows of the batch have their keys. */
  readonly deduplicated: number;
  /** Their sum divided by `acknowledged`: 1, or something is wrong. */
  readonly completeness: number;
  /** Share of dead letters in the last ten batches. */
  readonly dirtyRatio: number;
  /** Rejected records by reason; those that were read again count again. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly skippedByCode: Readonly<Record<string, number>>;
  /** Values of rows that stand in the place of others. */
  readonly mended: readonly { readonly code: string; readonly action: string; readonly values: number }[];
}

export interface TopicPartitionStatus {
  readonly topic: string;
  readonly partition: number;
  readonly acknowledged: number;
  /** Next offset to be read. */
  readonly position: number;
  /** End of what a reader of committed records can see. */
  readonly stableEnd: number | null;
  readonly lagRecords: number | null;
  readonly lagSeconds: number | null;
}

export interface BatchStatus {
  readonly id: string;
  /** open, sealed, uploaded, intended, committed or acknowledged. */
  readonly state: string;
  /** When it entered the state. */
  readonly since: string;
  /** Since its first record was polled; of an acknowledged one: until it was acknowledged. */
  readonly ageSeconds: number;
  /** What its sessions wait for, with the last failure. */
  readonly waitsFor: string | null;
  /** age, rows, bytes, keys, table_partitions, revoke or shutdown. */
  readonly sealedBy: string | null;
  readonly records: number;
  readonly rows: number;
  readonly deadLetters: number;
  readonly filtered: number;
  readonly skipped: number;
  readonly deduplicated: number;
  /** Uncompressed. */
  readonly rowBytes: number;
  /** Seconds spent in fill, upload, intend, commit, acknowledge, as far as they are over. */
  readonly phases: Readonly<Record<string, number>>;
  readonly sessions: readonly SessionStatus[];
  /** Offset ranges [first, end). */
  readonly ranges: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly first: number;
    readonly end: number;
  }[];
}

export interface PendingIntentStatus {
  /** Id of its batch. */
  readonly batch: string;
  /** `found`: of an earlier owner, being settled; else the state of the own batch: uploaded, intended or committed. */
  readonly state: string;
  /** Of the recovery table, for one that was found. */
  readonly row: number | null;
  /** What it waits for, or what is done about it. */
  readonly waitsFor: string | null;
  /** When it was first written. */
  readonly written: string;
  readonly ageSeconds: number;
  /** Own ones: `topic-0`. */
  readonly topicPartitions: readonly string[];
}

export interface SessionStatus {
  /** Empty for an unpartitioned table. */
  readonly tablePartition: string;
  /** Null: not created yet. */
  readonly session: string | null;
  readonly blocks: number;
  readonly rows: number;
}

export interface TablePartitionStatus {
  readonly tablePartition: string;
  readonly rows: number;
  readonly lastWritten: string;
  readonly oldestEvent: string | null;
  readonly newestEvent: string | null;
}

export interface ProblemStatus {
  readonly level: 'warn' | 'error';
  readonly code: string;
  readonly message: string;
  readonly first: string;
  readonly last: string;
  readonly count: number;
}

export interface MemoryStatus {
  /** Of the budget (`memory`). */
  readonly usedBytes: number;
  readonly budgetBytes: number;
  /** Reading is paused because the budget is used up. */
  readonly paused: boolean;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  /** Buffers outside the heap. */
  readonly externalBytes: number;
}
