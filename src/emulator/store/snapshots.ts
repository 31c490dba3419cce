import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { valuesKey } from '../model/table-partitions.ts';
import type { Cell } from '../record/cells.ts';
import type { Database } from './database.ts';
import type { Change, Connection } from './duckdb.ts';
import { fromDuck } from './duckdb-cells.ts';
import { identifier, STAGING, storage, where } from './duckdb-sql.ts';
import type { ReadPlan, Rows, SnapshotOptions } from './store.ts';

/** Where the rows of one table or table partition are read: the table itself until that must change. */
interface Source {
  readonly table: Table;
  readonly values: readonly string[] | undefined;
  from: string;
  /** The most rows that a snapshot of it has. */
  count: number;
  users: number;
  copy: string | undefined;
}

export interface Snapshots {
  take(table: Table, values: readonly string[] | undefined, options: SnapshotOptions): Promise<Rows>;
  /** Copies what open snapshots show of a table or of one table partition, before rows of it go. */
  keep(change: Change, table: Table, values: readonly string[] | undefined): Promise<void>;
}

/**
 * Rows are only ever added behind, in the order of a scan: a snapshot is the first `count` of them, and costs
 * nothing until something else than an addition happens to its table.
 */
export function createSnapshots(database: Database): Snapshots {
  const sources = new Map<string, Source>();
  let copies = 0;

  const key = (table: Table, values: readonly string[] | undefined) =>
    `${table.id} ${values?.length ? valuesKey(values) : ''}`;

  function sourceOf(table: Table, values: readonly string[] | undefined): Source {
    const found = sources.get(key(table, values));
    if (found) return found;
    const from = `${storage(table)}${where(table, values)}`;
    const source: Source = { table, values, from, count: 0, users: 0, copy: undefined };
    sources.set(key(table, values), source);
    return source;
  }

  async function take(
    table: Table,
    values: readonly string[] | undefined,
    options: SnapshotOptions,
  ): Promise<Rows> {
    const columns = options.withTablePartitionColumns
      ? [...table.columns, ...table.tablePartitionColumns]
      : table.columns;
    return database.exclusive(async (change) => {
      const source = sourceOf(table, values);
      const [row] = await change.rows(`SELECT count(*) FROM ${source.from}`);
      const count = Number(row?.[0]);
      source.count = Math.max(source.count, count);
      source.users += 1;
      const release = once(() => leave(source));
      const expressions = columns.map(({ name }) => identifier(name));
      return createRows(database, { columns, expressions, count, from: () => source.from, release });
    });
  }

  async function leave(source: Source): Promise<void> {
    source.users -= 1;
    if (source.users > 0) return;
    if (source.copy) await database.run(`DROP TABLE IF EXISTS ${source.copy}`);
    else sources.delete(key(source.table, source.values));
  }

  async function keep(change: Change, table: Table, values: readonly string[] | undefined): Promise<void> {
    for (const [name, source] of [...sources]) {
      if (source.table.id !== table.id) continue;
      const isOther =
        values?.length && source.values?.length && !values.every((value, at) => source.values![at] === value);
      if (isOther) continue;
      copies += 1;
      const copy = `${STAGING}.snapshot_${copies}`;
      await change.run(`CREATE TABLE ${copy} AS SELECT * FROM ${source.from} LIMIT ${source.count}`);
      database.grown(table.columns);
      source.from = copy;
      source.copy = copy;
      sources.delete(name);
      // Whoever gave it up meanwhile saw no copy to drop.
      if (source.users === 0) await change.run(`DROP TABLE ${copy}`);
    }
  }

  return { take, keep };
}

const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
};

export interface Kept {
  readonly columns: readonly ColumnDefinition[];
  /** One for each column. */
  readonly expressions: readonly string[];
  readonly count: number;
  readonly from: () => string;
  release(): Promise<void>;
}

/**
 * DuckDB reads whole vectors of 2048 rows, more than it has memory for when values are large; of a query for
 * so few it reads the rows themselves (its late materialization).
 */
const FEW = 50;

/** Rows that are read from a table of their own or from the first of a table's. */
export function createRows(database: Database, kept: Kept): Rows {
  let released = false;
  const opened = database.opened();

  async function* read(plan: ReadPlan): AsyncGenerator<readonly (readonly Cell[])[]> {
    if (released) throw new Error('these rows were released');
    const places = placesOf(kept.columns, plan.columns);
    const count = Math.min(plan.count, kept.count - plan.start);
    if (count <= 0 || !places.length) return;
    const list = places.map((place) => kept.expressions[place]).join(', ');
    const readers = places.map((place) => fromDuck(database.api, kept.columns[place]!.type));
    const connection = await database.connect();
    try {
      let given = 0;
      let piece = count;
      while (given < count) {
        const before = given;
        try {
          const wanted = Math.min(piece, count - given);
          for await (const rows of cellsOf(
            await open(connection, list, plan.start + given, wanted),
            readers,
          )) {
            given += rows.length;
            yield rows;
          }
          if (given === before) return;
        } catch (error) {
          if (piece === FEW || !/Out of Memory Error/.test(String(error))) throw error;
          piece = FEW;
        }
      }
    } finally {
      connection.close();
    }
  }

  /** A change that would move the rows elsewhere waits until the query has begun. */
  function open(connection: Connection, list: string, start: number, count: number) {
    return database.exclusive(() => {
      const from = kept.from();
      if (from.startsWith(STAGING) && opened !== database.opened())
        throw new Error('these rows were lost: the database had to be opened again');
      return connection.chunks(`SELECT ${list} FROM ${from} LIMIT ${count} OFFSET ${start}`);
    });
  }

  async function release(): Promise<void> {
    released = true;
    await kept.release();
  }

  return { columns: kept.columns, count: kept.count, read, release };
}

async function* cellsOf(
  chunks: AsyncIterable<
    Awaited<ReturnType<Connection['chunks']>> extends AsyncIterable<infer Chunk> ? Chunk : never
  >,
  readers: readonly ReturnType<typeof fromDuck>[],
): AsyncGenerator<readonly (readonly Cell[])[]> {
  for await (const chunk of chunks) {
    const vectors = readers.map((_reader, index) => chunk.getColumnVector(index));
    const rows: Cell[][] = [];
    for (let row = 0; row < chunk.rowCount; row += 1)
      rows.push(vectors.map((vector, index) => readers[index]!(vector.getItem(row))));
    yield rows;
  }
}

/** Where the named columns are; of several of one name, each in its turn. */
function placesOf(columns: readonly ColumnDefinition[], names: readonly string[]): number[] {
  const used = new Set<number>();
  return names.map((name) => {
    const free = columns.findIndex((column, at) => column.name === name && !used.has(at));
    const place = free < 0 ? columns.findIndex((column) => column.name === name) : free;
    if (place < 0) throw new Error(`there is no column ${name}`);
    used.add(place);
    return place;
  });
}
