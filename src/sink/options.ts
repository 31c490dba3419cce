import type { Budget } from '../budget.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Source } from '../source/source.ts';
import type { Batch, FlushLimits } from './batch.ts';
import type { DirtyLimits } from './dirty-limit.ts';
import type { Identity } from './intend.ts';
import type { DeadLetters, Encoder, SchemaSource } from './ports.ts';
import type { UploadOptions } from './upload.ts';

/** What main.ts gives to the coordinator. */
export interface CoordinatorOptions {
  readonly source: Source;
  readonly encoder: Encoder;
  readonly schemas: SchemaSource;
  readonly deadLetters: DeadLetters;
  readonly upload: Omit<UploadOptions, 'onProgress' | 'budget' | 'clock'>;
  /** What intents are written for; null: `at_least_once`. */
  readonly identity: Identity | null;
  readonly budget: Budget;
  readonly flush: FlushLimits;
  readonly dirty?: {
    readonly limit?: DirtyLimits;
    /** What happens to a record that workers die on; absent: it becomes a dead letter. */
    readonly crashes?: 'dead_letter' | 'skip' | 'stop';
  };
  /** Rows carry keys, and of those with an equal key in a batch the first stays. */
  readonly deduplicates?: boolean;
  /** How long the revoke callback may take, ms. */
  readonly revokeMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: CoordinatorEvents;
}

/** What happened, for metrics and the log. */
export interface CoordinatorEvents {
  assigned(topicPartitions: number): void;
  revoked(lost: boolean): void;
  sealed(batch: Batch): void;
  state(batch: Batch): void;
  acknowledged(batch: Batch): void;
  abandoned(batch: Batch, reason: string): void;
  rejected(code: string): void;
}
