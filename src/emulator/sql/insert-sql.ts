import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { VALUE_LENGTH } from '../model/table-partitions.ts';
import { identifier, literal, visible } from '../store/duckdb-sql.ts';
import { FATE } from '../store/store.ts';

/** Texts in DuckDB's dialect around queries that were translated. */

/** The query's columns under other names, by their places. */
export function namedAs(sql: string, names: readonly string[]): string {
  const places = names.map((_, index) => `c${index}`);
  const list = names.map((name, index) => `c${index} AS ${identifier(name)}`);
  return `SELECT ${list.join(', ')} FROM (${sql}\n) AS q(${places.join(', ')})`;
}

/** How the columns of an INSERT come out of its query: a place in it, or an expression. */
export interface Source {
  readonly column: ColumnDefinition;
  /** An expression over c0, c1, ... */
  readonly value: string;
  readonly level: boolean;
}

/** Words at the front of errors that the query itself raises; what follows is for the user. */
export const RAISED = 'raised: ';

export function insertQuery(sql: string, width: number, sources: readonly Source[], fate?: string): string {
  const list = sources.map((source) => `${checked(source)} AS ${identifier(source.column.name)}`);
  if (fate !== undefined) list.push(`${fate} AS ${FATE_NAME}`);
  return `SELECT ${list.join(', ')} FROM (${sql}\n) AS q(${placesOf(width)})`;
}

/** Columns that stand beside those of a table: no column of a table has a blank in its name. */
const PLACE = identifier('place among the new rows');
const FATE_NAME = identifier('what becomes of the row');

interface RewrittenRows {
  /** The columns with the number of the target's row, NULL for one of the source alone, and with the clause. */
  readonly row: string;
  readonly clause: string;
  /** A row of the target may come several times, with one row of the source each. */
  readonly joined: boolean;
  /** Clauses that delete. */
  readonly deletes: readonly number[];
}

/** The rows of UPDATE, DELETE and MERGE with their fate: of a target's row that no clause changes once, of a changed one the change. */
export function rewrittenRows(
  sql: string,
  width: number,
  sources: readonly Source[],
  { row, clause, joined, deletes }: RewrittenRows,
): string {
  const removal = deletes.length ? `WHEN ${clause} IN (${deletes.join(', ')}) THEN ${FATE.removed} ` : '';
  const fate = `CASE ${removal}WHEN ${clause} > 0 THEN ${FATE.written} ELSE ${FATE.stays} END`;
  const rows = insertQuery(sql, width, sources, fate);
  if (!joined) return rows;
  const twice = `${RAISED}ODPS-0130071:[1,1] Semantic analysis exception - a row of the target matches several rows of the source`;
  const window = `OVER (PARTITION BY ${row})`;
  const tests = [
    `WHEN ${row} IS NULL THEN ${clause} > 0`,
    `WHEN count(*) FILTER (${clause} > 0) ${window} > 1 THEN CAST(error(${literal(twice)}) AS BOOLEAN)`,
    `WHEN row_number() OVER (PARTITION BY ${row} ORDER BY ${clause} DESC) > 1 THEN FALSE`,
  ];
  return `${rows} QUALIFY CASE ${tests.join(' ')} ELSE TRUE END`;
}

const placesOf = (width: number): string =>
  Array.from({ length: width }, (_, index) => `c${index}`).join(', ');

function checked({ column, value, level }: Source): string {
  const raise = (text: string) => `error(${literal(`${RAISED}${text}`)})`;
  if (level) {
    const text = `CAST(${value} AS VARCHAR)`;
    const bad = `${text} IS NULL OR ${text} = '' OR strlen(${text}) > ${VALUE_LENGTH} OR regexp_matches(${text}, '[\\x00-\\x1f\\x7f]')`;
    const message = `ODPS-0123031:Partition exception - invalid dynamic partition value: ${column.name}=`;
    const told = `error(${literal(`${RAISED}${message}`)} || coalesce(${text}, 'NULL'))`;
    return `CASE WHEN ${bad} THEN ${told} ELSE ${value} END`;
  }
  const fitting = fitted(column, value);
  if (column.nullable) return fitting;
  const message = `ODPS-0121095:Invalid argument - column ${column.name} is NOT NULL and got a NULL`;
  return `CASE WHEN ${value} IS NULL THEN ${raise(message)} ELSE ${fitting} END`;
}

