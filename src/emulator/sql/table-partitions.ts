import type { Core } from '../core.ts';
import { Refusal } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { quotedSpec, specValues } from '../model/spec.ts';
import {
  isStorable,
  newTablePartition,
  type TablePartition,
  VALUE_LENGTH,
} from '../model/table-partitions.ts';
import { isIntegerType } from '../model/types.ts';
import type { Run } from './run.ts';
import { ddlFailed, noSuchTablePartition, semantic, wrongTablePartition } from './statement-errors.ts';
import type { Alteration, Comparison, Filter, FilterAt, Spec } from './statements.ts';
import { isLike } from './wildcards.ts';

type Of<Kind extends Alteration['do']> = Extract<Alteration, { do: Kind }>;

/** Table partitions that a table may have. */
export const MOST = 60_000;

/** Values of the table partition columns in their order; throws what the statement gets for wrong ones. */
export function valuesOf(table: Table, { at, values }: Spec): string[] {
  checkHasLevels(table, at);
  try {
    const given = new Map([...values].map(([name, value]) => [name, value ?? '']));
    return specValues(table, given).map((value, index) => checkedValue(table, index, value));
  } catch (error) {
    if (error instanceof Refusal) throw semantic(at, error.message);
    throw error;
  }
}

export function checkHasLevels(table: Table, at: string): void {
  if (!table.tablePartitionColumns.length)
    throw semantic(at, `table ${table.name} is not a partitioned table`);
}

function checkedValue(table: Table, index: number, value: string): string {
  if (isStorable(value)) return value;
  const { name } = table.tablePartitionColumns[index]!;
  throw wrongTablePartition(`invalid partition value: ${name}=${value.slice(0, VALUE_LENGTH)}`);
}

export async function addTablePartitions(
  run: Run,
  table: Table,
  change: Of<'add_table_partitions'>,
): Promise<void> {
  const all = change.specs.map((spec) => valuesOf(table, spec));
  if (!change.ifNotExists) {
    const known = all.find((values) => table.tablePartitions.has(values));
    if (known) throw repeatedTablePartition(known);
  }
  for (const values of all) {
    if (!table.tablePartitions.has(values)) await addTablePartition(run.core, table, values);
  }
}

const repeatedTablePartition = (values: readonly string[]): Error =>
  ddlFailed(
    `AlreadyExistsException(message:Partition already exists, existed values: ${JSON.stringify(values)})`,
  );

/** Adds a table partition, unless it cannot be stored. */
export async function addTablePartition(core: Core, table: Table, values: readonly string[]): Promise<void> {
  if (table.tablePartitions.size >= MOST) throw wrongTablePartition(`maximum ${MOST} partitions allowed`);
  const added = newTablePartition(values, core.now());
  // Known before it is stored: of two who add it at once, the second finds it.
  table.tablePartitions.add(added);
  try {
    await core.store.addTablePartition(table, values);
  } catch (error) {
    if (table.tablePartitions.get(values) === added) table.tablePartitions.delete(values);
    throw error;
  }
}

export async function dropTablePartitions(
  run: Run,
  table: Table,
  change: Of<'drop_table_partitions'>,
): Promise<void> {
  for (const { values } of found(table, change.filters, change.ifExists)) {
    await run.core.store.dropTablePartition(table, values);
    table.tablePartitions.delete(values);
  }
}

/** What the conditions together mean; each must find something unless `ifExists`. */
export function found(table: Table, filters: readonly FilterAt[], ifExists: boolean): TablePartition[] {
  const none = filters.find((filter) => !matching(table, [filter]).length);
  if (none && !ifExists) throw noSuchTablePartition(`${table.name}: ${filterText(none.filter)}`);
  return matching(table, filters);
}

/** Switches the lifecycle of one table partition. */
export async function switchLifecycleOf(
  { core }: Run,
  table: Table,
  spec: Spec,
  enabled: boolean,
): Promise<void> {
  const values = valuesOf(table, spec);
  if (!table.tablePartitions.has(values)) throw noSuchTablePartition(quotedSpec(table, values));
  await core.store.switchLifecycle(table, values, enabled);
}

export async function renameTablePartition(
  run: Run,
  table: Table,
  change: Of<'rename_table_partition'>,
): Promise<void> {
  const from = valuesOf(table, change.from);
  const to = valuesOf(table, change.to);
  const former = table.tablePartitions.get(from);
  if (!former) throw noSuchTablePartition(quotedSpec(table, from));
  if (table.tablePartitions.has(to)) throw repeatedTablePartition(to);
  await run.core.store.moveTablePartitions(table, [from], to);
}

export async function mergeTablePartitions(
  run: Run,
  table: Table,
  change: Of<'merge_table_partitions'>,
): Promise<void> {
  const to = valuesOf(table, change.to);
  const from = found(table, change.from, change.ifExists);
  if (!from.length) return;
  await run.core.store.moveTablePartitions(
    table,
    from.map(({ values }) => values),
    to,
  );
}

/** Table partitions for which one of the conditions holds, in order of their names. */
export function matching(table: Table, filters: readonly FilterAt[]): TablePartition[] {
  for (const { at, filter } of filters) checkFilter(table, filter, at);
  return table.tablePartitions
    .sorted()
    .filter(({ values }) => filters.some(({ filter }) => holds(table, filter, values)));
}

function checkFilter(table: Table, filter: Filter, at: string): void {
  checkHasLevels(table, at);
  if (filter.op === 'not' || filter.op === 'and' || filter.op === 'or') {
    const parts = filter.op === 'not' ? [filter.part] : filter.parts;
    for (const part of parts) checkFilter(table, part, at);
    return;
  }
  if (table.tablePartitionColumns.some(({ name }) => name === filter.column)) return;
  const rule = 'partition expression must have one and only one column reference';
  throw semantic(at, `invalid column reference ${filter.column}, ${rule}`);
}

function holds(table: Table, filter: Filter, values: readonly string[]): boolean {
  if (filter.op === 'and') return filter.parts.every((part) => holds(table, part, values));
  if (filter.op === 'or') return filter.parts.some((part) => holds(table, part, values));
  if (filter.op === 'not') return !holds(table, filter.part, values);
  return compares(table, filter, values);
}

function compares(table: Table, filter: Comparison, values: readonly string[]): boolean {
  const index = table.tablePartitionColumns.findIndex(({ name }) => name === filter.column);
  const value = values[index]!;
  if (filter.op === 'like') return isLike(value, filter.values[0]!, '%', '_');
  const column = table.tablePartitionColumns[index]!;
  const signs = filter.values.map((wanted) => compare(value, wanted, isIntegerType(column.type)));
  return filter.op === 'in' ? signs.includes(0) : TESTS[filter.op](signs[0]!);
}

const TESTS: Record<'=' | '<>' | '<' | '<=' | '>' | '>=', (sign: number) => boolean> = {
  '=': (sign) => sign === 0,
  '<>': (sign) => sign !== 0,
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
};

function compare(value: string, wanted: string, numbers: boolean): number {
  if (numbers) return Math.sign(Number(value) - Number(wanted));
  return value === wanted ? 0 : value < wanted ? -1 : 1;
}

function filterText(filter: Filter): string {
  if (filter.op === 'not') return `not (${filterText(filter.part)})`;
  if (filter.op === 'and') return filter.parts.map(filterText).join(',');
  if (filter.op === 'or') return filter.parts.map((part) => `(${filterText(part)})`).join(' or ');
  const values = filter.values.map((value) => `'${value}'`).join(', ');
  return filter.op === 'in' ? `${filter.column} in (${values})` : `${filter.column}${filter.op}${values}`;
}
