import type * as NodeApi from '@duckdb/node-api';

/** The library itself: the other files of this folder get it handed over, it is loaded in one place. */
export type Api = typeof NodeApi;
export type DuckDBType = NodeApi.DuckDBType;
export type DuckDBValue = NodeApi.DuckDBValue;
export type DuckDBVector = NodeApi.DuckDBVector;
export type DuckDBAppender = NodeApi.DuckDBAppender;
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

/** One DuckDB database: changes run one after the other on one connection, queries on their own. */
export interface Database {
  readonly api: Api;
  /** Runs the statements as one transaction when there are several. */
  run(...statements: readonly string[]): Promise<void>;
  /** Runs `work` when the changes before it are done, and lets later ones wait for it. */
  exclusive<T>(work: (change: Change) => Promise<T>): Promise<T>;
  connect(): Promise<Connection>;
  /** Makes a function that is never called, whose type carries its name through queries. */
  mark(name: string, type: 'INTERVAL_DAY_TIME' | 'INTERVAL_YEAR_MONTH'): void;
  appender(catalog: string, table: string): Promise<DuckDBAppender>;
  close(): Promise<void>;
}

/** What may be done inside `exclusive`. */
export interface Change {
  run(...statements: readonly string[]): Promise<void>;
  /** A few rows as plain values. */
  rows(sql: string): Promise<DuckDBValue[][]>;
}

/** Loads DuckDB when it is installed and opens `path` (`:memory:` for none on disk). */
export async function openDatabase(path: string, options: Record<string, string>): Promise<Database> {
  const api = await loadApi();
  const instance = await api.DuckDBInstance.create(path, options);
  const main = await instance.connect();
  const appending = await instance.connect();
  const change: Change = {
    run: (...statements) => runOn(main, statements),
    rows: async (sql) => (await main.runAndReadAll(sql)).getRows(),
  };
  let last: Promise<unknown> = Promise.resolve();

  function exclusive<T>(work: (change: Change) => Promise<T>): Promise<T> {
    const result = last.then(() => work(change));
    last = result.catch(() => {});
    return result;
  }

  async function close(): Promise<void> {
    await last;
    appending.closeSync();
    main.closeSync();
    instance.closeSync();
  }

  return {
    api,
    run: (...statements) => exclusive(({ run }) => run(...statements)),
    exclusive,
    connect: async () => connectionOf(await instance.connect()),
    mark: (name, type) => {
      const kind = type === 'INTERVAL_DAY_TIME' ? api.DuckDBHugeIntType : api.DuckDBIntegerType;
      const mainFunction = () => {
        throw new Error(`${name} only lends its type`);
      };
      main.registerScalarFunction(
        api.DuckDBScalarFunction.create({ name, returnType: kind.create(name), mainFunction }),
      );
    },
    appender: (catalog, table) => appending.createAppender(table, 'main', catalog),
    close,
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
    chunks: async (sql) => chunksOf(await connection.stream(sql)),
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

async function* chunksOf(result: NodeApi.DuckDBResult): AsyncIterable<DuckDBDataChunk> {
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    yield chunk;
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

/** Vectors of every type take their own values; the union of all of them has no common type. */
export function setItem(vector: DuckDBVector, index: number, value: DuckDBValue): void {
  (vector as { setItem(index: number, value: DuckDBValue): void }).setItem(index, value);
}
