import type { Core } from '../core.ts';
import { StatementError } from '../errors.ts';
import type { QuerySession } from './names.ts';
import type { Variable } from './query/context.ts';
import type { QueryText } from './statements.ts';
import { position } from './tokens.ts';

/** One script on its way: what its statements are executed with. */
export interface Run {
  readonly core: Core;
  readonly session: QuerySession;
  /** The text as submitted. */
  readonly sql: string;
  /** What its statements wrote until now. */
  readonly written: Written[];
  /** `@name` by its name. */
  readonly variables: Map<string, Variable>;
  /** Tables that statements before this one write in the same transaction: none of them can be read. */
  readonly taken: Set<string>;
}

export const startRun = (core: Core, session: QuerySession, sql: string): Run => ({
  core,
  session,
  sql,
  written: [],
  variables: new Map(),
  taken: new Set(),
});

/** Rows that a statement wrote into a table or a table partition. */
export interface Written {
  /** `project.table`, or `project.table/pt=a`. */
  readonly into: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Does what reads a query; places in its errors become places in the script. */
export function placed<T>(run: Run, query: QueryText, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof StatementError ? moved(run, query, error) : error;
  }
}

const PLACE = /^(ODPS-\d+:\[)(\d+),(\d+)(?=\])/;

/** An error whose place counts from the beginning of the query. */
export function moved({ sql }: Run, { start }: QueryText, { message }: StatementError): StatementError {
  const [line = 1, column = 1] = position(sql, start).split(',').map(Number);
  const text = message.replace(PLACE, (_place, head: string, below: string, right: string) =>
    below === '1'
      ? `${head}${line},${column + Number(right) - 1}`
      : `${head}${line + Number(below) - 1},${right}`,
  );
  return new StatementError(text);
}
