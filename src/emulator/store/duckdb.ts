import type * as NodeApi from '@duckdb/node-api';
import { type ScalarFunction, scalarFunction } from './scalar-functions.ts';

/** The library itself: the other files of this folder get it handed over, it is loaded in one place. */
export type Api = typeof NodeApi;
export type DuckDBType = NodeApi.DuckDBType;
export type DuckDBValue = NodeApi.DuckDBValue;
export type DuckDBDataChunk = NodeApi.DuckDBDataChunk;

export class DuckDbMissing extends Error {}

/** Columns of a query, before it runs. */
export interface QueryShape {
  readonly names: readonly string[];
  readonly types: readonly DuckDBType[];
}

/** One line of statements of its own beside the writing one. */
export interface Connection {
  run(...statements: readonly string[]): Promise<void>;
  shape(sql: string): Promise<QueryShape>;
  /** Chunks of the result; each is valid until the next one is asked for. */
  chunks(sql: string): Promise<AsyncIterable<DuckDBDataChunk>>;
  interrupt(): void;
  close(): void;
}

/** What a writing connection does. */
export interface Change {
  /** Runs the statements as one transaction when there are several. */
  run(...statements: readonly string[]): Promise<void>;
  /** A few rows as plain values. */
  rows(sql: string): Promise<DuckDBValue[][]>;
}

/** An open database file, or one in memory, with its writing connection. */
export interface Instance extends Change {
  readonly api: Api;
  connect(): Promise<Connection>;
  /** Makes a function of queries. */
  define(definition: ScalarFunction): void;
  /** All its connections must be closed before, else the file stays locked. */
  close(): void;
}

/** Loads DuckDB when it is installed and opens `path` (`:memory:` for none on disk). */
export async function openInstance(path: string, options: Record<string, string>): Promise<Instance> {
  const api = await loadApi();
  const instance = await api.DuckDBInstance.create(path, options);
  const main = await instance.connect();
  return {
    api,
    run: (...statements) => runOn(main, statements),
    rows: async (sql) => (await main.runAndReadAll(sql)).getRows(),
    connect: async () => connectionOf(await instance.connect()),
    close: () => {
      main.closeSync();
      instance.closeSync();
    },
    define: (definition) => main.registerScalarFunction(scalarFunction(api, definition)),
  };
}

async function runOn(connection: NodeApi.DuckDBConnection, statements: readonly string[]): Promise<void> {
  if (statements.length === 1) return void (await connection.run(statements[0]!));
  await connection.run('BEGIN');
  try {
    for (const statement of statements) await connection.run(statement);
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {});
    throw error;
  }
}

function connectionOf(connection: NodeApi.DuckDBConnection): Connection {
  return {
    run: async (...statements) => {
      for (const statement of statements) await connection.run(statement);
    },
    shape: async (sql) => shapeOf(await connection.prepare(sql)),
    chunks: async (sql) => chunksOf(await connection.stream(sql), () => connection.interrupt()),
    interrupt: () => connection.interrupt(),
    close: () => connection.closeSync(),
  };
}

function shapeOf(prepared: NodeApi.DuckDBPreparedStatement): QueryShape {
  const at = Array.from({ length: prepared.columnCount }, (_none, index) => index);
  const shape = {
    names: at.map((index) => prepared.columnName(index)),
    types: at.map((index) => prepared.columnType(index)),
  };
  prepared.destroySync();
  return shape;
}

/**
 * A result that was not read to its end keeps its database open until it is collected, whatever is closed:
 * a file that was opened anew meanwhile would be overwritten then. So the rest of it is ended.
 */
async function* chunksOf(
  result: NodeApi.DuckDBResult,
  interrupt: () => void,
): AsyncIterable<DuckDBDataChunk> {
  let chunk: DuckDBDataChunk | null = null;
  const next = async () => {
    // What it holds outside of JavaScript would wait for the collector, which does not see it.
    chunk?.reset();
    chunk = null;
    chunk = await result.fetchChunk();
    return chunk !== null && chunk.rowCount > 0;
  };
  try {
    while (await next()) yield chunk!;
  } finally {
    if (chunk) {
      interrupt();
      while (await next().catch(() => false));
    }
  }
}

const MISSING = 'DuckDB is not installed (npm install @duckdb/node-api): rows are counted, not kept';

async function loadApi(): Promise<Api> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw new DuckDbMissing(MISSING, { cause: error });
  }
}
