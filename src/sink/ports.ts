import type { DeadLetter } from '../deadletter/dead-letter.ts';
import type { SchemaText } from '../decode/schema/schema.ts';
import type { EncodeJob, EncodeResult } from '../encode/job.ts';
import type { IntentSession } from '../ledger/intent.ts';

/** What the coordinator needs of the outside: small interfaces, passed in by main.ts. */
export interface Encoder {
  run(job: EncodeJob): Promise<EncodeResult>;
}

export interface SchemaSource {
  /** A writer schema; null when the registry does not know the id. */
  schema(id: number, signal: AbortSignal): Promise<SchemaText | null>;
}

export interface UploadSession {
  readonly id: string;
  readonly tablePartition: string;
  readonly createdAt: number;
  putBlock(
    blockId: number,
    body: readonly Uint8Array[],
    encoding: 'deflate' | 'zstd' | null,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Resolves when the session is open and holds exactly these blocks (id to rows). Throws `block_mismatch` or `session_lost`. */
  verify(blocks: ReadonlyMap<number, number>, signal?: AbortSignal): Promise<void>;
  commit(blocks: ReadonlyMap<number, number>, signal?: AbortSignal): Promise<void>;
}

export interface Tunnel {
  create(tablePartition: string, signal?: AbortSignal): Promise<UploadSession>;
}

export interface DeadLetters {
  append(batch: string, letters: readonly DeadLetter[]): Promise<void>;
  /** Durable when it resolves. */
  seal(batch: string): Promise<void>;
  acknowledge(batch: string): Promise<void>;
  abandon(batch: string): Promise<void>;
  /** Closes them as they are: whether the batch is done is decided elsewhere. */
  leave(batch: string): Promise<void>;
  /** Of letters in a table: their session, once they are sealed; null: there are none. Absent: they go elsewhere. */
  session?(batch: string): LetterSession | null;
  /** What an append waits for, in words; absent or empty: nothing. */
  waitsFor?(): string;
}

/** The upload session of a batch's dead letters: named in its intent, and committed before its witness. */
export interface LetterSession {
  readonly ref: IntentSession;
  commit(): Promise<void>;
}

export type Compression = 'deflate' | 'zstd' | 'none';
