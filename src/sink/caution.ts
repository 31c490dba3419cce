import { type Position, type SourceChunk, topicPartitionKey } from '../source/source.ts';
import { keptPositionsOf, positionsOf, rangesBetween } from './ranges.ts';

/**
 * Finds the record that kills workers. A death loses the chunk, so its records are read again. The worker has
 * written which record it was at: that one travels alone from then on, and when a worker dies on it alone it is
 * condemned: it becomes a dead letter `worker_crash` without being looked at again. Two deaths find it.
 *
 * Where no record is named (beside the records), or another one each time, the range goes to the workers in
 * halves from its second death on, down to one record.
 */
export interface Caution {
  /** Jobs from record `from` may go up to this record (exclusive); `from` itself when it is condemned. */
  end(chunk: SourceChunk, from: number): number;
  /** `suspect`: the record that the worker was at; null: not known. */
  died(danger: Danger, suspect: Position | null): void;
  acknowledged(positions: readonly Position[]): void;
}

/** What must be known of a job in case its worker dies: the buffer is gone then. */
export interface Danger {
  readonly records: number;
  readonly first: Position;
  /** Behind the last record of each topic partition. */
  readonly ends: readonly Position[];
  /** Where a record of the chunk stands in its log. */
  positionOf(record: number): Position;
}

export function dangerOf(chunk: SourceChunk, from: number, to: number): Danger {
  const ranges = rangesBetween(chunk, from, to).filter((range) => range.records > 0);
  const ends = ranges.map(({ topic, partition, end }) => ({ topic, partition, offset: end }));
  return { records: to - from, first: positionsOf(chunk)(from), ends, positionOf: keptPositionsOf(chunk) };
}

export function createCaution(): Caution {
  /** Where workers died: everything of a topic partition below this offset goes in small jobs, by itself. */
  const zone = new Map<string, number>();
  const suspects = new Set<string>();
  const condemned = new Set<string>();
  let step = Number.POSITIVE_INFINITY;

  const name = (position: Position) => `${topicPartitionKey(position)}-${position.offset}`;
  const inZone = (position: Position) => position.offset < (zone.get(topicPartitionKey(position)) ?? 0);

  function endInZone(chunk: SourceChunk, from: number): number {
    const at = positionsOf(chunk);
    const careful = inZone(at(from));
    const most = careful ? Math.min(chunk.records, from + step) : chunk.records;
    const goesOn = (record: number) => {
      const position = at(record);
      return inZone(position) === careful && !condemned.has(name(position)) && !suspects.has(name(position));
    };
    if (condemned.has(name(at(from)))) return from;
    if (suspects.has(name(at(from)))) return from + 1;
    let to = from + 1;
    while (to < most && goesOn(to)) to += 1;
    return to;
  }

  return {
    end: (chunk, from) => (zone.size === 0 ? chunk.records : endInZone(chunk, from)),
    died({ records, first, ends }, suspect) {
      const again = inZone(first);
      for (const p of ends)
        zone.set(topicPartitionKey(p), Math.max(p.offset, zone.get(topicPartitionKey(p)) ?? 0));
      if (again && records === 1) condemned.add(name(first));
      else step = Math.min(step, again ? Math.ceil(records / 2) : records);
      if (suspect) suspects.add(name(suspect));
    },
    acknowledged(positions) {
      for (const p of positions) {
        if (p.offset >= (zone.get(topicPartitionKey(p)) ?? Number.POSITIVE_INFINITY))
          zone.delete(topicPartitionKey(p));
      }
      if (zone.size > 0) return;
      suspects.clear();
      condemned.clear();
      step = Number.POSITIVE_INFINITY;
    },
  };
}
