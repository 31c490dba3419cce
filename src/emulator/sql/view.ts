import { type ColumnDefinition, newTable, type TableDefinition } from '../model/catalog.ts';
import { addTable, newId, roomFor } from './create.ts';
import { checkColumns, checkName } from './create-checks.ts';
import { namedAs } from './insert-sql.ts';
import { nameOf } from './names.ts';
import type { Run } from './run.ts';
import { queryColumns, translated } from './run-query.ts';
import { semantic } from './statement-errors.ts';
import type { CreateView } from './statements.ts';

/** A view keeps its query's columns as they are now: more columns of a table do not change it. */
export async function createView(run: Run, statement: CreateView): Promise<void> {
  const { core } = run;
  const { name: ref, ifPresent, comment, properties, query } = statement;
  const name = nameOf(run, ref);
  if (ifPresent === 'keep' && core.catalog.find(name)) return;
  checkName(name.name, ref.at);
  const columns = viewColumns(statement, queryColumns(run, query));
  checkColumns(columns, ref.at);
  const sql = namedAs(
    translated(run, query),
    columns.map((column) => column.name),
  );
  const definition: TableDefinition = {
    columns,
    tablePartitionColumns: [],
    comment,
    lifecycle: -1,
    primaryKey: [],
    properties,
  };
  const room = await roomFor(core, ref, name, ifPresent, true);
  if (!room) return;
  const view = newTable(name, definition, core.now(), newId(), { query: sql, viewText: query.text });
  await addTable(core, view, ref, room.former);
}

function viewColumns(
  { columns, name }: CreateView,
  given: readonly ColumnDefinition[],
): readonly ColumnDefinition[] {
  if (!columns.length) return given;
  if (columns.length !== given.length) {
    throw semantic(name.at, `the view names ${columns.length} columns, its query has ${given.length}`);
  }
  return given.map((column, index) => ({ ...column, ...columns[index]! }));
}
