import type { ColumnDefinition, Schema, Table, TableName } from '../model/catalog.ts';
import { newTablePartition, TablePartitions, valuesKey } from '../model/table-partitions.ts';
import { parseType, typeText } from '../model/types.ts';
import type { Change } from './duckdb.ts';
import { lines, literal, OWN } from './duckdb-sql.ts';
import type { Restored, SessionRecord } from './store.ts';

/** Of what is on disk: a folder of another format is refused, not guessed at. */
const FORMAT = 3;

export class DataFolderError extends Error {}

export const createOwnTables: readonly string[] = [
  `CREATE SCHEMA IF NOT EXISTS ${OWN}`,
  `CREATE TABLE IF NOT EXISTS ${OWN}.format (version INTEGER)`,
  `INSERT INTO ${OWN}.format SELECT ${FORMAT} WHERE NOT EXISTS (FROM ${OWN}.format)`,
  `CREATE SCHEMA IF NOT EXISTS "default"`,
  `CREATE TABLE IF NOT EXISTS ${OWN}.schema_comments (name VARCHAR, comment VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS ${OWN}.schema_times (name VARCHAR, created BIGINT)`,
  `CREATE TABLE IF NOT EXISTS ${OWN}.tables (table_id VARCHAR, json VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS ${OWN}.table_partitions (table_id VARCHAR, table_partition VARCHAR, created BIGINT)`,
  // Of its own, so that a folder written before it stays of the same format.
  `CREATE TABLE IF NOT EXISTS ${OWN}.lifecycle_off (table_id VARCHAR, table_partition VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS ${OWN}.figures (table_id VARCHAR, table_partition VARCHAR, row_count BIGINT, bytes BIGINT, modified BIGINT)`,
  `CREATE TABLE IF NOT EXISTS ${OWN}.sessions (id VARCHAR, json VARCHAR, closed TIMESTAMPTZ)`,
];

/** Sessions of two days, and as many as the tunnel remembers of those that have ended. */
const OLD_SESSIONS = `closed < now() - INTERVAL 2 DAY OR closed < (SELECT closed FROM ${OWN}.sessions ORDER BY closed DESC LIMIT 1 OFFSET 200000)`;

/**
 * Makes small again what grows with every change: lines of figures become their sums, old sessions go. Not while there are
 * few: it is all written anew.
 */
export async function sumUp(change: Change): Promise<void> {
  const [[count, sums] = []] = await change.rows(
    `SELECT count(*), count(DISTINCT (table_id, table_partition)) FROM ${OWN}.figures`,
  );
  if (Number(count) > 2 * Number(sums) + 1000)
    await change.run(
      `CREATE OR REPLACE TABLE ${OWN}.figures AS SELECT table_id, table_partition, CAST(sum(row_count) AS BIGINT) AS row_count, CAST(sum(bytes) AS BIGINT) AS bytes, max(modified) AS modified FROM ${OWN}.figures GROUP BY ALL`,
    );
  await change.run(`DELETE FROM ${OWN}.sessions WHERE ${OLD_SESSIONS}`);
}

/** Throws DataFolderError for tables of another format; nothing there yet is right. */
export async function checkFormat(change: Change, folder: string): Promise<void> {
  const named = async (name: string) =>
    (
      await change.rows(
        `SELECT 1 FROM duckdb_tables() WHERE schema_name = '${OWN}' AND table_name = '${name}'`,
      )
    ).length > 0;
  const version = (await named('format'))
    ? Number((await change.rows(`SELECT version FROM ${OWN}.format`))[0]?.[0])
    : (await named('tables'))
      ? 1
      : FORMAT;
  if (version === FORMAT) return;
  throw new DataFolderError(
    `the data folder ${folder} has format ${version}, this version keeps format ${FORMAT}: start with an empty folder, or with the version that wrote this one`,
  );
}

export function saveTable(table: Table): readonly string[] {
  const plain = (columns: readonly ColumnDefinition[]) =>
    columns.map((column) => ({ ...column, type: typeText(column.type) }));
  const json = JSON.stringify({
    ...table,
    columns: plain(table.columns),
    tablePartitionColumns: plain(table.tablePartitionColumns),
    tablePartitions: undefined,
    rows: undefined,
    bytes: undefined,
    lastModifiedAt: undefined,
  });
  return [
    `DELETE FROM ${OWN}.tables WHERE table_id = ${literal(table.id)}`,
    `INSERT INTO ${OWN}.tables VALUES (${literal(table.id)}, ${literal(json)})`,
  ];
}

