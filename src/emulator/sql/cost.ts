import type { Core } from '../core.ts';
import type { Table } from '../model/catalog.ts';
import type { QuerySession } from './names.ts';
import { startRun } from './run.ts';
import { assign, type Outcome, queryColumns } from './run-query.ts';
import type { Script } from './script.ts';
import type { QueryText, Statement } from './statements.ts';
import { tokenize } from './tokens.ts';

/** Words that the service counts, those of changes at least as one; from so many on a query is so complex. */
const COUNTED = ['JOIN', 'GROUP', 'ORDER', 'DISTINCT', 'OVER'];
const CHANGES = ['INSERT', 'UPDATE', 'DELETE'];
const STEPS = [
  [20, 4],
  [7, 2],
  [4, 1.5],
  [0, 1],
] as const;

/**
 * What a script would cost: bytes of the tables that its queries read, and how complex it is. Nothing is executed; a
 * query is checked as if it were.
 */
export function cost(core: Core, { sql, statements }: Script, session: QuerySession): Outcome {
  const read = new Set<Table>();
  const find: Core['catalog']['find'] = (name) => {
    const table = core.catalog.find(name);
    if (table) read.add(table);
    return table;
  };
  const run = startRun({ ...core, catalog: { ...core.catalog, find } }, session, sql);
  for (const statement of statements) {
    if (statement.kind === 'assign') assign(run, statement);
    const query = queryOf(statement);
    if (query) queryColumns(run, query);
  }
  const Input = [...read].reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    format: 'text',
    text: JSON.stringify({ Cost: { SQL: { Complexity: complexity(sql), UDF: 0, Input } } }),
  };
}

const queryOf = (statement: Statement): QueryText | undefined =>
  statement.kind === 'query' ? statement : statement.kind === 'insert' ? statement.query : undefined;

function complexity(sql: string): number {
  const words = tokenize(sql).flatMap(({ kind, text }) => (kind === 'word' ? [text.toUpperCase()] : []));
  const changes = words.filter((word) => CHANGES.includes(word)).length;
  const count = words.filter((word) => COUNTED.includes(word)).length + Math.max(changes, 1);
  return STEPS.find(([least]) => count >= least)![1];
}
