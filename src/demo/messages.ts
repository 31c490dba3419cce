/** What the demo and its two Kafka processes tell each other. */
export type ClusterMessage =
  | { readonly kind: 'started'; readonly brokers: string; readonly topicPartitions: number }
  | { readonly kind: 'failed'; readonly message: string };

export interface Produced {
  /** Records confirmed by Kafka, those that must become rows, and those that must become dead letters. */
  readonly records: number;
  readonly good: number;
  readonly broken: number;
  /** Per topic partition: the offset after its last record. */
  readonly ends: readonly number[];
}

export type ProducerMessage =
  | ({ readonly kind: 'progress' | 'done' } & Produced)
  | { readonly kind: 'failed'; readonly message: string };

/** To the producer: acknowledged offsets by topic partition. */
export interface AcknowledgedMessage {
  readonly acknowledged: Readonly<Record<number, number>>;
}

/** Sends to the process that forked this one; without it there is nothing left to do. */
export function tell(message: ClusterMessage | ProducerMessage): void {
  process.send?.(message);
}

export function tellFailure(error: unknown): void {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

/** Keeps a process that has nothing else to wait for until it is ended. */
export function stay(): void {
  process.channel?.ref();
}