export const forgetSchema = (name: string): readonly string[] =>
  ['schema_comments', 'schema_times'].map(
    (kept) => `DELETE FROM ${OWN}.${kept} WHERE name = ${literal(name)}`,
  );

export const saveSchema = (name: string, { comment, createdAt }: Schema): readonly string[] => [
  ...forgetSchema(name),
  `INSERT INTO ${OWN}.schema_comments VALUES (${literal(name)}, ${literal(comment)})`,
  `INSERT INTO ${OWN}.schema_times VALUES (${literal(name)}, ${createdAt})`,
];

/** The name under which queries see a table until it is saved again. */
export async function savedName(change: Change, table: Table): Promise<TableName> {
  const [row] = await change.rows(`SELECT json FROM ${OWN}.tables WHERE table_id = ${literal(table.id)}`);
  return row ? (JSON.parse(String(row[0])) as TableName) : table;
}

export function forgetTable(table: Table): readonly string[] {
  return ['tables', 'table_partitions', 'lifecycle_off', 'figures'].map(
    (name) => `DELETE FROM ${OWN}.${name} WHERE table_id = ${literal(table.id)}`,
  );
}

/** Of so few a list of literals is compared faster. */
const FEW_KEYS = 16;

/** Lines of some table partitions, `[]` among them for the table itself; of the table and all of them for undefined. */
function isOf(table: Table, each: readonly (readonly string[])[] | undefined): string {
  const own = `table_id = ${literal(table.id)}`;
  if (!each) return own;
  const keys = each.map(valuesKey);
  const test = keys.length <= FEW_KEYS ? keys.map(literal).join(', ') : `FROM ${lines(keys)}`;
  return `${own} AND table_partition IN (${test})`;
}

export function saveLifecycle(table: Table, values: readonly string[], enabled: boolean): readonly string[] {
  const off = `INSERT INTO ${OWN}.lifecycle_off VALUES (${literal(table.id)}, ${literal(valuesKey(values))})`;
  return [`DELETE FROM ${OWN}.lifecycle_off WHERE ${isOf(table, [values])}`, ...(enabled ? [] : [off])];
}

/** Column `table_partition` holds the values as JSON. */
export const saveTablePartitions = (
  table: Table,
  each: readonly (readonly string[])[],
  created: number,
): string =>
  `INSERT INTO ${OWN}.table_partitions SELECT ${literal(table.id)}, k, ${created} FROM ${lines(each.map(valuesKey))}`;

/** The table keeps the time at which it lost the table partitions. */
export function forgetTablePartitions(
  table: Table,
  each: readonly (readonly string[])[],
  now: number,
): readonly string[] {
  return [
    `DELETE FROM ${OWN}.table_partitions WHERE ${isOf(table, each)}`,
    `DELETE FROM ${OWN}.lifecycle_off WHERE ${isOf(table, each)}`,
    forgetFigures(table, [...each, []]),
    saveAdded(table, [], NO_ROWS, now),
  ];
}

/** The change of figures of a table partition, or of a table itself (no values); sums are made when the folder is opened. */
export const saveAdded = (
  table: Table,
  values: readonly string[],
  { rows, bytes }: { rows: number; bytes: number },
  now: number,
): string => saveEachAdded(table, [{ values, rows, bytes }], now);

export function saveEachAdded(
  table: Table,
  each: readonly { readonly values: readonly string[]; readonly rows: number; readonly bytes: number }[],
  now: number,
): string {
  const found = each.map(({ values, rows, bytes }) => JSON.stringify([valuesKey(values), rows, bytes]));
  const [key, rows, bytes] = [0, 1, 2].map((at) => `k->>'$[${at}]'`);
  return `INSERT INTO ${OWN}.figures SELECT ${literal(table.id)}, ${key}, CAST(${rows} AS BIGINT), CAST(${bytes} AS BIGINT), ${now} FROM ${lines(found)}`;
}

