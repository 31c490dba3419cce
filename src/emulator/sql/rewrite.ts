import type { Table } from '../model/catalog.ts';
import { replaceRows } from './insert.ts';
import { ownTableNamed, quoted } from './names.ts';
import type { Run } from './run.ts';
import { semantic } from './statement-errors.ts';
import type { QueryText, Rewrite } from './statements.ts';

/** UPDATE and DELETE: the rows of a transactional table are replaced by those that a query makes of them. */
export async function rewrite(run: Run, statement: Rewrite): Promise<void> {
  const { kind, name, set } = statement;
  const table = ownTableNamed(run, name);
  if (!table.transactional) {
    const text = `${kind.toUpperCase()} needs a table with TBLPROPERTIES ('transactional'='true')`;
    throw semantic(name.at, `${text}: ${table.name} has not`);
  }
  for (const { column } of set) checkSet(table, column, name.at);
  await replaceRows(run, table, name, rewritten(table, statement));
}

function checkSet(table: Table, column: string, at: string): void {
  if (table.tablePartitionColumns.some(({ name }) => name === column)) {
    throw semantic(at, `partition column ${column} cannot be updated`);
  }
  if (table.primaryKey.includes(column)) throw semantic(at, `primary key column ${column} cannot be updated`);
  if (!table.columns.some(({ name }) => name === column))
    throw semantic(at, `column ${column} cannot be resolved`);
}

/** The query, in MaxCompute's dialect, that gives the table's rows as they are afterwards. */
function rewritten(table: Table, { kind, name, alias, set, where }: Rewrite): QueryText {
  const from = `FROM ${name.parts.map(quoted).join('.')}${alias ? ` ${quoted(alias)}` : ''}`;
  const start = where?.start ?? set[0]?.value.start ?? 0;
  const test = where ? `COALESCE((${where.text}\n), FALSE)` : 'TRUE';
  const values = new Map(set.map(({ column, value }) => [column, value.text]));
  const column = (one: string) => {
    const value = values.get(one);
    return value === undefined ? quoted(one) : `CASE WHEN ${test} THEN ${value} ELSE ${quoted(one)} END`;
  };
  const all = [...table.columns, ...table.tablePartitionColumns].map((one) => one.name);
  if (kind === 'delete')
    return { text: `SELECT ${all.map(quoted).join(', ')} ${from} WHERE NOT ${test}`, start };
  return { text: `SELECT ${all.map(column).join(', ')} ${from}`, start };
}