/** Texts longer than their column are cut, as the service cuts them. */
const fitted = ({ type }: ColumnDefinition, value: string): string =>
  (type.name === 'VARCHAR' || type.name === 'CHAR') && value !== 'NULL'
    ? `left(CAST(${value} AS VARCHAR), ${type.length})`
    : value;

/** Counts the values of each column that are not NULL. */
export function countingQuery(sql: string, width: number): string {
  const counts = Array.from({ length: width }, (_, index) => `count(c${index}) AS c${index}`);
  return `SELECT ${counts.join(', ')} FROM (${sql}\n) AS q(${placesOf(width)})`;
}

interface Keys {
  /** Data columns, then table partition columns without a constant. */
  readonly all: string;
  readonly keys: readonly string[];
  readonly dynamic: readonly string[];
}

function keysOf(table: Table, constants: ReadonlyMap<string, string>): Keys {
  const dynamic = table.tablePartitionColumns.map(({ name }) => name).filter((name) => !constants.has(name));
  const all = list([...table.columns.map(({ name }) => name), ...dynamic]);
  return { all, keys: [...table.primaryKey, ...dynamic], dynamic };
}

const list = (names: readonly string[], prefix = ''): string =>
  names.map((name) => prefix + identifier(name)).join(', ');

/** The new rows of a Delta table: of those with one key, the last. */
export function onePerKey(table: Table, sql: string, constants: ReadonlyMap<string, string>): string {
  const { all, keys } = keysOf(table, constants);
  return `SELECT ${all} FROM ${placed(sql)} QUALIFY ${isLast(list(keys))}`;
}

/** The same of rows with their fate: what is removed is no row of its key any more. */
export function rewrittenPerKey(table: Table, sql: string): string {
  const { all, keys } = keysOf(table, new Map());
  const removed = `${FATE_NAME} = ${FATE.removed}`;
  const last = isLast(`${list(keys)}, ${removed}`);
  return `SELECT ${all}, ${FATE_NAME} FROM ${placed(sql)} QUALIFY ${removed} OR ${last}`;
}

const placed = (sql: string): string =>
  `(SELECT *, row_number() OVER () AS ${PLACE} FROM (${sql}) AS s) AS n`;
const isLast = (keys: string): string =>
  `row_number() OVER (PARTITION BY ${keys} ORDER BY ${PLACE} DESC) = 1`;

/** The new rows, and the older ones with other keys of the table partitions that are written, with their fate. */
export function mergedByKey(table: Table, sql: string, constants: ReadonlyMap<string, string>): string {
  const { all, keys, dynamic } = keysOf(table, constants);
  const names = [...table.columns.map(({ name }) => name), ...dynamic];
  const same = keys.map((name) => `n.${identifier(name)} = o.${identifier(name)}`).join(' AND ');
  const fixed = [...constants].map(([name, value]) => `o.${identifier(name)} = ${literal(value)}`);
  const written = `(${list(dynamic, 'o.')}) IN (SELECT (${list(dynamic)}) FROM fresh)`;
  const tests = [
    `NOT EXISTS (SELECT 1 FROM fresh n WHERE ${same})`,
    ...fixed,
    ...(dynamic.length ? [written] : []),
  ];
  return (
    `WITH fresh AS MATERIALIZED (${onePerKey(table, sql, constants)}) SELECT ${all}, ${FATE.written} FROM fresh ` +
    `UNION ALL SELECT ${list(names, 'o.')}, ${FATE.stays} FROM ${visible(table)} AS o WHERE ${tests.join(' AND ')}`
  );
}