/** No rows any more, in some table partitions or in all. */
export function saveCleared(
  table: Table,
  each: readonly (readonly string[])[] | undefined,
  now: number,
): readonly string[] {
  if (each)
    return [
      forgetFigures(table, each),
      saveEachAdded(
        table,
        each.map((values) => ({ values, ...NO_ROWS })),
        now,
      ),
    ];
  return [
    forgetFigures(table, undefined),
    saveAdded(table, [], NO_ROWS, now),
    `INSERT INTO ${OWN}.figures SELECT table_id, table_partition, 0, 0, ${now} FROM ${OWN}.table_partitions WHERE ${isOf(table, undefined)}`,
  ];
}

export const forgetFigures = (table: Table, each: readonly (readonly string[])[] | undefined): string =>
  `DELETE FROM ${OWN}.figures WHERE ${isOf(table, each)}`;

export const NO_ROWS = { rows: 0, bytes: 0 };

export function saveSession({ id, json }: SessionRecord): string {
  return `INSERT INTO ${OWN}.sessions VALUES (${literal(id)}, ${literal(json)}, now())`;
}

/** `now`: the age of schemas of which no time is known. */
export async function restore(change: Change, now: number): Promise<Restored> {
  const read = async (sql: string) => (await change.rows(sql)).map((row) => row.map(String));
  const tables = new Map<string, Table>();
  for (const [json] of await read(`SELECT json FROM ${OWN}.tables`)) {
    const table = parseTable(json!);
    tables.set(table.id, table);
  }
  for (const [id, values, created] of await read(
    `SELECT table_id, table_partition, created FROM ${OWN}.table_partitions ORDER BY rowid`,
  )) {
    const known = newTablePartition(JSON.parse(values!), Number(created));
    tables.get(id!)?.tablePartitions.add(known);
  }
  for (const [id, values] of await read(`SELECT table_id, table_partition FROM ${OWN}.lifecycle_off`)) {
    const known = tables.get(id!)?.tablePartitions.get(JSON.parse(values!));
    if (known) known.lifecycleOff = true;
  }
  const sums = `SELECT table_id, table_partition, sum(row_count), sum(bytes), max(modified) FROM ${OWN}.figures GROUP BY ALL`;
  for (const [id, values, ...figures] of await read(sums))
    addFigures(tables.get(id!), JSON.parse(values!), figures.map(Number));
  const sessions = (await read(`SELECT json FROM ${OWN}.sessions`)).map(([json]) => json!);
  const schemas = await restoreSchemas(change, [...tables.values()], now);
  return { tables: [...tables.values()], sessions, schemas };
}

/** A schema whose time was never kept (`default` of a new folder) is as old as its oldest table, from now on. */
async function restoreSchemas(
  change: Change,
  tables: readonly Table[],
  now: number,
): Promise<Restored['schemas']> {
  const schemas: Restored['schemas'][number][] = [];
  for (const [name, comment, created] of await change.rows(VISIBLE_SCHEMAS)) {
    const own = tables.filter(({ schema }) => schema === name);
    const createdAt = created === null ? Math.min(now, ...own.map((one) => one.createdAt)) : Number(created);
    const schema = { comment: String(comment), createdAt };
    if (created === null) await change.run(...saveSchema(String(name), schema));
    schemas.push({ name: String(name), ...schema });
  }
  return schemas;
}

const VISIBLE_SCHEMAS = `SELECT schema_name, coalesce(any_value(comments.comment), ''), any_value(times.created) FROM duckdb_schemas() LEFT JOIN ${OWN}.schema_comments AS comments ON comments.name = schema_name LEFT JOIN ${OWN}.schema_times AS times ON times.name = schema_name WHERE database_name = current_database() AND NOT internal AND schema_name NOT IN ('main', '${OWN}') GROUP BY schema_name`;

function addFigures(
  table: Table | undefined,
  values: string[],
  [rows = 0, bytes = 0, at = 0]: number[],
): void {
  if (!table) return;
  const known = table.tablePartitions.get(values);
  for (const holder of known ? [table, known] : [table]) {
    holder.rows += rows;
    holder.bytes += bytes;
    holder.lastModifiedAt = Math.max(holder.lastModifiedAt, at);
  }
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
    tablePartitions: new TablePartitions(),
    rows: 0,
    bytes: 0,
    lastModifiedAt: saved.createdAt,
  };
}
