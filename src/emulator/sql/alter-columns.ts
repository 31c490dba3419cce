import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { type ColumnType, typeText } from '../model/types.ts';
import { checkColumns } from './create-checks.ts';
import { canWiden } from './implicit-cast.ts';
import { withField } from './nested-fields.ts';
import type { Run } from './run.ts';
import { semantic } from './statement-errors.ts';
import type { AddedColumn, Alteration, ChangeColumn } from './statements.ts';

type Of<Kind extends Alteration['do']> = Extract<Alteration, { do: Kind }>;

/** A column of the changed table, and which one it was before; null: it is new. */
interface Altered {
  readonly column: ColumnDefinition;
  readonly from: string | null;
}

export async function addColumns(
  run: Run,
  table: Table,
  { columns, ifNotExists }: Of<'add_columns'>,
  at: string,
): Promise<void> {
  let list: readonly Altered[] = kept(table);
  for (const added of columns) {
    if (!added.nullable)
      throw semantic(at, `column ${pathOf(added)} cannot be NOT NULL: older rows have no value for it`);
    const more = added.within.length ? withNested(list, added, at) : withColumn(table, list, added);
    if (!more && !ifNotExists) throw semantic(at, `column ${pathOf(added)} exists already`);
    list = more ?? list;
  }
  if (list.length > table.columns.length || list.some(({ column }, index) => column !== table.columns[index]))
    await alter(run, table, list, at);
}

const pathOf = ({ within, name }: AddedColumn): string => [...within, name].join('.');

/** Undefined: the table has the column; one that is added twice is told later. */
function withColumn(
  table: Table,
  list: readonly Altered[],
  { within: _none, ...column }: AddedColumn,
): readonly Altered[] | undefined {
  return has(table, column.name) ? undefined : [...list, { column, from: null }];
}

/** Undefined: the column has the field. */
function withNested(
  list: readonly Altered[],
  added: AddedColumn,
  at: string,
): readonly Altered[] | undefined {
  if (added.defaultValue !== undefined)
    throw semantic(at, `${pathOf(added)} is a field: only columns have default values`);
  const index = list.findIndex(({ column }) => column.name === added.within[0]);
  const target = list[index];
  if (!target) throw semantic(at, `column ${added.within[0]} cannot be resolved`);
  const type = withField(target.column.type, added, at);
  return type && list.with(index, { ...target, column: { ...target.column, type } });
}

export async function dropColumns(
  run: Run,
  table: Table,
  change: Of<'drop_columns'>,
  at: string,
): Promise<void> {
  for (const name of change.names) checkChangeable(table, columnOf(table, name, at), at);
  const left = kept(table).filter(({ from }) => !change.names.includes(from));
  if (!left.length) throw semantic(at, 'a table needs at least one column');
  await alter(run, table, left, at);
}

export async function changeColumn(run: Run, table: Table, change: ChangeColumn, at: string): Promise<void> {
  const column = columnOf(table, change.from, at);
  const isLevel = table.tablePartitionColumns.includes(column);
  const renamed = change.to !== undefined && change.to !== column.name;
  const retyped = change.type !== undefined && typeText(change.type) !== typeText(column.type);
  const moved = change.after !== undefined;
  if (change.nullable === false && column.nullable) {
    throw semantic(at, `column ${column.name} cannot become NOT NULL`);
  }
  if (!renamed && !retyped && !moved) return describeColumn(run, table, column, change);
  if (isLevel) throw semantic(at, `${column.name} is a partition column: only its comment can be changed`);
  checkChangeable(table, column, at);
  if (renamed && has(table, change.to)) throw semantic(at, `column ${change.to} exists already`);
  if (retyped) checkRetype(column, change.type, at);
  const list = kept(table).map((one) =>
    one.from === column.name ? { ...one, column: changed(column, change) } : one,
  );
  await alter(run, table, moved ? reordered(list, column.name, change.after, at) : list, at);
}

const kept = (table: Table) => table.columns.map((column) => ({ column, from: column.name }));

const changed = (
  column: ColumnDefinition,
  { to, type, comment, nullable }: ChangeColumn,
): ColumnDefinition => ({
  ...column,
  name: to ?? column.name,
  type: type ?? column.type,
  comment: comment ?? column.comment,
  nullable: nullable ?? column.nullable,
});

/** Comment and nullability do not change the rows: sessions that are open go on. */
async function describeColumn(
  run: Run,
  table: Table,
  column: ColumnDefinition,
  change: ChangeColumn,
): Promise<void> {
  const { comment, nullable } = column;
  const { ddlAt } = table;
  Object.assign(column, { comment: change.comment ?? comment, nullable: change.nullable ?? nullable });
  table.ddlAt = run.core.now();
  try {
    await run.core.store.saveTable(table);
  } catch (error) {
    Object.assign(column, { comment, nullable });
    table.ddlAt = ddlAt;
    throw error;
  }
}

function columnOf(table: Table, name: string, at: string): ColumnDefinition {
  const column = [...table.columns, ...table.tablePartitionColumns].find((one) => one.name === name);
  if (!column) throw semantic(at, `column ${name} cannot be resolved`);
  return column;
}

function checkChangeable(table: Table, { name }: ColumnDefinition, at: string): void {
  if (table.tablePartitionColumns.some((one) => one.name === name)) {
    throw semantic(at, `${name} is a partition column`);
  }
  if (table.primaryKey.includes(name)) throw semantic(at, `column ${name} belongs to the primary key`);
  if (table.tablePartitionColumns.some(({ generated }) => generated?.column === name))
    throw semantic(at, `the table is partitioned by column ${name}`);
  const { clustering } = table;
  const clusters = clustering && [...clustering.columns, ...clustering.sorted.map((one) => one.name)];
  if (clusters?.includes(name)) throw semantic(at, `the table is clustered by column ${name}`);
}

function checkRetype(column: ColumnDefinition, type: ColumnType, at: string): void {
  if (canWiden(column.type, type)) return;
  const texts = [column.type, type].map((one) => typeText(one).toUpperCase());
  throw semantic(at, `column ${column.name} cannot be changed from ${texts[0]} to ${texts[1]}`);
}

function reordered(list: readonly Altered[], name: string, after: string | null, at: string): Altered[] {
  const moved = list.find(({ from }) => from === name)!;
  const rest = list.filter((one) => one !== moved);
  const index = after === null ? -1 : rest.findIndex(({ from }) => from === after);
  if (after !== null && index < 0) throw semantic(at, `column ${after} cannot be resolved`);
  return [...rest.slice(0, index + 1), moved, ...rest.slice(index + 1)];
}

/** The rows stay, and sessions that are open keep the columns they began with, in the former `Table`. */
async function alter(run: Run, table: Table, altered: readonly Altered[], at: string): Promise<void> {
  const columns = altered.map(({ column }) => column);
  checkColumns([...columns, ...table.tablePartitionColumns], at);
  const after: Table = { ...table, columns, schemaVersion: table.schemaVersion + 1, ddlAt: run.core.now() };
  await run.core.store.alterColumns(
    after,
    altered.map(({ from }) => from),
  );
  run.core.catalog.add(after);
}

const has = ({ columns, tablePartitionColumns }: Table, name: string): boolean =>
  [...columns, ...tablePartitionColumns].some((column) => column.name === name);
