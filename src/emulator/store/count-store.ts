import { StatementError } from '../errors.ts';
import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { isIntegerType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import type { RecordHandler } from '../record/record-reader.ts';
import { Scan } from '../record/scan.ts';
import { createFigures, moveFigures } from './figures.ts';
import { addOffset, createOffsetSet, mergeOffsets, type OffsetSet, reportOffsets } from './offset-set.ts';
import type { BlockLoader, StagedBlock, Store } from './store.ts';

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
export function createCountStore(origin: OriginColumns, reason: string, now: () => number = Date.now): Store {
  const figures = createFigures(now);
  const know = async (table: Table) => figures.know(table);
  const committed = new Map<string, Offsets>();
  const forget = async (table: Table) => {
    committed.delete(table.id);
    figures.forget(table);
  };
  const nothing = async () => {};

  async function load(columns: readonly ColumnDefinition[]): Promise<BlockLoader> {
    const offsets: Offsets = new Map();
    const finish = async (rows: number): Promise<StagedBlock> => ({ rows, bytes: 0, handle: offsets });
    return {
      onRecord: originHandler(columns, origin, offsets),
      onRow: rowHandler(columns, origin, offsets),
      ...{ finish, abort: nothing },
    };
  }

  async function refuse(): Promise<never> {
    throw new StatementError(`ODPS-0010000:System internal error - ${reason}`);
  }

  function keep(table: Table, blocks: readonly StagedBlock[]): number {
    for (const block of blocks) mergeInto(committed, table.id, block.handle as Offsets);
    return blocks.reduce((sum, block) => sum + block.rows, 0);
  }

  const store: Store = {
    restore: async () => ({ tables: [], sessions: [], schemas: [] }),
    createSchema: nothing,
    dropSchema: nothing,
    createTable: async (table, former) => {
      if (former) await forget(former);
      await know(table);
    },
    dropTable: forget,
    saveTable: know,
    alterColumns: know,
    addTablePartitions: nothing,
    dropTablePartitions: async (table, each) => {
      const at = figures.timeOf(table);
      for (const values of each) {
        figures.clear(table, values, at);
        table.tablePartitions.delete(values);
      }
    },
    switchLifecycle: async (table, values, enabled) => figures.switchLifecycle(table, values, enabled),
    moveTablePartitions: async (table, from, to) =>
      moveFigures(figures, table, from, to, figures.timeOf(table)),
    touch: async (table, each) => {
      const at = figures.timeOf(table);
      for (const values of each) figures.add(table, values, { rows: 0, bytes: 0 }, at);
    },
    truncate: async (table, each) => {
      if (!each) committed.delete(table.id);
      const at = figures.timeOf(table);
      for (const values of each ?? [undefined]) figures.clear(table, values, at);
    },
    load,
    discard: nothing,
    commit: async ({ table, values, blocks, overwrite }) => {
      const rows = keep(table, blocks);
      const at = figures.timeOf(table);
      if (overwrite) figures.clear(table, values, at);
      figures.add(table, values, { rows, bytes: 0 }, at);
    },
    // Without the rows no key is known: every operation counts as a row.
    upsert: async ({ table, values, packs }) => {
      figures.add(table, values, { rows: keep(table, packs), bytes: 0 }, figures.timeOf(table));
      return { rows: figures.holder(table, values).rows };
    },
    ...{ insert: refuse, snapshot: refuse, query: refuse },
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

/** Where the columns of the origin are; undefined for a table without. */
function placesOf(columns: readonly ColumnDefinition[], origin: OriginColumns): [number, number] | undefined {
  const find = (names: readonly string[]) =>
    columns.findIndex(({ name, type }) => names.includes(name) && isIntegerType(type));
  const topicPartitionAt = find(origin.topicPartition);
  const offsetAt = find(origin.offset);
  return topicPartitionAt < 0 || offsetAt < 0 ? undefined : [topicPartitionAt, offsetAt];
}

/** Notes the offset of each record; undefined for tables without the columns. */
function originHandler(
  columns: readonly ColumnDefinition[],
  origin: OriginColumns,
  offsets: Offsets,
): RecordHandler | undefined {
  const places = placesOf(columns, origin);
  if (!places) return undefined;
  const [topicPartitionAt, offsetAt] = places;
  const scan = new Scan();
  const read = (bytes: Uint8Array, start: number) => {
    scan.bytes = bytes;
    scan.at = start;
    scan.zigzag64();
    return scan.number();
  };
  return (bytes, starts) => {
    if (starts[topicPartitionAt]! < 0 || starts[offsetAt]! < 0) return;
    note(offsets, read(bytes, starts[topicPartitionAt]!), read(bytes, starts[offsetAt]!));
  };
}

/** The same for rows that another reader decoded. */
function rowHandler(columns: readonly ColumnDefinition[], origin: OriginColumns, offsets: Offsets) {
  const places = placesOf(columns, origin);
  return (row: readonly Cell[]): void => {
    if (!places || places.some((place) => row[place] === null)) return;
    note(offsets, Number(row[places[0]]), Number(row[places[1]]));
  };
}

function note(offsets: Offsets, topicPartition: number, offset: number): void {
  // Columns of these names that hold something else would take a page for every row.
  if (topicPartition < 0 || topicPartition > LAST_TOPIC_PARTITION || offset < 0) return;
  addOffset(setOf(offsets, topicPartition), offset);
}

const LAST_TOPIC_PARTITION = 9_999;

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
