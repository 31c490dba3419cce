import { typeText } from '../model/types.ts';
import type { Run } from './run.ts';
import { queryColumns } from './run-query.ts';
import type { Statement } from './statements.ts';

/** There are no jobs and stages here: EXPLAIN checks the query and tells what it answers. */
export async function explain(run: Run, statement: Statement): Promise<string> {
  const text = 'This local MaxCompute has no execution plans.';
  const query =
    statement.kind === 'insert' ? statement.query : statement.kind === 'query' ? statement : undefined;
  if (!query) return `${text}\n`;
  const columns = queryColumns(run, query);
  const list = columns.map(({ name, type }) => `  ${name} ${typeText(type).toUpperCase()}\n`);
  return `${text} The query is valid and answers these columns:\n${list.join('')}`;
}
