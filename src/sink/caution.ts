import { type Position, type SourceChunk, topicPartitionKey } from '../source/source.ts';
import { positionsOf, rangesBetween } from './ranges.ts';

/**
 * Finds the record that kills workers. A death loses the chunk, so its records are read again; from
 * the second death in the same range on, the range goes to the workers in halves, down to one record,
 * which is condemned: it becomes a dead letter `worker_crash` without being looked at again.
 */
export interface Caution {
  /** Jobs from record `from` may go up to this record (exclusive); `from` itself when it is condemned. */
  end(chunk: SourceChunk, from: number): number;
  died(danger: Danger): void;
  acknowledged(positions: readonly Position[]): void;
}

/** What must be known of a job in case its worker dies: the buffer is gone then. */
export interface Danger {
  readonly records: number;
  readonly first: Position;
  /** Behind the last record of each topic partition. */
  readonly ends: readonly Position[];
}

export function dangerOf(chunk: SourceChunk, from: number, to: number): Danger {
  const ranges = rangesBetween(chunk, from, to).filter((range) => range.records > 0);
  const ends = ranges.map(({ topic, partition, end }) => ({ topic, partition, offset: end }));
  return { records: to - from, first: positionsOf(chunk)(from), ends };
}

export function createCaution(): Caution {
  /** Where workers died: everything of a topic partition below this offset goes in small jobs, by itself. */
  const zone = new Map<string, number>();
  const condemned = new Set<string>();
  let step = Number.POSITIVE_INFINITY;

  const name = (position: Position) => `${topicPartitionKey(position)}-${position.offset}`;
  const inZone = (position: Position) => position.offset < (zone.get(topicPartitionKey(position)) ?? 0);

  return {
    end(chunk, from) {
      if (zone.size === 0) return chunk.records;
      const at = positionsOf(chunk);
      const careful = inZone(at(from));
      const most = careful ? Math.min(chunk.records, from + step) : chunk.records;
      let to = from;
      while (to < most && inZone(at(to)) === careful && !condemned.has(name(at(to)))) to += 1;
      return to;
    },
    died({ records, first, ends }) {
      const again = inZone(first);
      for (const p of ends)
        zone.set(topicPartitionKey(p), Math.max(p.offset, zone.get(topicPartitionKey(p)) ?? 0));
      if (again && records === 1) condemned.add(name(first));
      step = Math.min(step, again ? Math.ceil(records / 2) : records);
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
