import { join } from 'node:path';
import type { Table } from '../model/catalog.ts';
import { createChanges, removeRows } from './changes.ts';
import { type Database, openDatabase } from './duckdb.ts';
import { identifier, literal, STAGING } from './duckdb-sql.ts';
import { createFigures } from './figures.ts';
import { createInserts } from './inserts.ts';
import { createMoves } from './moves.ts';
import {
  checkFormat,
  createOwnTables,
  forgetTablePartition,
  restore,
  saveTablePartition,
} from './own-tables.ts';
import { createQueries } from './queries.ts';
import { openScratch, type Scratch } from './scratch.ts';
import { createSnapshots } from './snapshots.ts';
import { createStaging } from './staging.ts';
import type { Store } from './store.ts';
import { createTables } from './tables.ts';
import { MARKS } from './visible.ts';
import { createWideColumns } from './wide-columns.ts';

/** Beyond this DuckDB spills to disk: the emulator runs beside what is measured. */
const MEMORY = '512MB';

export interface DuckDbOptions {
  /** Statements that make the functions of queries. */
  readonly macros?: readonly string[];
  readonly now?: () => number;
}

/** Rows in DuckDB: in `dataDir`, where what is committed survives any crash, or in memory for null. */
export async function createDuckDbStore(dataDir: string | null, options: DuckDbOptions = {}): Promise<Store> {
  const scratch = openScratch(dataDir);
  const path = dataDir === null ? ':memory:' : join(dataDir, 'emulator.duckdb');
  const settings = { temp_directory: scratch.folder, memory_limit: MEMORY };
  try {
    const database = await openDatabase(path, settings);
    return await prepared(database, scratch, { folder: dataDir ?? path, ...options });
  } catch (error) {
    scratch.remove();
    throw error;
  }
}

async function prepared(
  database: Database,
  scratch: Scratch,
  options: DuckDbOptions & { folder: string },
): Promise<Store> {
  try {
    await prepare(database, scratch.folder, options);
  } catch (error) {
    await database.close();
    throw error;
  }
  return storeOf(database, scratch, options.now ?? Date.now);
}

function storeOf(database: Database, scratch: Scratch, now: () => number): Store {
  const figures = createFigures(now);
  const wide = createWideColumns(figures);
  const snapshots = createSnapshots(database);
  const queries = createQueries(database);
  const tables = createTables({ database, figures, wide, snapshots });
  const parts = { database, queries, snapshots, figures, wide, now };

  async function restoreAll() {
    const { wide: columns, ...restored } = await database.exclusive(restore);
    for (const table of restored.tables) figures.know(table);
    wide.restore(columns);
    return restored;
  }

  async function truncate(table: Table, values?: readonly string[]): Promise<void> {
    await database.exclusive(async (change) => {
      await snapshots.keep(change, table, values);
      await change.run(...removeRows(table, values, now()));
      figures.clear(table, values);
    });
  }

  async function dropTablePartition(table: Table, values: readonly string[]): Promise<void> {
    await database.exclusive(async (change) => {
      await snapshots.keep(change, table, values);
      await change.run(...removeRows(table, values, now()), ...forgetTablePartition(table, values));
      figures.clear(table, values);
    });
  }

  return {
    ...tables,
    restore: restoreAll,
    createSchema: (schema) => database.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`),
    dropSchema: (schema) => database.run(`DROP SCHEMA IF EXISTS ${identifier(schema)}`),
    addTablePartition: (table, values) => database.run(saveTablePartition(table, values, now())),
    dropTablePartition,
    truncate,
    load: createStaging(scratch.folder),
    ...createChanges(parts),
    ...createInserts(parts),
    ...createMoves(parts),
    snapshot: (table, values, options = {}) => snapshots.take(table, values, options),
    query: queries.query,
    queryColumns: queries.columns,
    offsets: () => undefined,
    close: async () => {
      await database.close();
      scratch.remove();
    },
  };
}

async function prepare(
  database: Database,
  scratch: string,
  { folder, macros = [] }: DuckDbOptions & { folder: string },
): Promise<void> {
  for (const [name, mark] of Object.entries(MARKS)) database.mark(mark, name as keyof typeof MARKS);
  await database.exclusive((change) => checkFormat(change, folder));
  await database.run(`ATTACH ':memory:' AS ${STAGING}`);
  await database.run(...createOwnTables, ...macros);
  // Queries read tables, no files but staged blocks.
  await database.run(`SET allowed_directories = [${literal(`${scratch}/`)}]`);
  await database.run('SET enable_external_access = false');
}
