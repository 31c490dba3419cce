import type { Table } from '../model/catalog.ts';
import { identifier, literal, STAGING, where } from './duckdb-sql.ts';
import type { Portions } from './portions.ts';
import { filesOf, sourceOf, staged } from './staging.ts';
import type { StagedBlock, UpsertPlan } from './store.ts';

const DELETE_OPERATION = 68;

/** Columns of an upsert record beside those of the table (protocol 9.2). */
const OPERATION = '__operation';
const VALUE_COLUMNS = '__value_cols';

/**
 * The statements that turn the packs of an upsert session into one change by key: first those that make the
 * table `changes` in the staging database, then those that remove from the table what `rows` has anew.
 *
 * Operations of a key are folded in the order they came: a delete or a whole row starts anew, a partial
 * update adds its columns to what was there.
 */
export function upsertStatements(
  plan: UpsertPlan,
  changes: string,
  portions: Portions,
): { stage: readonly string[]; removal: readonly string[]; rows: string } {
  const { table, values } = plan;
  const keys = table.primaryKey;
  const columns = table.columns.map(({ name }) => name);
  const places = new Map(columns.map((name, index) => [name, index]));
  const key = keys.map((name) => `c${places.get(name)}`).join(', ');
  const all = columns.map((_name, index) => `c${index}`);
  const operations = `${STAGING}.${changes}_operations`;

  const stage = [
    `CREATE TABLE ${operations} AS ${packs(plan, all)}`,
    `CREATE TABLE ${STAGING}.${changes} AS WITH starts AS (
       SELECT *, max(CASE WHEN is_delete OR is_whole THEN seq END) OVER (PARTITION BY ${key}) AS start,
         max(seq) OVER (PARTITION BY ${key}) AS latest FROM ${operations})
     SELECT ${key}, is_delete AS is_gone, start IS NOT NULL AS is_new,
       ${
         all
           .filter((column) => !key.split(', ').includes(column))
           .map(folded)
           .join(', ') || 'NULL AS nothing'
       }
     FROM starts WINDOW operations AS (PARTITION BY ${key} ORDER BY seq) QUALIFY seq = latest`,
    `DROP TABLE ${operations}`,
  ];
  const inside = where(table, values);
  const merged = columns.map((name, index) => {
    if (keys.includes(name)) return `d.c${index}`;
    return `CASE WHEN d.c${index} IS NOT NULL THEN d.c${index}.v WHEN d.is_new THEN NULL ELSE t.${identifier(name)} END AS c${index}`;
  });
  const rows = `${STAGING}.${changes}_rows`;
  stage.push(
    `CREATE TABLE ${rows} AS SELECT ${merged.join(', ')}${values.map((value) => `, ${literal(value)}`).join('')}
     FROM ${STAGING}.${changes} d LEFT JOIN (FROM ${portions.from(table, values)}) t ON ${matches(table)} WHERE NOT d.is_gone`,
  );
  const removal = portions
    .of(table)
    .map(
      (name) =>
        `DELETE FROM ${name} AS t USING ${STAGING}.${changes} AS d WHERE ${matches(table)}${inside.replace(' WHERE', ' AND')}`,
    );
  return { stage, removal, rows };
}

/**
 * The last value that an operation since the start gave to a column; NULL: none did. No aggregate: those of DuckDB keep
 * nested values as sort keys, in which -0.0 is 0.0.
 */
const folded = (column: string): string =>
  `last_value(CASE WHEN NOT is_delete AND seq >= coalesce(start, 0) AND (is_whole OR list_contains(given, ${column.slice(1)})) THEN {'v': ${column}} END IGNORE NULLS) OVER operations AS ${column}`;

function packs({ packs: blocks }: UpsertPlan, all: readonly string[]): string {
  const files = blocks.flatMap((block) => filesOf([block]).map(({ path }) => ({ path, block })));
  const selects = files.map(({ path, block }, place) => {
    const { columns } = staged(block);
    const at = (name: string) => columns.findIndex((column) => column.name === name);
    const given = at(VALUE_COLUMNS) < 0 ? 'NULL::BIGINT[]' : `c${at(VALUE_COLUMNS)}`;
    const isDelete = `coalesce(c${at(OPERATION)} = ${DELETE_OPERATION}, false)`;
    return `SELECT ${all.join(', ')}, ${given} AS given, ${isDelete} AS is_delete,
      NOT ${isDelete} AND coalesce(len(${given}), 0) = 0 AS is_whole,
      ${place}::BIGINT << 40 | file_row_number AS seq FROM read_parquet(${literal(path)}, file_row_number = true)`;
  });
  return selects.join(' UNION ALL ');
}

/** Counts the NULLs in each NOT NULL column of the rows that an upsert writes. */
export function nullTests({
  columns,
  primaryKey,
}: Table): { readonly name: string; readonly count: string }[] {
  return columns.flatMap(({ name, nullable }, index) =>
    nullable || primaryKey.includes(name) ? [] : [{ name, count: `count(*) FILTER (c${index} IS NULL)` }],
  );
}

/** Answers a row when a key of the pack is NULL. */
export function nullKeyTest({ columns, primaryKey }: Table, pack: StagedBlock): string {
  const places = primaryKey.map((name) => columns.findIndex((column) => column.name === name));
  return `SELECT 1 FROM ${sourceOf(filesOf([pack]))} WHERE ${places.map((place) => `c${place} IS NULL`).join(' OR ')} LIMIT 1`;
}

/** Joins keys of the change (d) with those of the table (t). */
export function matches(table: Table): string {
  const place = (name: string) => table.columns.findIndex((column) => column.name === name);
  return table.primaryKey.map((name) => `t.${identifier(name)} = d.c${place(name)}`).join(' AND ');
}
