import type { Table } from '../model/catalog.ts';
import { addColumns, changeColumn, dropColumns } from './alter-columns.ts';
import { checkName } from './create-checks.ts';
import { baseTableNamed, nameOf, tableNamed } from './names.ts';
import type { Run } from './run.ts';
import { alreadyExists, fullName, semantic } from './statement-errors.ts';
import type { Alteration, NameRef, Statement, TableChange } from './statements.ts';
import {
  addTablePartitions,
  dropTablePartitions,
  found,
  mergeTablePartitions,
  renameTablePartition,
  switchLifecycleOf,
} from './table-partitions.ts';

/** Property that says that LIFECYCLE is switched off. */
const LIFECYCLE_OFF = 'lifecycle.disabled';

export async function alterTable(
  run: Run,
  { name, change }: Extract<Statement, { kind: 'alter' }>,
): Promise<void> {
  const { at } = name;
  const table =
    change.do === 'set' || change.do === 'rename' ? tableNamed(run, name) : baseTableNamed(run, name);
  switch (change.do) {
    case 'add_columns':
      return addColumns(run, table, change, at);
    case 'drop_columns':
      return dropColumns(run, table, change, at);
    case 'change_column':
      return changeColumn(run, table, change, at);
    case 'rename':
      return rename(run, table, change.to);
    case 'set':
      return setTable(run, table, change.what, at);
    case 'enable_lifecycle':
      return switchLifecycle(run, table, change);
    case 'touch':
      return touch(run, table, change);
    case 'add_table_partitions':
      return addTablePartitions(run, table, change);
    case 'drop_table_partitions':
      return dropTablePartitions(run, table, change);
    case 'rename_table_partition':
      return renameTablePartition(run, table, change);
    case 'merge_table_partitions':
      return mergeTablePartitions(run, table, change);
    case 'nothing':
      return undefined;
  }
}

async function rename(run: Run, table: Table, to: NameRef): Promise<void> {
  const { core, session } = run;
  const name = nameOf({ ...run, session: { ...session, schema: table.schema } }, to);
  checkName(name.name, to.at);
  if (name.schema !== table.schema) throw semantic(to.at, 'a table cannot be moved to another schema');
  if (name.name === table.name) return;
  if (core.catalog.find(name)) throw alreadyExists(to.at, fullName(core.project, name));
  const former = table.name;
  const move = (next: string) => {
    core.catalog.remove(table);
    table.name = next;
    core.catalog.add(table);
  };
  move(name.name);
  try {
    await update(run, table, {});
  } catch (error) {
    move(former);
    throw error;
  }
}

async function setTable(run: Run, table: Table, what: TableChange, at: string): Promise<void> {
  const { properties, dropProperties, clustering, ...plain } = what;
  const transactional = properties?.transactional?.toLowerCase();
  if (transactional !== undefined && (transactional === 'true') !== table.transactional) {
    throw semantic(at, 'transactional cannot be changed after a table was created');
  }
  const left = Object.entries(table.properties).filter(([key]) => !dropProperties?.includes(key));
  await update(run, table, {
    ...plain,
    properties: { ...Object.fromEntries(left), ...properties },
    ...(clustering === undefined ? {} : { clustering: clustering ?? undefined }),
  });
}

/** Columns do not change: the table stays the same object, and sessions that are open go on. */
async function update(run: Run, table: Table, change: Partial<Table>): Promise<void> {
  const all = { ...change, ddlAt: run.core.now() };
  const former = Object.fromEntries(Object.keys(all).map((key) => [key, table[key as keyof Table]]));
  Object.assign(table, all);
  try {
    await run.core.store.saveTable(table);
  } catch (error) {
    Object.assign(table, former);
    throw error;
  }
}

async function switchLifecycle(
  run: Run,
  table: Table,
  { enabled, of }: Extract<Alteration, { do: 'enable_lifecycle' }>,
): Promise<void> {
  if (of) return switchLifecycleOf(run, table, of, enabled);
  const { [LIFECYCLE_OFF]: _former, ...others } = table.properties;
  await update(run, table, { properties: enabled ? others : { ...others, [LIFECYCLE_OFF]: 'true' } });
}

async function touch(
  run: Run,
  table: Table,
  { filters }: Extract<Alteration, { do: 'touch' }>,
): Promise<void> {
  const each = filters.length ? found(table, filters, false).map(({ values }) => values) : [[]];
  await run.core.store.touch(table, each);
}
