import type { Table } from '../model/catalog.ts';
import { valuesKey } from '../model/table-partitions.ts';
import type { Database } from './database.ts';
import type { Change } from './duckdb.ts';
import { identifier, STAGING, storage, where } from './duckdb-sql.ts';
import { createRows } from './rows.ts';
import type { Rows, SnapshotOptions } from './store.ts';

/** Where the rows of one table or table partition are read: the table itself until that must change. */
interface Source {
  readonly table: Table;
  readonly values: readonly string[] | undefined;
  from: string;
  /** The most rows that a snapshot of it has. */
  count: number;
  users: number;
  copy: string | undefined;
}

export interface Snapshots {
  take(table: Table, values: readonly string[] | undefined, options: SnapshotOptions): Promise<Rows>;
  /** Copies what open snapshots show of a table or of one table partition, before rows of it go. */
  keep(change: Change, table: Table, values: readonly string[] | undefined): Promise<void>;
}

/**
 * Rows are only ever added behind, in the order of a scan: a snapshot is the first `count` of them, and costs
 * nothing until something else than an addition happens to its table.
 */
export function createSnapshots(database: Database): Snapshots {
  const sources = new Map<string, Source>();
  let copies = 0;

  const key = (table: Table, values: readonly string[] | undefined) =>
    `${table.id} ${values?.length ? valuesKey(values) : ''}`;

  function sourceOf(table: Table, values: readonly string[] | undefined): Source {
    const found = sources.get(key(table, values));
    if (found) return found;
    const from = `${storage(table)}${where(table, values)}`;
    const source: Source = { table, values, from, count: 0, users: 0, copy: undefined };
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
      const [row] = await change.rows(`SELECT count(*) FROM ${source.from}`);
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
    if (source.copy) await database.run(`DROP TABLE IF EXISTS ${source.copy}`);
    else sources.delete(key(source.table, source.values));
  }

  async function keep(change: Change, table: Table, values: readonly string[] | undefined): Promise<void> {
    for (const [name, source] of [...sources]) {
      if (source.table.id !== table.id) continue;
      const isOther =
        values?.length && source.values?.length && !values.every((value, at) => source.values![at] === value);
      if (isOther) continue;
      copies += 1;
      const copy = `${STAGING}.snapshot_${copies}`;
      await change.run(`CREATE TABLE ${copy} AS SELECT * FROM ${source.from} LIMIT ${source.count}`);
      database.grown(table.columns);
      source.from = copy;
      source.copy = copy;
      sources.delete(name);
      // Whoever gave it up meanwhile saw no copy to drop.
      if (source.users === 0) await change.run(`DROP TABLE ${copy}`);
    }
  }

  return { take, keep };
}

const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
};
