import type { ColumnDefinition } from '../model/catalog.ts';
import type { Connection, Database, QueryShape } from './duckdb.ts';
import { identifier, literal, STAGING } from './duckdb-sql.ts';
import { kept, resultType } from './kept.ts';
import { createRows } from './snapshots.ts';
import type { QueryOptions, Rows } from './store.ts';

/** The rows of a query in a table of their own; its columns are c0, c1, ... */
export interface Result {
  readonly source: string;
  readonly count: number;
  readonly shape: QueryShape;
  drop(): Promise<void>;
}

/** How each column of a query is kept. */
type KeepColumns = (shape: QueryShape) => readonly string[];

export interface Queries {
  /** Runs a query to its end; `keep` tells the expressions over c0, c1, ... that are kept. */
  run(sql: string, options: QueryOptions, keep: KeepColumns): Promise<Result>;
  query(sql: string, options: QueryOptions): Promise<Rows>;
  columns(sql: string, options: QueryOptions): Promise<readonly ColumnDefinition[]>;
}

/** Runs queries, each on a connection of its own: what changes rows does not wait for them. */
export function createQueries(database: Database): Queries {
  let last = 0;

  async function run(sql: string, options: QueryOptions, keep: KeepColumns): Promise<Result> {
    const connection = await database.connect();
    let again: NodeJS.Timeout | undefined;
    // An interrupt ends only what runs at that moment: between two statements it would be lost.
    const stop = () => {
      connection.interrupt();
      again = setInterval(() => connection.interrupt(), 20);
    };
    options.signal?.addEventListener('abort', stop);
    try {
      options.signal?.throwIfAborted();
      await prepare(connection, options);
      return await materialize(connection, sql, keep);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', stop);
      clearInterval(again);
      connection.close();
    }
  }

  async function materialize(connection: Connection, sql: string, keep: KeepColumns): Promise<Result> {
    const shape = await connection.shape(sql);
    last += 1;
    const source = `${STAGING}.result_${last}`;
    const names = shape.names.map((_name, index) => `c${index}`);
    const list = keep(shape).map((expression, index) => `${expression} AS c${index}`);
    await connection.run(
      `CREATE TABLE ${source} AS SELECT ${list.join(', ')} FROM (${sql}\n) AS q(${names.join(', ')})`,
    );
    const count = await countOf(connection, source);
    return { source, count, shape, drop: () => database.run(`DROP TABLE ${source}`) };
  }

  async function query(sql: string, options: QueryOptions): Promise<Rows> {
    const columns: ColumnDefinition[] = [];
    const result = await run(sql, options, (shape) => {
      columns.push(...columnsOf(shape));
      return columns.map(({ type }, index) => kept(database.api, `c${index}`, type, shape.types[index]!));
    });
    const expressions = columns.map((_column, index) => `c${index}`);
    const { source, count, drop } = result;
    return createRows(database, { columns, expressions, count, from: () => source, release: drop });
  }

  function columnsOf({ names, types }: QueryShape): ColumnDefinition[] {
    return names.map((name, index) => {
      const type = resultType(database.api, types[index]!);
      return { name, type, comment: '', nullable: true };
    });
  }

  async function columns(sql: string, options: QueryOptions): Promise<readonly ColumnDefinition[]> {
    const connection = await database.connect();
    try {
      await prepare(connection, options);
      return columnsOf(await connection.shape(sql));
    } finally {
      connection.close();
    }
  }

  return { run, query, columns };
}

async function prepare(connection: Connection, { timeZone, schema }: QueryOptions): Promise<void> {
  await connection.run(
    `SET TimeZone = ${literal(timeZone)}`,
    `SET search_path = ${literal(identifier(schema))}`,
  );
}

async function countOf(connection: Connection, source: string): Promise<number> {
  for await (const chunk of await connection.chunks(`SELECT count(*) FROM ${source}`))
    return Number(chunk.getColumnVector(0).getItem(0));
  return 0;
}
