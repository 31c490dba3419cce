import { Refusal } from '../errors.ts';
import type { ColumnDefinition, Table } from './catalog.ts';
import type { TablePartition } from './table-partitions.ts';
import { isIntegerType } from './types.ts';

/** Values of one table partition, or of some of its columns, by column name in lower case. */
export type SpecMap = ReadonlyMap<string, string>;

/** `pt=a,h=1`: a table partition for people, in errors and statistics; what would read as another is `pt="a,h=1"`. */
export function specText(table: Table, values: readonly string[]): string {
  return namedValues(table, values, (value) => (PLAIN.test(value) ? value : JSON.stringify(value)));
}

/** Nothing that ends a value, or could be taken for its quotes. */
const PLAIN = /^[^\s,='"\\](?:[^,='"\\]*[^\s,='"\\])?$/;

/** `pt='a',h='1'`: how service answers name them. */
export function quotedSpec(table: Table, values: readonly string[]): string {
  return namedValues(table, values, (value) => `'${value}'`);
}

const namedValues = (table: Table, values: readonly string[], shown: (value: string) => string): string =>
  table.tablePartitionColumns.map(({ name }, index) => `${name}=${shown(values[index]!)}`).join(',');

/**
 * Reads `pt=a,h='1'`, in which the service escapes nothing: a value in quotes ends at a quote behind which the text
 * ends or the next name follows, another one at the next comma; each is taken as it stands, blanks too. A value that
 * could be read in two ways makes a name come twice, which is refused (InvalidPartitionSpec).
 */
export function parseSpec(text: string): SpecMap {
  const spec = new Map<string, string>();
  for (let at = 0; at <= text.length; ) {
    const split = text.indexOf('=', at);
    const name = text.slice(at, Math.max(at, split)).trim().toLowerCase();
    if (!name || name.includes(',')) throw invalidSpec(`"${text}" is no list of name=value`);
    if (spec.has(name)) throw invalidSpec(`"${text}" names ${name} twice`);
    const { value, end } = quotedValue(text, split + 1) ?? bareValue(text, split + 1);
    spec.set(name, value);
    at = end + 1;
  }
  return spec;
}

interface SpecValue {
  readonly value: string;
  /** Of the comma behind it, or of the text. */
  readonly end: number;
}

function bareValue(text: string, from: number): SpecValue {
  const comma = text.indexOf(',', from);
  const end = comma < 0 ? text.length : comma;
  return { value: text.slice(from, end), end };
}

const QUOTED = /\s*(['"])/y;
/** Where a value in quotes may end: further quotes may be part of it. */
const CLOSING = /(['"])\s*(?:$|(?=,[^=,'"]+=))/g;

function quotedValue(text: string, from: number): SpecValue | undefined {
  QUOTED.lastIndex = from;
  const quote = QUOTED.exec(text)?.[1];
  if (quote === undefined) return undefined;
  const start = QUOTED.lastIndex;
  // From the opening quote on: one that could close a value itself belongs to the value before.
  CLOSING.lastIndex = start - 1;
  const closing = CLOSING.exec(text);
  if (closing?.[1] !== quote || closing.index < start)
    throw invalidSpec(`"${text}" has a quote that is not closed`);
  return { value: text.slice(start, closing.index), end: CLOSING.lastIndex };
}

/** Values in declared order; refuses missing, unknown and empty ones (InvalidPartitionSpec). */
export function specValues(table: Table, spec: SpecMap): string[] {
  checkNames(table, spec);
  return table.tablePartitionColumns.map((column) => {
    const value = spec.get(column.name);
    if (!value) throw invalidSpec(`there is no value for table partition column ${column.name}`);
    return canonicalValue(column, value);
  });
}

/** Whether a table partition has the values of a spec that gives some of them; refuses unknown columns. */
export function specTest(table: Table, spec: SpecMap): (one: TablePartition) => boolean {
  checkNames(table, spec);
  const wanted = table.tablePartitionColumns.map((column) => {
    const value = spec.get(column.name);
    return value === undefined ? undefined : canonicalValue(column, value);
  });
  return ({ values }) => wanted.every((value, at) => value === undefined || value === values[at]);
}

function checkNames(table: Table, spec: SpecMap): void {
  const names = table.tablePartitionColumns.map((column) => column.name);
  const unknown = [...spec.keys()].filter((name) => !names.includes(name));
  if (unknown.length)
    throw invalidSpec(`table ${table.name} has no table partition column ${unknown.join(', ')}`);
}

/** `01` and `1` are one value of a number column, two of a STRING column. */
export function canonicalValue({ name, type }: ColumnDefinition, value: string): string {
  if (!isIntegerType(type)) return value;
  if (!/^-?\d+$/.test(value)) throw invalidSpec(`${name}='${value}' is no ${type.name}`);
  return String(BigInt(value));
}

const invalidSpec = (text: string): Refusal =>
  new Refusal(400, 'InvalidPartitionSpec', `The partition specification is invalid: ${text}.`);
