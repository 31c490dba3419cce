import type { Budget } from '../budget.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { KafkaSettings } from './settings.ts';
import type { TopicPartition } from './source.ts';
import type { StartAt } from './start-at.ts';

/** What main.ts gives to the source. */
export interface ConsumerOptions {
  /** Name of the pipeline. */
  readonly pipeline: string;
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
