import type { Core } from '../core.ts';
import { Refusal } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { canonicalValue, quotedSpec, specValues } from '../model/spec.ts';
import {
  inOrder,
  isStorable,
  newTablePartition,
  type TablePartition,
  VALUE_LENGTH,
  valuesKey,
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
  const known = all.find((values) => table.tablePartitions.has(values));
  if (known && !change.ifNotExists) throw repeatedTablePartition(known);
  await addMissing(run.core, table, all);
}

const repeatedTablePartition = (values: readonly string[]): Error =>
  ddlFailed(
    `AlreadyExistsException(message:Partition already exists, existed values: ${JSON.stringify(values)})`,
  );

/** Adds those of some table partitions that are not there: all, or none when they cannot be stored. */
export async function addMissing(
  core: Core,
  table: Table,
  each: readonly (readonly string[])[],
): Promise<void> {
  const { tablePartitions } = table;
  const missing = each.filter((values) => !tablePartitions.has(values));
  const at = core.now();
  // The same may be named twice.
  const added = [
    ...new Map(missing.map((values) => [valuesKey(values), newTablePartition(values, at)])).values(),
  ];
  if (!added.length) return;
  if (tablePartitions.size + added.length > MOST)
    throw wrongTablePartition(`maximum ${MOST} partitions allowed`);
  // Known before they are stored: of two who add one at once, the second finds it.
  for (const one of added) tablePartitions.add(one);
  try {
    await core.store.addTablePartitions(
      table,
      added.map(({ values }) => values),
      at,
    );
  } catch (error) {
    for (const one of added) if (tablePartitions.get(one.values) === one) tablePartitions.delete(one.values);
    throw error;
  }
}

export async function dropTablePartitions(
  run: Run,
  table: Table,
  change: Of<'drop_table_partitions'>,
): Promise<void> {
  const each = found(table, change.filters, change.ifExists).map(({ values }) => values);
  if (each.length) await run.core.store.dropTablePartitions(table, each);
}

/** What the conditions together mean; each must find something unless `ifExists`. */
export function found(table: Table, filters: readonly FilterAt[], ifExists: boolean): TablePartition[] {
  const each = filters.map((filter) => ({ filter, meant: meant(table, filter) }));
  const none = each.find((one) => !one.meant.length);
  if (none && !ifExists) throw noSuchTablePartition(`${table.name}: ${filterText(none.filter.filter)}`);
  return inOrder(each.flatMap((one) => one.meant));
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
export const matching = (table: Table, filters: readonly FilterAt[]): TablePartition[] =>
  inOrder(filters.flatMap((filter) => meant(table, filter)));

/** One that is named by all its values is looked up: a statement may name thousands. */
function meant(table: Table, { at, filter }: FilterAt): TablePartition[] {
  checkFilter(table, filter, at);
  const values = namedValues(table, filter);
  if (!values) return table.tablePartitions.all().filter((one) => holds(table, filter, one.values));
  const known = table.tablePartitions.get(values);
  return known ? [known] : [];
}

/** Values in the order of their columns of a condition that is `=` for each of them; undefined for any other. */
function namedValues(table: Table, filter: Filter): string[] | undefined {
  const tests = filter.op === 'and' ? filter.parts : [filter];
  const columns = table.tablePartitionColumns;
  const values = columns.flatMap((column) => {
    const [test, ...more] = tests.filter((one) => one.op === '=' && one.column === column.name);
    if (test?.op !== '=' || more.length) return [];
    const value = test.values[0]!;
    if (!isIntegerType(column.type)) return [value];
    return /^-?\d{1,15}$/.test(value) ? [canonicalValue(column, value)] : [];
  });
  return tests.length === columns.length && values.length === columns.length ? values : undefined;
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
