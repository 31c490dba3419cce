import type { Table } from '../model/catalog.ts';
import type { RecordHandler } from '../record/record-reader.ts';
import { Scan } from '../record/scan.ts';
import { StatementError } from '../sql/tokens.ts';
import { addOffset, createOffsetSet, mergeOffsets, type OffsetSet, reportOffsets } from './offset-set.ts';
import type { BlockLoader, Store } from './store.ts';

/** Names of the columns that carry a record's origin. */
export interface OriginColumns {
  readonly topicPartition: readonly string[];
  readonly offset: readonly string[];
}

export const ORIGIN_COLUMNS: OriginColumns = {
  topicPartition: ['kafka_partition', '_partition'],
  offset: ['kafka_offset', '_offset'],
};

type Offsets = Map<number, OffsetSet>;

/**
 * Keeps no row: only which offsets were committed, by topic partition, for tables that carry them.
 * `reason` is the answer to every SELECT.
 */
export function createCountStore(origin: OriginColumns, reason: string): Store {
  const committed = new Map<string, Offsets>();
  const nothing = async () => {};

  async function load(table: Table): Promise<BlockLoader> {
    const offsets: Offsets = new Map();
    const onRecord = originHandler(table, origin, offsets);
    return { onRecord, finish: async (rows) => ({ rows, handle: offsets }), abort: nothing };
  }

  const store: Store = {
    restore: async () => ({ tables: [], sessions: [] }),
    createSchema: nothing,
    createTable: nothing,
    dropTable: async (table) => void committed.delete(table.id),
    alterColumns: nothing,
    addTablePartition: nothing,
    dropTablePartition: nothing,
    truncate: async (table, values) => {
      if (!values) committed.delete(table.id);
    },
    load,
    discard: nothing,
    commit: async ({ table, blocks }) => {
      for (const block of blocks) mergeInto(committed, table.id, block.handle as Offsets);
    },
    query: async () => {
      throw new StatementError(`ODPS-0010000:System internal error - ${reason}`);
    },
    offsets: (table) => {
      const sets = [...(committed.get(table.id) ?? [])].sort(([a], [b]) => a - b);
      return sets.length
        ? sets.map(([topicPartition, set]) => reportOffsets(topicPartition, set))
        : undefined;
    },
    close: nothing,
  };
  return store;
}

/** Notes the offset of each record; undefined for tables without the columns. */
function originHandler(table: Table, origin: OriginColumns, offsets: Offsets): RecordHandler | undefined {
  const find = (names: readonly string[]) =>
    table.columns.findIndex(({ name, type }) => names.includes(name) && INTEGERS.includes(type.name));
  const topicPartitionAt = find(origin.topicPartition);
  const offsetAt = find(origin.offset);
  if (topicPartitionAt < 0 || offsetAt < 0) return undefined;
  const scan = new Scan();
  const read = (bytes: Uint8Array, start: number) => {
    scan.bytes = bytes;
    scan.at = start;
    scan.zigzag64();
    return scan.number();
  };
  return (bytes, starts) => {
    if (starts[topicPartitionAt]! < 0 || starts[offsetAt]! < 0) return;
    const topicPartition = read(bytes, starts[topicPartitionAt]!);
    const offset = read(bytes, starts[offsetAt]!);
    // Columns of these names that hold something else would take a page for every row.
    if (topicPartition < 0 || topicPartition > LAST_TOPIC_PARTITION || offset < 0) return;
    addOffset(setOf(offsets, topicPartition), offset);
  };
}

const LAST_TOPIC_PARTITION = 9_999;
const INTEGERS: readonly string[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];

function mergeInto(committed: Map<string, Offsets>, tableId: string, offsets: Offsets): void {
  const target = committed.get(tableId) ?? new Map<number, OffsetSet>();
  committed.set(tableId, target);
  for (const [topicPartition, set] of offsets) mergeOffsets(setOf(target, topicPartition), set);
}

function setOf(offsets: Offsets, topicPartition: number): OffsetSet {
  const found = offsets.get(topicPartition);
  if (found) return found;
  const created = createOffsetSet();
  offsets.set(topicPartition, created);
  return created;
}
