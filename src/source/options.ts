import type { Budget } from '../budget.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { KafkaSettings } from './client/settings.ts';
import type { StartAt } from './membership/start-at.ts';
import type { Recover, TopicPartition } from './source.ts';

/** What main.ts gives to the source. */
export interface ConsumerOptions {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** `project.table` or `project.schema.table`: two tables must not share a group. */
  readonly table: string;
  /** Offsets are read only `settleMs` after an assignment; else only when they carry an intent. */
  readonly exactlyOnce: boolean;
  /** Commits of older members have arrived or failed after this time. */
  readonly settleMs: number;
  readonly recover: Recover;
  readonly kafka: KafkaSettings;
  readonly startAt: StartAt;
  readonly memoryBytes: number;
  /** Chunks that may be away at one time. */
  readonly chunks: number;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly log: Log;
  onPause(paused: boolean): void;
  onCommit(result: 'confirmed' | 'refused'): void;
  onRead(tp: TopicPartition, records: number, bytes: number): void;
}
