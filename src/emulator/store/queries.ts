import type { ColumnDefinition } from '../model/catalog.ts';
import type { Database } from './database.ts';
import type { Connection, QueryShape } from './duckdb.ts';
import { identifier, literal, STAGING } from './duckdb-sql.ts';
import { kept, resultType } from './kept.ts';
import { createPlaces } from './places.ts';
import { createRows } from './rows.ts';
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
  /** Ends all queries; none begins afterwards. */
  end(): Promise<void>;
}

const LONGEST_MS = 3_600_000;

/** Runs queries, each on a connection of its own: what changes rows does not wait for them. */
export function createQueries(database: Database): Queries {
  const ending = new AbortController();
  const places = createPlaces();
  let last = 0;

  function run(sql: string, options: QueryOptions, keep: KeepColumns): Promise<Result> {
    const bounded = boundedBy(LONGEST_MS, [ending.signal, options.signal]);
    return places
      .take(() => connected(sql, { ...options, signal: bounded.signal }, keep))
      .finally(bounded.release);
  }

  async function connected(
    sql: string,
    options: QueryOptions & { signal: AbortSignal },
    keep: KeepColumns,
  ): Promise<Result> {
    options.signal.throwIfAborted();
    const connection = await database.connect();
    try {
      return await stoppable(connection, options.signal, async () => {
        await prepare(database, connection, options);
        return materialize(connection, sql, keep);
      });
    } finally {
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
    const drop = () => database.run(`DROP TABLE IF EXISTS ${source}`);
    try {
      return { source, count: await countOf(connection, source), shape, drop };
    } catch (error) {
      await drop();
      throw error;
    }
  }

  async function query(sql: string, options: QueryOptions): Promise<Rows> {
    let columns: readonly ColumnDefinition[] = [];
    const result = await run(sql, options, (shape) => {
      columns = options.resultColumns ?? shownColumns(database, shape);
      return columns.map(({ type }, index) => kept(database.api, `c${index}`, type, shape.types[index]!));
    });
    const expressions = columns.map((_column, index) => `c${index}`);
    const { source, count, drop } = result;
    database.grown(columns);
    const from = [{ name: source, where: '' }];
    return createRows(database, { columns, expressions, count, from: () => from, release: drop });
  }

  async function end(): Promise<void> {
    ending.abort(new Error('the local MaxCompute stops'));
    await places.empty();
  }

  return { run, query, end };
}

/** As DuckDB sees them: it has no VARCHAR(n), no JSON of the service, no TIMESTAMP_NTZ of its own. */
const shownColumns = ({ api }: Database, { names, types }: QueryShape): ColumnDefinition[] =>
  types.map((type, index) => ({
    name: names[index]!,
    type: resultType(api, type),
    comment: '',
    nullable: true,
  }));

/** Aborted by the first of the signals or after a time. A signal made by `AbortSignal.any` may be collected too early. */
function boundedBy(ms: number, signals: readonly (AbortSignal | undefined)[]) {
  const bounded = new AbortController();
  const text = `the query was ended after ${ms / 60_000} minutes`;
  const timer = setTimeout(() => bounded.abort(new Error(text)), ms).unref();
  const releases = signals.flatMap((signal) => {
    if (!signal) return [];
    const abort = () => bounded.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    return [() => signal.removeEventListener('abort', abort)];
  });
  const release = () => {
    clearTimeout(timer);
    for (const end of releases) end();
  };
  return { signal: bounded.signal, release };
}

/** Interrupts the work when the signal says so; rejects with its reason then. */
async function stoppable(
  connection: Connection,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  let again: NodeJS.Timeout | undefined;
  const stop = () => {
    connection.interrupt();
    // An interrupt between two statements strikes none of them.
    again ??= setInterval(() => connection.interrupt(), 20);
  };
  // It may have happened while the connection was made.
  signal.throwIfAborted();
  signal.addEventListener('abort', stop);
  try {
    const result = await work();
    if (signal.aborted) await result.drop();
    signal.throwIfAborted();
    return result;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearInterval(again);
    signal.removeEventListener('abort', stop);
  }
}

async function prepare(
  database: Database,
  connection: Connection,
  { timeZone, schema }: QueryOptions,
): Promise<void> {
  await connection.run(`SET TimeZone = ${literal(timeZone)}`, setSchema(database, schema));
}

async function countOf(connection: Connection, source: string): Promise<number> {
  let count = 0;
  for await (const chunk of await connection.chunks(`SELECT count(*) FROM ${source}`))
    count = Number(chunk.getColumnVector(0).getItem(0));
  return count;
}

/** With the database's name: alone, it would be looked for where the search path leads now. */
const setSchema = ({ catalog }: Database, schema: string): string =>
  `SET search_path = ${literal(`${identifier(catalog)}.${identifier(schema)}`)}`;
