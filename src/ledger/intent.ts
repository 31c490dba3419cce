import type { TopicPartition } from '../source/source.ts';

/**
 * The words of the ledger: what is durably known about a batch, kept in the metadata of Kafka's offset
 * commits. An intent says that these sessions are about to be committed; it stands at the unchanged
 * offsets of all topic partitions of the batch, its members. The full list is in the metadata of one
 * member, the anchor; every member has a pointer to it.
 */
export interface SessionRef {
  /** `dt=20261121,hr=09`; empty for an unpartitioned table. */
  readonly tablePartition: string;
  readonly id: string;
  /** Of the batch's dead letters: their table, beside that of the rows. Absent: the table of the rows. */
  readonly table?: string;
}

/** The table that the session belongs to. */
export const tableOf = (to: TableName, { table }: SessionRef): TableName =>
  table === undefined ? to : { ...to, table };

/** A session of a batch with what it holds: its blocks are numbered 0 .. `blocks` - 1. */
export interface IntentSession extends SessionRef {
  readonly blocks: number;
  readonly rows: number;
}

export interface TableName {
  readonly project: string;
  readonly schema: string | null;
  readonly table: string;
}

/** What every member of a batch carries. */
export interface Pointer {
  /** Of the batch: a UUID, never used twice. */
  readonly batch: string;
  /** End of the batch in this topic partition; its beginning is the committed offset. */
  readonly end: number;
  readonly anchor: TopicPartition;
  /** When the intent was first written, ms. */
  readonly createdAt: number;
  /** The owner has said, in a commit that Kafka checked, that it honours the intent. */
  readonly confirmed: boolean;
  /** One session of the batch: its state decides where the list is gone. */
  readonly witness: SessionRef;
  readonly to: TableName;
  /** Of the cluster; null: unknown. */
  readonly cluster: string | null;
  /** Only in the anchor. */
  readonly list: IntentList | null;
}

export interface IntentList {
  /** All topic partitions of the batch, the anchor among them. */
  readonly members: readonly TopicPartition[];
  readonly sessions: readonly IntentSession[];
  /** Hash of mapping and partitioning. */
  readonly mapping: string;
}

/** What a member of the ledger's group has committed for one topic partition. */
export interface LedgerEntry extends TopicPartition {
  /** The committed offset. */
  readonly offset: number;
  /** Null: no intent. */
  readonly pointer: Pointer | null;
}
