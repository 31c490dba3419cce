import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';

/** Rows on their way into one table; calls are synchronous, 2048 rows go over at a time. */
export interface Appender {
  add(row: readonly Cell[]): void;
  close(): void;
}

export type StoredTable = { readonly catalog: string; readonly name: string };

export type ResultValue = { readonly text: string; readonly isNumber: boolean } | null;

export interface QueryResult {
  readonly names: readonly string[];
  readonly rows: readonly (readonly ResultValue[])[];
}

/** One DuckDB database: statements run one after the other on one connection, appenders on another. */
export interface Database {
  /** Runs the statements as one transaction when there are several. */
  run(...statements: readonly string[]): Promise<void>;
  /** At most `limit` rows; `before` statements run first, unseparated. */
  query(sql: string, limit: number, before?: readonly string[]): Promise<QueryResult>;
  append(table: StoredTable, types: readonly ColumnType[]): Promise<Appender>;
  close(): Promise<void>;
}
