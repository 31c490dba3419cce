import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ColumnDefinition } from '../model/catalog.ts';
import { specText, type Table } from '../model/catalog.ts';
import { type ColumnType, parseType, typeText } from '../model/types.ts';
import { type Cell, cellReader, readCell } from '../record/cells.ts';
import { Scan } from '../record/scan.ts';
import type { Database, QueryResult } from './database.ts';
import { openDatabase } from './duckdb.ts';
import {
  createView,
  identifier,
  literal,
  OWN,
  STAGING,
  selectLocal,
  storage,
  storedType,
  visible,
  where,
  wideTest,
} from './duckdb-sql.ts';
import type {
  BlockLoader,
  CommitPlan,
  QueryOptions,
  Restored,
  ResultSet,
  StagedBlock,
  Store,
} from './store.ts';

/** Beyond this DuckDB spills to disk: the emulator runs beside what is measured. */
const MEMORY = '512MB';

/** Rows in DuckDB: in `dataDir`, where what is committed survives any crash, or in memory for null. */
export async function createDuckDbStore(dataDir: string | null): Promise<Store> {
  const scratch = dataDir === null ? join(tmpdir(), `emulator-${process.pid}`) : join(dataDir, 'scratch');
  if (dataDir !== null) makeFolder(dataDir);
  const path = dataDir === null ? ':memory:' : join(dataDir, 'emulator.duckdb');
  const database = await openDatabase(path, { temp_directory: scratch, memory_limit: MEMORY });
  await prepare(database);
  let lastBlock = 0;

  async function createTable(table: Table): Promise<void> {
    if (table.kind === 'VIRTUAL_VIEW') return database.run(createView(table, table.query), saveTable(table));
    const columns = [...table.columns, ...table.tablePartitionColumns];
    const list = columns.map(({ name, type }) => `${identifier(name)} ${storedType(type)}`);
    const create = `CREATE TABLE ${storage(table)} (${list.join(', ')})`;
    await database.run(create, createView(table, selectLocal(table)), saveTable(table));
  }

  async function dropTable(table: Table): Promise<void> {
    const forget = ['tables', 'table_partitions'].map(
      (name) => `DELETE FROM ${OWN}.${name} WHERE table_id = ${literal(table.id)}`,
    );
    const rows = table.kind === 'VIRTUAL_VIEW' ? [] : [`DROP TABLE ${storage(table)}`];
    await database.run(`DROP VIEW IF EXISTS ${visible(table)}`, ...rows, ...forget);
  }

  async function alterColumns(table: Table, from: readonly (string | null)[]): Promise<void> {
    const list = table.columns.map(({ name, type }, index) => {
      const before = from[index] ?? null;
      return `CAST(${before === null ? 'NULL' : identifier(before)} AS ${storedType(type)}) AS ${identifier(name)}`;
    });
    const all = [...list, ...table.tablePartitionColumns.map(({ name }) => identifier(name))].join(', ');
    const interim = `${OWN}.${identifier(`${table.id} altered`)}`;
    await database.run(
      `CREATE TABLE ${interim} AS SELECT ${all} FROM ${storage(table)}`,
      `DROP VIEW ${visible(table)}`,
      `DROP TABLE ${storage(table)}`,
      `ALTER TABLE ${interim} RENAME TO ${identifier(table.id)}`,
      createView(table, selectLocal(table)),
      `DELETE FROM ${OWN}.tables WHERE table_id = ${literal(table.id)}`,
      saveTable(table),
    );
  }

  async function load(table: Table): Promise<BlockLoader> {
    lastBlock += 1;
    const name = `block_${lastBlock}`;
    const types = table.columns.map((column) => column.type);
    const list = types.map((type, index) => `c${index} ${storedType(type)}`);
    await database.run(`CREATE TABLE ${STAGING}.${name} (${list.join(', ')})`);
    const appender = await database.append({ catalog: STAGING, name }, types);
    const drop = () => database.run(`DROP TABLE ${STAGING}.${name}`);
    return {
      onRecord: rowHandler(types, appender.add),
      finish: async (rows) => {
        appender.close();
        return { rows, handle: name };
      },
      abort: async () => {
        appender.close();
        await drop();
      },
    };
  }

  async function discard(blocks: readonly StagedBlock[]): Promise<void> {
    for (const block of blocks) await database.run(`DROP TABLE ${STAGING}.${String(block.handle)}`);
  }

  async function commit(plan: CommitPlan): Promise<void> {
    const { table, values, blocks, overwrite, session } = plan;
    const constants = values.map((value) => `, ${literal(value)}`).join('');
    const inserts = blocks.map(
      (block) => `INSERT INTO ${storage(table)} SELECT *${constants} FROM ${STAGING}.${String(block.handle)}`,
    );
    const saved = `INSERT INTO ${OWN}.sessions VALUES (${literal(session.id)}, ${literal(session.json)}, now())`;
    const old = overwrite ? [`DELETE FROM ${storage(table)}${where(table, values)}`] : [];
    const wide = (await holdsWideTimes(table, blocks)) ? [createView(table, selectLocal(table, true))] : [];
    await database.run(...old, ...inserts, ...wide, saved);
    await discard(blocks);
  }

  async function holdsWideTimes(table: Table, blocks: readonly StagedBlock[]): Promise<boolean> {
    for (const block of blocks) {
      const test = wideTest(table, String(block.handle));
      if (test && (await database.query(test, 1)).rows.length) return true;
    }
    return false;
  }

  async function truncate(table: Table, values?: readonly string[]): Promise<void> {
    await database.run(`DELETE FROM ${storage(table)}${values ? where(table, values) : ''}`);
  }

  async function dropTablePartition(table: Table, values: readonly string[]): Promise<void> {
    const forget = `DELETE FROM ${OWN}.table_partitions WHERE table_id = ${literal(table.id)} AND spec = ${literal(specText(table, values))}`;
    await database.run(`DELETE FROM ${storage(table)}${where(table, values)}`, forget);
  }

  async function addTablePartition(table: Table, values: readonly string[]): Promise<void> {
    const row = [table.id, specText(table, values), JSON.stringify(values)].map(literal).join(', ');
    await database.run(`INSERT INTO ${OWN}.table_partitions VALUES (${row}, epoch_ms(now()))`);
  }

  async function query(sql: string, { schema, timeZone, limit }: QueryOptions): Promise<ResultSet> {
    const before = [
      `SET TimeZone = ${literal(timeZone)}`,
      `SET search_path = ${literal(identifier(schema))}`,
    ];
    return resultSet(await database.query(sql, limit, before));
  }

  return {
    restore: () => restore(database),
    createSchema: (schema) => database.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`),
    createTable,
    dropTable,
    alterColumns,
    addTablePartition,
    dropTablePartition,
    truncate,
    load,
    discard,
    commit,
    query,
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

async function prepare(database: Database): Promise<void> {
  await database.run(`ATTACH ':memory:' AS ${STAGING}`);
  await database.run(
    `CREATE SCHEMA IF NOT EXISTS ${OWN}`,
    `CREATE SCHEMA IF NOT EXISTS "default"`,
    `CREATE TABLE IF NOT EXISTS ${OWN}.tables (table_id VARCHAR, json VARCHAR)`,
    `CREATE TABLE IF NOT EXISTS ${OWN}.table_partitions (table_id VARCHAR, spec VARCHAR, json VARCHAR, created BIGINT)`,
    `CREATE TABLE IF NOT EXISTS ${OWN}.sessions (id VARCHAR, json VARCHAR, closed TIMESTAMPTZ)`,
    `DELETE FROM ${OWN}.sessions WHERE closed < now() - INTERVAL 2 DAY`,
  );
  // Queries read tables, never files.
  await database.run('SET enable_external_access = false');
}

/** Decodes the verified values of each record for the appender. */
function rowHandler(types: readonly ColumnType[], add: (row: readonly Cell[]) => void) {
  const readers = types.map(cellReader);
  const row: Cell[] = types.map(() => null);
  const scan = new Scan();
  return (bytes: Uint8Array, starts: Int32Array): void => {
    scan.bytes = bytes;
    for (let index = 0; index < readers.length; index += 1) {
      row[index] = readCell(scan, readers[index]!, starts[index]!);
    }
    add(row);
  };
}

function resultSet({ names, rows }: QueryResult): ResultSet {
  const field = (value: QueryResult['rows'][number][number]) => {
    if (value === null) return '\\N';
    return value.isNumber ? value.text : `"${value.text.replaceAll('"', '""')}"`;
  };
  return { names, rows: rows.map((row) => row.map(field)) };
}

