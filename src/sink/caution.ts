import { F_TP, viewChunk } from '../source/chunk.ts';
import { type Position, type SourceChunk, topicPartitionKey } from '../source/source.ts';

/**
 * Finds the record that kills workers. A death loses the chunk, so its records are read again; from
 * the second death in the same range on, the range goes to the workers in halves, down to one record,
 * which is condemned: it becomes a dead letter `worker_crash` without being looked at again.
 */
export interface Caution {
  /** Jobs from record `from` may go up to this record (exclusive); `from` itself when it is condemned. */
  end(chunk: SourceChunk, from: number): number;
  died(chunk: DeadRange): void;
  acknowledged(positions: readonly Position[]): void;
}

/** What is known of a job whose worker died: its buffer is gone. */
export interface DeadRange {
  readonly records: number;
  /** The last record's offset + 1 for each topic partition. */
  readonly ends: readonly Position[];
}

export function createCaution(): Caution {
  const zone = new Map<string, number>();
  const condemned = new Set<string>();
  let step = Number.POSITIVE_INFINITY;

  const name = (position: Position) => `${topicPartitionKey(position)}-${position.offset}`;

  return {
    end(chunk, from) {
      if (zone.size === 0) return chunk.records;
      const at = recordPosition(chunk, from);
      if (at.offset >= (zone.get(topicPartitionKey(at)) ?? 0)) return chunk.records;
      let to = from;
      while (to < chunk.records && to - from < step && !condemned.has(name(recordPosition(chunk, to))))
        to += 1;
      return to;
    },
    died({ records, ends }) {
      const again = ends.some((p) => zone.has(topicPartitionKey(p)));
      for (const p of ends)
        zone.set(topicPartitionKey(p), Math.max(p.offset, zone.get(topicPartitionKey(p)) ?? 0));
      if (records === 1) condemned.add(name({ ...ends[0]!, offset: ends[0]!.offset - 1 }));
      else step = again ? Math.ceil(records / 2) : records;
    },
    acknowledged(positions) {
      for (const p of positions) {
        if (p.offset >= (zone.get(topicPartitionKey(p)) ?? Number.POSITIVE_INFINITY))
          zone.delete(topicPartitionKey(p));
      }
      if (zone.size > 0) return;
      condemned.clear();
      step = Number.POSITIVE_INFINITY;
    },
  };
}

export function recordPosition(chunk: SourceChunk, record: number): Position {
  const view = viewChunk(chunk.buffer, chunk.capacity);
  return {
    ...chunk.topicPartitions[view.ints[F_TP * chunk.capacity + record]!]!,
    offset: view.offsets[record]!,
  };
}
