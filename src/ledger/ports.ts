import type { TopicPartition } from '../source/source.ts';
import type { IntentSession, LedgerEntry, SessionRef, TableName } from './intent.ts';

/**
 * What is known of an upload session (protocol 12):
 *
 *   open       NORMAL                   can be committed
 *   busy       COMMITTING, CLOSING      wait
 *   committed  CLOSED                   its rows are visible
 *   dead       EXPIRED, CANCELED        its rows can never appear
 *   gone       no such session          nobody can commit it any more; whether it was is not known
 *   unknown    CRITICAL, another word   it is there, and may yet be committed, or was
 */
export type SessionState = 'open' | 'busy' | 'committed' | 'dead' | 'gone' | 'unknown';

/** Upload sessions of any table of the project, found again by their ids. */
export interface Sessions {
  /** Outages are waited out until the signal aborts; a refusal that waiting does not mend is thrown. */
  state(to: TableName, session: SessionRef, signal: AbortSignal): Promise<SessionState>;
  /** Makes the session's blocks visible, or resolves because they are; throws as `UploadSession.commit`. */
  commit(to: TableName, session: IntentSession, signal: AbortSignal): Promise<void>;
}

/** Rows of a batch that are in the table, counted by provenance columns. */
export interface Provenance {
  /** Rows of these records in the session's table, and table partition. */
  count(to: TableName, session: SessionRef, of: BatchRecords, signal: AbortSignal): Promise<number>;
}

/** Which records a batch is of. */
export interface BatchRecords {
  readonly batch: string;
  /** Offsets [first, end). */
  readonly ranges: readonly (TopicPartition & { readonly first: number; readonly end: number })[];
}

/** The offsets and metadata of the group, as one member may read and write them. */
export interface LedgerStore {
  /** Reads any topic partitions of the group; those without an offset are left out. Throws `ledger_unreadable` for what is not understood (row 10). */
  read(list: readonly TopicPartition[]): Promise<LedgerEntry[]>;
  /**
   * One offset commit. Resolves only when the broker confirmed it to this process, for this request, in
   * this generation; rejects with `kafka_commit_refused` for anything else: then forget everything and rejoin.
   */
  commit(entries: readonly LedgerEntry[]): Promise<void>;
}

/** Dead letters of a batch that another process wrote, or this one before. */
export interface LettersOfBatch {
  /** The batch is done: its letters count from now on. Nothing happens when there are none. */
  settled(batch: string): Promise<void>;
}