function saveTable(table: Table): string {
  const plain = (columns: readonly ColumnDefinition[]) =>
    columns.map((column) => ({ ...column, type: typeText(column.type) }));
  const json = JSON.stringify({
    ...table,
    columns: plain(table.columns),
    tablePartitionColumns: plain(table.tablePartitionColumns),
    tablePartitions: undefined,
  });
  return `INSERT INTO ${OWN}.tables VALUES (${literal(table.id)}, ${literal(json)})`;
}

async function restore(database: Database): Promise<Restored> {
  const all = Number.MAX_SAFE_INTEGER;
  const read = async (sql: string) =>
    (await database.query(sql, all)).rows.map((row) => row.map((value) => value?.text ?? ''));
  const tables: Table[] = [];
  for (const [json] of await read(`SELECT json FROM ${OWN}.tables`)) {
    const table = parseTable(json!);
    const listed = `SELECT json, created FROM ${OWN}.table_partitions WHERE table_id = ${literal(table.id)}`;
    for (const [values, created] of await read(listed)) addKnown(table, JSON.parse(values!), Number(created));
    if (table.kind !== 'VIRTUAL_VIEW') await countRows(table, read);
    tables.push(table);
  }
  const sessions = (await read(`SELECT json FROM ${OWN}.sessions`)).map(([json]) => json!);
  return { tables, sessions };
}

function parseTable(json: string): Table {
  type Plain = Omit<ColumnDefinition, 'type'> & { type: string };
  const saved = JSON.parse(json) as Omit<Table, 'columns' | 'tablePartitionColumns'> & {
    columns: Plain[];
    tablePartitionColumns: Plain[];
  };
  const typed = (columns: Plain[]) => columns.map((column) => ({ ...column, type: parseType(column.type) }));
  return {
    ...saved,
    columns: typed(saved.columns),
    tablePartitionColumns: typed(saved.tablePartitionColumns),
    tablePartitions: new Map(),
    rows: 0,
  };
}

function addKnown(table: Table, values: string[], createdAt: number): void {
  table.tablePartitions.set(specText(table, values), { values, createdAt, rows: 0 });
}

async function countRows(table: Table, read: (sql: string) => Promise<string[][]>): Promise<void> {
  const names = table.tablePartitionColumns.map((column) => identifier(column.name));
  const columns = names.map((name) => `CAST(${name} AS VARCHAR), `).join('');
  const group = names.length ? ` GROUP BY ${names.join(', ')}` : '';
  for (const row of await read(`SELECT ${columns}count(*) FROM ${storage(table)}${group}`)) {
    const rows = Number(row.pop());
    table.rows += rows;
    const known = names.length ? table.tablePartitions.get(specText(table, row)) : undefined;
    if (known) known.rows = rows;
  }
}
