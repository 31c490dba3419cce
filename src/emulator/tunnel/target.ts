import { type Call, type Core, tableOf } from '../core.ts';
import { Refusal } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { type Destination, noSuchTablePartition } from '../model/destination.ts';
import { parseSpec, specText, specValues } from '../model/spec.ts';
import { isStorable, sameValues, VALUE_LENGTH } from '../model/table-partitions.ts';
import { addMissing } from '../sql/table-partitions.ts';

/** The table of an upload, stream or upsert; a view and an external table take none (protocol 4.1). */
export function writableTable(core: Core, call: Call, name: string, schema?: string): Table {
  const table = tableOf(core, call, name, schema);
  if (table.kind === 'MANAGED_TABLE') return table;
  throw new Refusal(400, 'MethodNotAllowed', `Table ${table.name} is a ${table.kind}: it takes no upload.`);
}

/** Values of the table partition that a call names: all columns of one, none for a table without (protocol 4.1). */
export function namedValues(table: Table, call: Call): string[] {
  const text = call.query.get('partition');
  const names = table.tablePartitionColumns.map((column) => column.name).join(', ');
  if (!names && text)
    throw new Refusal(400, 'InvalidPartitionSpec', `Table ${table.name} is not partitioned.`);
  if (!names) return [];
  if (text) return specValues(table, parseSpec(text));
  const wanted = `Table ${table.name} is partitioned by ${names}: name all of them.`;
  throw new Refusal(400, 'MissingPartitionSpec', wanted);
}

/** Refuses a table partition that is not there; with `create` it is made. */
export async function needTablePartition(core: Core, { table, values }: Destination, create: boolean) {
  if (!values.length || table.tablePartitions.has(values)) return;
  if (!create) throw noSuchTablePartition(table, values);
  values.forEach(checkStorable);
  await addMissing(core, table, [values]);
}

/** What a statement could not create either. */
function checkStorable(value: string): void {
  if (isStorable(value)) return;
  const text = `A table partition's value has up to ${VALUE_LENGTH} bytes and no control characters: ${value.slice(0, VALUE_LENGTH)}`;
  throw new Refusal(400, 'InvalidPartitionSpec', text);
}

/** The table partition that a call names; undefined: it names none. */
export const givenValues = (table: Table, call: Call): string[] | undefined =>
  call.query.get('partition') ? namedValues(table, call) : undefined;

/** Refuses the call of a session that was made for another table or table partition; undefined: any of its own. */
export function checkDestination(
  kind: string,
  id: string,
  own: Destination,
  table: Table,
  values: readonly string[] | undefined,
): void {
  if (own.table.id === table.id && (!values || sameValues(values, own.values))) return;
  const wanted = specText(own.table, own.values);
  const text = `${kind} ${id} was created for table ${own.table.name}${wanted && ` partition ${wanted}`}.`;
  throw new Refusal(400, 'InvalidResourceSpec', text);
}

/** A whole number parameter within a range; undefined when it is not given. */
export function numberParameter(call: Call, name: string, least: number, most: number): number | undefined {
  const text = call.query.get(name);
  if (text === undefined || text === '') return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  if (value >= least && value <= most) return value;
  throw new Refusal(400, 'InvalidArgument', `${name}=${text} is no whole number from ${least} to ${most}.`);
}

/** The quota that a session was asked for: its answers repeat it. */
export const quotaOf = (call: Call): string => call.query.get('quotaName') || 'default';
