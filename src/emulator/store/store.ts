import type { ColumnDefinition, Schema, Table } from '../model/catalog.ts';
import type { Cell } from '../record/cells.ts';
import type { RecordHandler } from '../record/record-reader.ts';

/** Rows of one block, held aside until its session commits. Only the store that made it looks inside. */
export interface StagedBlock {
  readonly rows: number;
  /** Size of the row data, as the statistics of tables count it. */
  readonly bytes: number;
  readonly handle: unknown;
}

/** Receives the rows of one block: verified records, or rows that another reader decoded. */
export interface BlockLoader {
  /** Refuses values that their columns do not take. Undefined when the store needs no look at the records. */
  readonly onRecord: RecordHandler | undefined;
  /** One row of checked cells, in the order of the columns given to `load`; the caller may use the array again. */
  onRow(row: readonly Cell[]): void;
  finish(rows: number): Promise<StagedBlock>;
  abort(): Promise<void>;
}

/** Written with the rows, so that a restarted emulator still knows the session as closed. */
export interface SessionRecord {
  readonly id: string;
  readonly json: string;
}

export interface CommitPlan {
  readonly table: Table;
  /** Values of the table partition; empty for a table without. */
  readonly values: readonly string[];
  readonly blocks: readonly StagedBlock[];
  readonly overwrite: boolean;
  /** None for a stream: it has no state that a restart must know. */
  readonly session?: SessionRecord;
}

/** Rows that stay as they were when they were asked for: of a table, of a table partition, or of a query. */
export interface Rows {
  /** Data columns, then table partition columns when they were asked for; a query's columns. */
  readonly columns: readonly ColumnDefinition[];
  readonly count: number;
  /** Rows `start` to `start + count - 1` in a fixed order, in pieces, cells in the order of `columns` (names). */
  read(plan: ReadPlan): AsyncIterable<readonly (readonly Cell[])[]>;
  /** Gives up what keeps the rows, as soon as nobody reads them; no other reading may begin afterwards. */
  release(): Promise<void>;
}

export interface ReadPlan {
  readonly columns: readonly string[];
  readonly start: number;
  readonly count: number;
}

export interface SnapshotOptions {
  /** Adds the table partition columns behind the data columns. */
  readonly withTablePartitionColumns?: boolean;
}

export interface QueryOptions {
  readonly schema: string;
  readonly timeZone: string;
  /** Ends the query; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Names and types of the query's columns; without them what DuckDB takes them for, which has fewer types. */
  readonly resultColumns?: readonly ColumnDefinition[];
}

export interface InsertPlan extends QueryOptions {
  readonly table: Table;
  /** Replaces the rows of the table, or of each table partition that the query writes or `constants` name. */
  readonly overwrite: boolean;
  /** In DuckDB's dialect; its columns: those of `columns`, then the table partition columns without a constant. */
  readonly sql: string;
  /** Values of table partition columns that are given in the statement, by name. */
  readonly constants: ReadonlyMap<string, string>;
  /** Data columns that the query gives, in its order; the others become NULL. */
  readonly columns: readonly string[];
  /** Table partitions that an overwrite empties besides those that it writes. */
  readonly replaced?: readonly (readonly string[])[];
  /**
   * The query reads what it replaces: nothing may change the rows in between. Behind its columns it tells of each row
   * what becomes of it, one of `FATE`; only rows that are written or removed are counted.
   */
  readonly rewrites?: boolean;
  /** Table partitions that may be written; more are refused. */
  readonly limit: number;
}

/** What becomes of a row of a query that replaces what it reads. */
export const FATE = { stays: 0, written: 1, removed: 2 } as const;

/** Rows written into one table partition, or into the table (no values); of a plan that rewrites those that changed. */
export interface Inserted {
  readonly table: Table;
  readonly values: readonly string[];
  readonly rows: number;
  readonly bytes: number;
}

export interface UpsertPlan {
  readonly table: Table;
  readonly values: readonly string[];
  /** In the order in which they came; loaded with the table's columns and those of the upsert record (protocol 9.2). */
  readonly packs: readonly StagedBlock[];
  readonly session: SessionRecord;
}

interface NamedSchema extends Schema {
  readonly name: string;
}

export interface Restored {
  readonly tables: readonly Table[];
  readonly sessions: readonly string[];
  /** All of them, those without tables too. */
  readonly schemas: readonly NamedSchema[];
}

/**
 * Where committed rows go. The store keeps `rows`, `bytes` and `lastModifiedAt` of a table and of its table
 * partitions; it writes them into the newest `Table` that it was given under an id. What a call answers is
 * on disk when rows are kept in a folder.
 */
export interface Store {
  restore(): Promise<Restored>;
  createSchema(name: string, schema: Schema): Promise<void>;
  /** Of a schema without tables. */
  dropSchema(schema: string): Promise<void>;
  /** `former` goes with the same change. */
  createTable(table: Table, former?: Table): Promise<void>;
  dropTable(table: Table): Promise<void>;
  /** Keeps what changed of a table besides its columns: name, comment, lifecycle. */
  saveTable(table: Table): Promise<void>;
  /** `table` with its new columns; `from` names for each the column that it was, null for a new one. */
  alterColumns(table: Table, from: readonly (string | null)[]): Promise<void>;
  /** All of them or none, as everything that takes several. */
  addTablePartitions(table: Table, each: readonly (readonly string[])[], createdAt: number): Promise<void>;
  /** They are gone from `table.tablePartitions` then. */
  dropTablePartitions(table: Table, each: readonly (readonly string[])[]): Promise<void>;
  /** Of one table partition; `table.tablePartitions` knows it too. */
  switchLifecycle(table: Table, values: readonly string[], enabled: boolean): Promise<void>;
  /** Gives the rows of some table partitions other values; those are gone then, and `to` is there. */
  moveTablePartitions(
    table: Table,
    from: readonly (readonly string[])[],
    to: readonly string[],
  ): Promise<void>;
  /** The rows of these table partitions, or of the table (no values), count as changed now. */
  touch(table: Table, each: readonly (readonly string[])[]): Promise<void>;
  /** Removes rows: of some table partitions, or all of them. */
  truncate(table: Table, each?: readonly (readonly string[])[]): Promise<void>;
  /** Columns and no table: upserts stage columns of their own besides. */
  load(columns: readonly ColumnDefinition[]): Promise<BlockLoader>;
  discard(blocks: readonly StagedBlock[]): Promise<void>;
  /** All rows of all blocks become visible, or none. */
  commit(plan: CommitPlan): Promise<void>;
  /** Packs in order, the last operation of a key wins; all or nothing. Rows of the table partition afterwards. */
  upsert(plan: UpsertPlan): Promise<{ rows: number }>;
  /** Writes the rows of queries, all or none; table partitions that are not there are made, in `table.tablePartitions` too. */
  insert(...plans: readonly InsertPlan[]): Promise<readonly Inserted[]>;
  /** The committed rows of a table or of one table partition; refused with the reason where no rows are kept. */
  snapshot(table: Table, values?: readonly string[], options?: SnapshotOptions): Promise<Rows>;
  /** Runs a query in DuckDB's dialect; throws what DuckDB throws. */
  query(sql: string, options: QueryOptions): Promise<Rows>;
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
