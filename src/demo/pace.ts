/**
 * How far the producer may run ahead of the acknowledged offsets. The built-in Kafka forgets all but the
 * newest 5 MB of each topic partition: what is forgotten before it is read would be lost.
 */
export interface Pace {
  /** Whether another record may follow in this topic partition. */
  open(topicPartition: number): boolean;
  add(topicPartition: number, bytes: number): void;
  /** Everything below `offset` is in the table or a dead letter. */
  acknowledge(topicPartition: number, offset: number): void;
}

interface Ahead {
  /** Offset of the first size that is kept. */
  first: number;
  readonly sizes: number[];
  bytes: number;
}

/** For topics whose topic partitions start at offset 0 and are written by this producer only. */
export function createPace(topicPartitions: number, limitBytes: number): Pace {
  const ahead: Ahead[] = Array.from({ length: topicPartitions }, () => ({ first: 0, sizes: [], bytes: 0 }));
  return {
    open: (topicPartition) => ahead[topicPartition]!.bytes < limitBytes,
    add(topicPartition, bytes) {
      const own = ahead[topicPartition]!;
      own.sizes.push(bytes);
      own.bytes += bytes;
    },
    acknowledge(topicPartition, offset) {
      const own = ahead[topicPartition]!;
      if (offset <= own.first) return;
      const done = own.sizes.splice(0, offset - own.first);
      own.bytes -= done.reduce((sum, bytes) => sum + bytes, 0);
      own.first = offset;
    },
  };
}
