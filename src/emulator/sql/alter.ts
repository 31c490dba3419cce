import type { Core } from '../core.ts';
import type { ColumnDefinition, Table } from '../model/catalog.ts';
import type { ColumnChange } from './ddl.ts';
import { StatementError } from './tokens.ts';

/** A column of the changed table, and which one it was before; null: it is new. */
interface Altered {
  readonly column: ColumnDefinition;
  readonly from: string | null;
}

/** Changes the columns of a table; the rows stay, and sessions that are open keep the columns they began with. */
export async function alterColumns(core: Core, table: Table, change: ColumnChange): Promise<void> {
  const altered = changed(table, change);
  const columns = altered.map(({ column }) => column);
  const after: Table = { ...table, columns, schemaVersion: table.schemaVersion + 1 };
  await core.store.alterColumns(
    after,
    altered.map(({ from }) => from),
  );
  core.catalog.add(after);
}

function changed(table: Table, change: ColumnChange): Altered[] {
  const kept = table.columns.map((column) => ({ column, from: column.name }));
  if ('add' in change) {
    for (const { name } of change.add) if (has(table, name)) throw wrong(`column ${name} exists already`);
    return [...kept, ...change.add.map((column) => ({ column, from: null }))];
  }
  for (const name of 'drop' in change ? change.drop : [change.from]) {
    if (!table.columns.some((column) => column.name === name)) throw wrong(`there is no column ${name}`);
  }
  if ('drop' in change) return kept.filter(({ from }) => !change.drop.includes(from));
  const { from, to, type } = change;
  if (to !== from && has(table, to)) throw wrong(`column ${to} exists already`);
  return kept.map((one) =>
    one.from === from ? { ...one, column: { ...one.column, name: to, type: type ?? one.column.type } } : one,
  );
}

const has = ({ columns, tablePartitionColumns }: Table, name: string): boolean =>
  [...columns, ...tablePartitionColumns].some((column) => column.name === name);

const wrong = (text: string): StatementError =>
  new StatementError(`ODPS-0130071:[1,1] Semantic analysis exception - ${text}`);
