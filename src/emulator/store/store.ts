import type { ColumnDefinition, Table } from '../model/catalog.ts';
import type { Cell } from '../record/cells.ts';
import type { RecordHandler } from '../record/record-reader.ts';

/** Rows of one block, held aside until its session commits. Only the store that made it looks inside. */
export interface StagedBlock {
  readonly rows: number;
  readonly handle: unknown;
}

/** Receives the verified records of one block. */
export interface BlockLoader {
  readonly onRecord: RecordHandler | undefined;
  finish(rows: number): Promise<StagedBlock>;
  abort(): Promise<void>;
}

export interface CommitPlan {
  readonly table: Table;
  /** Values of the table partition; empty for a table without. */
  readonly values: readonly string[];
  readonly blocks: readonly StagedBlock[];
  readonly overwrite: boolean;
  /** Written with the rows, so that a restarted emulator still knows the session as closed. */
  readonly session: { readonly id: string; readonly json: string };
}

export interface ResultSet {
  readonly names: readonly string[];
  /** CSV fields, ready to be joined. */
  readonly rows: readonly (readonly string[])[];
}

export interface QueryOptions {
  readonly schema: string;
  readonly timeZone: string;
  readonly limit: number;
}

export interface Restored {
  readonly tables: readonly Table[];
  readonly sessions: readonly string[];
}

/** Rows that stay as they were when they were asked for: of a table, of a table partition, or of a query. */
export interface Rows {
  /** Data columns, then table partition columns when they were asked for; a query's columns. */
  readonly columns: readonly ColumnDefinition[];
  readonly count: number;
  /** Rows `start` to `start + count - 1` in a fixed order, in pieces, cells in the order of `columns` (names). */
  read(plan: ReadPlan): AsyncIterable<readonly (readonly Cell[])[]>;
  /** Gives up what keeps the rows; nothing may be read afterwards. */
  release(): Promise<void>;
}

interface ReadPlan {
  readonly columns: readonly string[];
  readonly start: number;
  readonly count: number;
}

/** Where committed rows go. */
export interface Store {
  restore(): Promise<Restored>;
  createSchema(schema: string): Promise<void>;
  createTable(table: Table): Promise<void>;
  dropTable(table: Table): Promise<void>;
  /** `table` with its new columns; `from` names for each the column that it was, null for a new one. */
  alterColumns(table: Table, from: readonly (string | null)[]): Promise<void>;
  addTablePartition(table: Table, values: readonly string[]): Promise<void>;
  dropTablePartition(table: Table, values: readonly string[]): Promise<void>;
  /** Removes rows: of one table partition, or all of them. */
  truncate(table: Table, values?: readonly string[]): Promise<void>;
  load(table: Table): Promise<BlockLoader>;
  discard(blocks: readonly StagedBlock[]): Promise<void>;
  /** All rows of all blocks become visible, or none. */
  commit(plan: CommitPlan): Promise<void>;
  /** Runs a query in DuckDB's dialect; throws what DuckDB throws. */
  query(sql: string, options: QueryOptions): Promise<ResultSet>;
  /** Committed offsets of a table by topic partition, where the store tracks them. */
  offsets(table: Table): readonly OffsetReport[] | undefined;
  close(): Promise<void>;
}

export interface OffsetReport {
  readonly topicPartition: number;
  readonly first: number;
  readonly last: number;
  readonly rows: number;
  readonly distinct: number;
  /** Offsets between first and last that no row has. */
  readonly missing: number;
  /** Rows beyond the first of their offset. */
  readonly duplicates: number;
}
