import { StatementError } from '../errors.ts';
import type { Catalog, ColumnDefinition, Table } from '../model/catalog.ts';
import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import { visible } from '../store/duckdb-sql.ts';
import type { Rows } from '../store/store.ts';
import type { Query } from './query/syntax/ast.ts';
import { resultCsv } from './result-csv.ts';
import { moved, placed, type Run, type Written } from './run.ts';
import {
  type AnalyzedQuery,
  analyzeQuery,
  analyzeTree,
  describeQueryError,
  exactValue,
  type QueryScope,
} from './select.ts';
import type { Assignment, QueryText } from './statements.ts';
import { trimmedDecimals } from './trimmed-decimals.ts';

/** What the CSV of an instance holds at most: so many rows (protocol 3.6), and so many bytes of them. */
const BOUNDS = { rows: 10_000, bytes: 10 * 1024 * 1024 };

/** What `?result` answers. */
export interface Outcome {
  readonly format: 'csv' | 'text';
  readonly text: string;
  /** The text holds as many bytes as it may, and not all rows. */
  readonly truncated?: boolean;
  /** All rows of a query, for the instance tunnel; whoever keeps the outcome releases them. */
  readonly rows?: Rows;
  /** By all statements of the script. */
  readonly written?: readonly Written[];
}

export async function runQuery(run: Run, query: QueryText): Promise<Outcome> {
  const { sql, columns } = analyzed(run, query);
  let rows: Rows | undefined;
  try {
    const found = await run.core.store.query(sql, { ...run.session, resultColumns: columns });
    rows = keepsZeros(run) ? found : trimmedDecimals(found);
    const names = columns.map(({ name }) => name);
    return { format: 'csv', ...(await resultCsv(rows, names, BOUNDS, run.session.timeZone)), rows };
  } catch (error) {
    await rows?.release();
    throw failed(run, query, error);
  }
}

const keepsZeros = ({ session }: Run): boolean =>
  session.settings?.get('odps.sql.decimal.tostring.trimzero')?.toLowerCase() === 'false';

/** The one row of a query in DuckDB's dialect that counts. */
export async function onlyRow(run: Run, sql: string): Promise<readonly Cell[]> {
  const rows = await run.core.store.query(sql, run.session);
  try {
    const columns = rows.columns.map(({ name }) => name);
    for await (const [row] of rows.read({ columns, start: 0, count: 1 })) return row!;
    return [];
  } finally {
    await rows.release();
  }
}

/** What a table made of the query has: the names and types of its columns; unnamed ones are `_c0`. */
export function queryColumns(run: Run, query: QueryText): readonly ColumnDefinition[] {
  const { columns, names } = analyzed(run, query);
  return columns.map((column, index) => ({ ...column, name: names[index]! }));
}

/** The query that a statement stands for. */
export const queryTree = (run: Run, query: Query) => analyzeTree(query, run.sql, scopeOf(run));

/** The query in DuckDB's dialect. */
export const translated = (run: Run, query: QueryText): string => analyzed(run, query).sql;

/** A default value as the values of its column are kept. */
export function translatedDefault(run: Run, text: string, to: ColumnType): string {
  const { sql, columns } = analyzeQuery(`SELECT ${text}`, scopeOf(run));
  return exactValue(`(${sql})`, columns[0]!.type, to);
}

const analyzed = (run: Run, query: QueryText): AnalyzedQuery =>
  placed(run, query, () => analyzeQuery(query.text, scopeOf(run)));

/** What a query failed with while it ran, in the service's words. */
export const failed = (run: Run, query: QueryText, error: unknown): StatementError =>
  error instanceof StatementError ? error : moved(run, query, describeQueryError(error, query.text));

/** From now on `@name` is this query; it is asked when a statement that reads it is executed. */
export function assign(run: Run, { name, query }: Assignment): void {
  const { sql, columns } = analyzed(run, query);
  run.variables.set(name, { sql, columns });
}

/** The table itself, or one that a view reads, if a statement wrote it: views keep the names that they read. */
function writtenBehind(table: Table, taken: ReadonlySet<string>, catalog: Catalog): Table | undefined {
  if (taken.has(table.id)) return table;
  if (table.kind !== 'VIRTUAL_VIEW') return undefined;
  const read = catalog.list().filter((other) => other !== table && table.query.includes(visible(other)));
  return read.map((other) => writtenBehind(other, taken, catalog)).find(Boolean);
}

function scopeOf({ core, session, variables, taken }: Run): QueryScope {
  const { schema, settings = new Map() } = session;
  const isSchema = (name: string) => core.catalog.schemas.has(name);
  const refusal = (table: Table) => {
    const written = taken.size ? writtenBehind(table, taken, core.catalog) : undefined;
    return written && `table ${written.name} is read after this script wrote it`;
  };
  return {
    project: core.project,
    schema,
    settings,
    isSchema,
    find: core.catalog.find,
    variables,
    refusal,
  };
}
