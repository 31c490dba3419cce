import type { Table } from '../model/catalog.ts';
import { valuesKey } from '../model/table-partitions.ts';
import type { Database } from './database.ts';
import type { Change } from './duckdb.ts';
import { identifier, STAGING, where } from './duckdb-sql.ts';
import type { Portions, Stored } from './portions.ts';
import { createRows } from './rows.ts';
import type { Rows, SnapshotOptions } from './store.ts';

/** Where the rows of one table or table partition are read: the table itself until that must change. */
interface Source {
  readonly table: Table;
  readonly values: readonly string[] | undefined;
  from: readonly Stored[];
  /** The most rows that a snapshot of it has. */
  count: number;
  users: number;
  /** Tables of its own; none: the rows are still those of the table. */
  copies: readonly string[];
}

export interface Snapshots {
  take(table: Table, values: readonly string[] | undefined, options: SnapshotOptions): Promise<Rows>;
  /** Copies what open snapshots show of a table or of some table partitions, before rows of it go. */
  keep(change: Change, table: Table, each: readonly (readonly string[])[] | undefined): Promise<void>;
  /** Reads the table from the portions that it has now. */
  follow(table: Table): void;
}

/**
 * Rows are only ever added behind, in the order of a scan: a snapshot is the first `count` of them, and costs
 * nothing until something else than an addition happens to its table.
 */
export function createSnapshots(database: Database, portions: Portions): Snapshots {
  const sources = new Map<string, Source>();
  let copies = 0;

  const key = (table: Table, values: readonly string[] | undefined) =>
    `${table.id} ${values?.length ? valuesKey(values) : ''}`;

  function sourceOf(table: Table, values: readonly string[] | undefined): Source {
    const found = sources.get(key(table, values));
    if (found) return found;
    const source: Source = { table, values, from: [], count: 0, users: 0, copies: [] };
    sources.set(key(table, values), source);
    return source;
  }

  async function take(
    table: Table,
    values: readonly string[] | undefined,
    options: SnapshotOptions,
  ): Promise<Rows> {
    const columns = options.withTablePartitionColumns
      ? [...table.columns, ...table.tablePartitionColumns]
      : table.columns;
    return database.exclusive(async (change) => {
      const source = sourceOf(table, values);
      source.from = portions.stored(table, values);
      const [row] = await change.rows(`SELECT count(*) FROM ${portions.from(table, values)}`);
      const count = Number(row?.[0]);
      source.count = Math.max(source.count, count);
      source.users += 1;
      const release = once(() => leave(source));
      const expressions = columns.map(({ name }) => identifier(name));
      return createRows(database, { columns, expressions, count, from: () => source.from, release });
    });
  }

  async function leave(source: Source): Promise<void> {
    source.users -= 1;
    if (source.users > 0) return;
    if (source.copies.length) await database.run(...dropped(source));
    else sources.delete(key(source.table, source.values));
  }

  async function keep(
    change: Change,
    table: Table,
    each: readonly (readonly string[])[] | undefined,
  ): Promise<void> {
    // No values: the rows of a table without table partitions.
    const changed = each?.[0]?.length ? new Set(each.map(valuesKey)) : undefined;
    for (const [name, source] of [...sources]) {
      if (source.table.id !== table.id) continue;
      if (changed && source.values?.length && !changed.has(valuesKey(source.values))) continue;
      copies += 1;
      const names = portions.of(table).map((_name, at) => `${STAGING}.snapshot_${copies}_${at}`);
      await change.run(...names.map((copy, at) => copied(source, copy, portions.of(table)[at]!)));
      database.grown(table.columns);
      source.from = names.map((copy) => ({ name: copy, where: '' }));
      source.copies = names;
      sources.delete(name);
      // Whoever gave it up meanwhile saw no copy to drop.
      if (source.users === 0) await change.run(...dropped(source));
    }
  }

  function follow(table: Table): void {
    for (const source of sources.values())
      if (source.table.id === table.id) source.from = portions.stored(table, source.values);
  }

  return { take, keep, follow };
}

/** No portion has more rows of the snapshot than it has at all; those behind them are not read. */
function copied({ table, values, count }: Source, copy: string, portion: string): string {
  return `CREATE TABLE ${copy} AS FROM ${portion}${where(table, values)} LIMIT ${count}`;
}

const dropped = ({ copies }: Source): string[] => copies.map((copy) => `DROP TABLE IF EXISTS ${copy}`);

const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
};
