import { Refusal } from '../errors.ts';
import type { ColumnDefinition, Table } from './catalog.ts';
import { specText } from './spec.ts';
import { typeText } from './types.ts';

/** Where the rows of a session go. */
export interface Destination {
  readonly table: Table;
  /** Values of the table partition; empty for a table without. */
  readonly values: readonly string[];
}

/**
 * Refuses rows for a table whose columns are no longer those of `table`, or that lost the table partition:
 * SchemaModified, NoSuchPartition. `what` was begun before the change.
 */
export function checkUnchanged(current: Table, { table, values }: Destination, what: string): void {
  if (!sameColumns(table.columns, current.columns)) throw schemaModified(current, what);
  if (values.length && !current.tablePartitions.has(values)) {
    throw noSuchTablePartition(current, values);
  }
}

/** Whether rows written for the one fit the other: names and types in their order. */
export function sameColumns(a: readonly ColumnDefinition[], b: readonly ColumnDefinition[]): boolean {
  if (a === b) return true;
  const same = (one: ColumnDefinition, other: ColumnDefinition | undefined) =>
    one.name === other?.name && typeText(one.type) === typeText(other.type);
  return a.length === b.length && a.every((column, index) => same(column, b[index]));
}

/** Protocol 10.2: a session keeps the columns that it began with. */
export function schemaModified(table: Table, what: string): Refusal {
  const text = `The columns of table ${table.name} have changed since ${what} began.`;
  return new Refusal(412, 'SchemaModified', text, {
    'odps-tunnel-latest-schema-version': String(table.schemaVersion),
  });
}

export function noSuchTablePartition(table: Table, values: readonly string[]): Refusal {
  const spec = specText(table, values);
  const text = `The specified partition ${spec} of table ${table.name} does not exist.`;
  return new Refusal(404, 'NoSuchPartition', text);
}
