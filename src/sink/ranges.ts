import { F_TP, viewChunk } from '../source/chunk/chunk.ts';
import { type OffsetRange, type Position, type SourceChunk, topicPartitionKey } from '../source/source.ts';

/** Record number in the chunk -> where the record stands in its log. */
export function positionsOf(chunk: SourceChunk): (record: number) => Position {
  const { offsets, ints } = viewChunk(chunk.buffer, chunk.capacity);
  return (record) => ({
    ...chunk.topicPartitions[ints[F_TP * chunk.capacity + record]!]!,
    offset: offsets[record]!,
  });
}

/** The same for when the chunk's buffer is gone: it copies what it needs, 12 bytes a record. */
export function keptPositionsOf(chunk: SourceChunk): (record: number) => Position {
  const { topicPartitions, capacity, records } = chunk;
  const view = viewChunk(chunk.buffer, capacity);
  const offsets = view.offsets.slice(0, records);
  const numbers = view.ints.slice(F_TP * capacity, F_TP * capacity + records);
  return (record) => ({ ...topicPartitions[numbers[record]!]!, offset: offsets[record]! });
}

/** Offset ranges of records [from, to); the chunk's own ranges when that is all of it (they know of gaps at the end). */
export function rangesBetween(chunk: SourceChunk, from: number, to: number): readonly OffsetRange[] {
  if (from === 0 && to === chunk.records) return chunk.ranges;
  const { offsets, timestamps, ints } = viewChunk(chunk.buffer, chunk.capacity);
  const found = new Map<number, { first: number; end: number; records: number; firstTimestamp: number }>();
  for (let i = from; i < to; i++) {
    const number = ints[F_TP * chunk.capacity + i]!;
    const range = found.get(number);
    if (range) {
      range.end = offsets[i]! + 1;
      range.records += 1;
    } else {
      found.set(number, {
        first: offsets[i]!,
        end: offsets[i]! + 1,
        records: 1,
        firstTimestamp: timestamps[i]!,
      });
    }
  }
  const ranges = [...found].map(([number, range]) => ({ ...chunk.topicPartitions[number]!, ...range }));
  return to === chunk.records ? withTail(ranges, chunk) : ranges;
}

/** The last part of a chunk also carries what the chunk knows to lie behind its last records. */
function withTail(ranges: readonly OffsetRange[], chunk: SourceChunk): OffsetRange[] {
  const own = new Map(ranges.map((range) => [topicPartitionKey(range), range]));
  const reached = recordEnds(chunk);
  return chunk.ranges.flatMap((whole) => {
    const key = topicPartitionKey(whole);
    const range = own.get(key);
    if (range) return [{ ...range, end: whole.end }];
    if (reached.get(key) === whole.end) return [];
    return [{ ...whole, first: whole.end, records: 0, firstTimestamp: Number.NaN }];
  });
}

/** Behind the last record of each topic partition. */
function recordEnds(chunk: SourceChunk): ReadonlyMap<string, number> {
  const { offsets, ints } = viewChunk(chunk.buffer, chunk.capacity);
  const ends = new Map<number, number>();
  for (let i = 0; i < chunk.records; i++) ends.set(ints[F_TP * chunk.capacity + i]!, offsets[i]! + 1);
  return new Map([...ends].map(([number, end]) => [topicPartitionKey(chunk.topicPartitions[number]!), end]));
}
