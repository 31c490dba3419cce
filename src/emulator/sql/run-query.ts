import type { Core } from '../core.ts';
import type { ColumnDefinition } from '../model/catalog.ts';
import type { Rows } from '../store/store.ts';
import { resultCsv } from './result-csv.ts';
import { placed, type Run } from './run.ts';
import { describeQueryError, type QueryScope, translateQuery } from './select.ts';
import type { QueryText } from './statements.ts';
import type { StatementError } from './tokens.ts';

/** Rows that the CSV of an instance holds at most (protocol 3.6). */
const RESULT_ROWS = 10_000;

/** What `?result` answers. */
export interface Outcome {
  readonly format: 'csv' | 'text';
  readonly text: string;
  /** All rows of a query, for the instance tunnel; whoever keeps the outcome releases them. */
  readonly rows?: Rows;
}

export async function runQuery(run: Run, query: QueryText): Promise<Outcome> {
  const text = placed(run, query);
  const found = await queryRows(run, text);
  const names = found.columns.map(({ name }, index) => columnName(name, index, text));
  const csv = await resultCsv(found, names, RESULT_ROWS, run.session.timeZone);
  return { format: 'csv', text: csv, rows: renamed(found, names) };
}

/** The same rows under the names that the service gives their columns. */
function renamed(rows: Rows, names: readonly string[]): Rows {
  const own = (name: string): string => rows.columns[names.indexOf(name)]?.name ?? name;
  return {
    columns: rows.columns.map((column, index) => ({ ...column, name: names[index]! })),
    count: rows.count,
    read: (plan) => rows.read({ ...plan, columns: plan.columns.map(own) }),
    release: () => rows.release(),
  };
}

async function queryRows(run: Run, text: string): Promise<Rows> {
  try {
    return await run.core.store.query(translated(run, text), run.session);
  } catch (error) {
    throw failed(run, error, text);
  }
}

/** What a table made of the query has: the names and types of its columns; unnamed ones are `_c0`. */
export async function queryColumns(run: Run, query: QueryText): Promise<ColumnDefinition[]> {
  const text = placed(run, query);
  try {
    const columns = await run.core.store.queryColumns(translated(run, text), run.session);
    return columns.map((column, index) => ({ ...column, name: columnName(column.name, index, text) }));
  } catch (error) {
    throw failed(run, error, text);
  }
}

export const translated = ({ core }: Run, text: string): string => translateQuery(text, scopeOf(core));

/** What a query failed with, in the service's words. */
export const failed = ({ core }: Run, error: unknown, text: string): StatementError =>
  describeQueryError(error, text, core.project);

function scopeOf(core: Core): QueryScope {
  const columns = core.catalog.list().flatMap((table) => [...table.columns, ...table.tablePartitionColumns]);
  return { project: core.project, columnNames: new Set(columns.map((column) => column.name)) };
}

/** DuckDB names an expression by its text; the service by its place. */
function columnName(name: string, index: number, text: string): string {
  const written = /^[a-z_]\w*$/i.test(name) || text.includes(`\`${name}\``);
  return written ? name.toLowerCase() : `_c${index}`;
}
