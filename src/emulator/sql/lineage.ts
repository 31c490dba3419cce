import type { ColumnDefinition } from '../model/catalog.ts';
import { typeText } from '../model/types.ts';
import { ownTableNamed } from './names.ts';
import type { Run } from './run.ts';
import { assign, queryColumns } from './run-query.ts';
import { fullName, semantic } from './statement-errors.ts';
import type { Insert, QueryText, Statement } from './statements.ts';

/**
 * The setting that asks where the columns of a statement come from, instead of executing it: Java's
 * `SQLTask.getResultSchema` sends a statement again with it.
 */
export const isLineage = (settings: ReadonlyMap<string, string> | undefined): boolean =>
  settings?.get('odps.sql.task.mode')?.toUpperCase() === 'LINEAGE';

/** What each statement writes: a query has columns and no table. Throws StatementError 0130071 for DDL. */
export function lineage(run: Run, statements: readonly Statement[]): string {
  return JSON.stringify({ outputTables: statements.flatMap((statement) => outputs(run, statement)) });
}

function outputs(run: Run, statement: Statement): object[] {
  switch (statement.kind) {
    case 'query':
      return [{ columns: columnsOf(run, statement) }];
    case 'insert':
      return [written(run, statement)];
    case 'assign':
      assign(run, statement);
      return [];
    case 'multi_insert':
      return statement.inserts.map((one) => written(run, one));
    default:
      throw semantic('1,1', 'DDL not supported in LINEAGE analyze');
  }
}

function written(run: Run, { name, query }: Insert): object {
  const table = ownTableNamed(run, name);
  return { tableName: fullName(run.core.project, table), columns: columnsOf(run, query) };
}

const columnsOf = (run: Run, query: QueryText): object[] =>
  queryColumns(run, query).map(({ name, type, comment }: ColumnDefinition) => ({
    name,
    type: typeText(type),
    comment,
    label: '',
    isNullable: true,
  }));
