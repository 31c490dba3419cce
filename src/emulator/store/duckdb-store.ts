import type { Table } from '../model/catalog.ts';
import { createChanges, dropEmpty, removeRows } from './changes.ts';
import { identifier } from './duckdb-sql.ts';
import { createFigures } from './figures.ts';
import { createInserts } from './inserts.ts';
import { createMoves } from './moves.ts';
import { type Opened, openStorage } from './opening.ts';
import {
  forgetSchema,
  forgetTablePartitions,
  NO_ROWS,
  restore,
  saveCleared,
  saveEachAdded,
  saveLifecycle,
  saveSchema,
  saveTablePartitions,
} from './own-tables.ts';
import { createPortions } from './portions.ts';
import { createQueries } from './queries.ts';
import type { ScalarFunction } from './scalar-functions.ts';
import { createSnapshots } from './snapshots.ts';
import { createStaging } from './staging.ts';
import type { Store } from './store.ts';
import { createTables } from './tables.ts';

export interface DuckDbOptions {
  /** Statements that make the functions of queries. */
  readonly macros?: readonly string[];
  /** Functions of queries that the macros may use. */
  readonly scalars?: readonly ScalarFunction[];
  readonly now?: () => number;
}

/**
 * Rows in DuckDB: in `dataDir`, where what is committed survives any crash, or in memory for null. Throws
 * DataFolderError for a folder that another one uses, or of another format.
 */
export async function createDuckDbStore(dataDir: string | null, options: DuckDbOptions = {}): Promise<Store> {
  return storeOf(
    await openStorage(dataDir, { macros: options.macros ?? [], scalars: options.scalars ?? [] }),
    options.now ?? Date.now,
  );
}

function storeOf({ database, scratch, close }: Opened, now: () => number): Store {
  const figures = createFigures(now);
  const portions = createPortions();
  const snapshots = createSnapshots(database, portions);
  const queries = createQueries(database);
  const tables = createTables({ database, figures, snapshots, portions });
  const parts = { database, queries, snapshots, figures, portions };

  async function restoreAll() {
    const restored = await database.exclusive(async (change) => {
      const found = await restore(change, now());
      await portions.restore(change, found.tables);
      return found;
    });
    for (const table of restored.tables) figures.know(table);
    return restored;
  }

  async function touch(table: Table, each: readonly (readonly string[])[]): Promise<void> {
    await database.exclusive(async (change) => {
      const at = figures.timeOf(table);
      const touched = each.map((values) => ({ values, ...NO_ROWS }));
      await change.run(saveEachAdded(table, touched, at));
      for (const values of each) figures.add(table, values, NO_ROWS, at);
    });
  }

  async function truncate(table: Table, each?: readonly (readonly string[])[]): Promise<void> {
    await database.exclusive(async (change) => {
      await snapshots.keep(change, table, each);
      const at = figures.timeOf(table);
      await change.run(...removeRows(portions.of(table), table, each), ...saveCleared(table, each, at));
      for (const values of each ?? [undefined]) figures.clear(table, values, at);
      await dropEmpty(parts, change, table);
    });
  }

  async function dropTablePartitions(table: Table, each: readonly (readonly string[])[]): Promise<void> {
    await database.exclusive(async (change) => {
      await snapshots.keep(change, table, each);
      const at = figures.timeOf(table);
      await change.run(
        ...removeRows(portions.of(table), table, each),
        ...forgetTablePartitions(table, each, at),
      );
      for (const values of each) {
        figures.clear(table, values, at);
        // Before anything else may change rows: those of a commit that waits must not come back.
        figures.newest(table).tablePartitions.delete(values);
      }
      await dropEmpty(parts, change, table);
    });
  }

  async function switchLifecycle(table: Table, values: readonly string[], enabled: boolean): Promise<void> {
    await database.exclusive(async (change) => {
      if (!figures.newest(table).tablePartitions.has(values)) return;
      await change.run(...saveLifecycle(table, values, enabled));
      figures.switchLifecycle(table, values, enabled);
    });
  }

  return {
    ...tables,
    restore: restoreAll,
    createSchema: (name, schema) =>
      database.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(name)}`, ...saveSchema(name, schema)),
    dropSchema: (schema) =>
      database.run(`DROP SCHEMA IF EXISTS ${identifier(schema)}`, ...forgetSchema(schema)),
    addTablePartitions: (table, each, createdAt) => database.run(saveTablePartitions(table, each, createdAt)),
    dropTablePartitions,
    switchLifecycle,
    touch,
    truncate,
    load: createStaging(scratch),
    ...createChanges(parts),
    ...createInserts(parts),
    ...createMoves(parts),
    snapshot: (table, values, options = {}) => snapshots.take(table, values, options),
    query: queries.query,
    offsets: () => undefined,
    close: async () => {
      await queries.end();
      await close();
    },
  };
}
