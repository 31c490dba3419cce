import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Table } from '../model/catalog.ts';
import { createChanges, removeRows } from './changes.ts';
import { type Database, openDatabase } from './duckdb.ts';
import { identifier, STAGING } from './duckdb-sql.ts';
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
  const scratch = dataDir === null ? join(tmpdir(), `emulator-${process.pid}`) : join(dataDir, 'scratch');
  if (dataDir !== null) makeFolder(dataDir);
  const path = dataDir === null ? ':memory:' : join(dataDir, 'emulator.duckdb');
  const database = await openDatabase(path, { temp_directory: scratch, memory_limit: MEMORY });
  try {
    await prepare(database, dataDir ?? path, options.macros ?? []);
  } catch (error) {
    await database.close();
    throw error;
  }
  return storeOf(database, options.now ?? Date.now);
}

function storeOf(database: Database, now: () => number): Store {
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
    load: createStaging(database).load,
    ...createChanges(parts),
    ...createInserts(parts),
    ...createMoves(parts),
    snapshot: (table, values, options = {}) => snapshots.take(table, values, options),
    query: queries.query,
    queryColumns: queries.columns,
    offsets: () => undefined,
    close: () => database.close(),
  };
}

/** With parents; `mkdirSync`'s own recursion never ends where the system answers ENOENT below a folder (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}

async function prepare(database: Database, folder: string, macros: readonly string[]): Promise<void> {
  for (const [name, mark] of Object.entries(MARKS)) database.mark(mark, name as keyof typeof MARKS);
  await database.exclusive((change) => checkFormat(change, folder));
  await database.run(`ATTACH ':memory:' AS ${STAGING}`);
  await database.run(...createOwnTables, ...macros);
  // Queries read tables, never files.
  await database.run('SET enable_external_access = false');
}
