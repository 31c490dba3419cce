import type { ColumnWriter } from '../mapping/convert/converter.ts';
import { RecordWriter } from './record-writer.ts';

/** Buffers kept between chunks, bytes per worker: memory stays flat when table partitions come and go. */
const KEPT_BYTES = 8 * 1024 * 1024;

/** Where the rows of one table partition go. */
export type RowSink = ColumnWriter &
  Pick<RecordWriter, 'begin' | 'end' | 'rollback' | 'rowBytes' | 'save' | 'restore'>;

/** The writers of one chunk, one per table partition; buffers are used again from chunk to chunk. */
export interface Writers {
  /** The writer of a table partition, or null when it would be number `max + 1`. */
  find(tablePartition: string, max: number): RowSink | null;
  /** In order of first use. */
  entries(): Iterable<[tablePartition: string, writer: RecordWriter]>;
  /** Forgets all rows. */
  clear(): void;
}

export function createWriters(): Writers {
  const open = new Map<string, RecordWriter>();
  let free: RecordWriter[] = [];
  // Records in a row mostly go to the same table partition.
  let lastName: string | null = null;
  let lastWriter: RecordWriter | null = null;

  return {
    find(tablePartition, max) {
      if (tablePartition === lastName) return lastWriter;
      let writer = open.get(tablePartition);
      if (!writer) {
        if (open.size >= max) return null;
        writer = free.pop() ?? new RecordWriter();
        open.set(tablePartition, writer);
      }
      lastName = tablePartition;
      lastWriter = writer;
      return writer;
    },
    entries: () => open.entries(),
    clear() {
      free = keepLargest([...free, ...open.values()]);
      for (const writer of free) writer.reset();
      open.clear();
      lastName = null;
      lastWriter = null;
    },
  };
}

/** Those to keep, the largest last: it is taken first. */
function keepLargest(writers: RecordWriter[]): RecordWriter[] {
  let room = KEPT_BYTES;
  const kept = writers
    .sort((a, b) => b.capacity - a.capacity)
    .filter((writer) => {
      if (writer.capacity > room) return false;
      room -= writer.capacity;
      return true;
    });
  return kept.reverse();
}
