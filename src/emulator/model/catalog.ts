import { Refusal } from '../errors.ts';
import type { ColumnType } from './types.ts';

export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  readonly comment: string;
  readonly nullable: boolean;
}

export interface TableDefinition {
  readonly columns: readonly ColumnDefinition[];
  readonly tablePartitionColumns: readonly ColumnDefinition[];
  readonly comment: string;
  readonly lifecycle: number;
  readonly primaryKey: readonly string[];
  readonly transactional: boolean;
  /** TBLPROPERTIES, keys in lower case. */
  readonly properties: Readonly<Record<string, string>>;
  readonly external: boolean;
}

/** A table name of one to three parts, as written. */
export type NameParts = readonly string[];
/** Values of one table partition by column name, lower case. */
export type SpecMap = ReadonlyMap<string, string>;

/** What the emulator knows of tables: names, columns, table partitions and row counts. */
export interface TablePartition {
  /** Values in the order of the table partition columns. */
  readonly values: readonly string[];
  readonly createdAt: number;
  /** Kept by the store, as those of the table are. */
  rows: number;
  bytes: number;
  /** Of its rows, in ms. */
  lastModifiedAt: number;
}

export type TableKind = 'MANAGED_TABLE' | 'EXTERNAL_TABLE' | 'VIRTUAL_VIEW';

export interface Table {
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: TableKind;
  readonly columns: readonly ColumnDefinition[];
  readonly tablePartitionColumns: readonly ColumnDefinition[];
  readonly comment: string;
  readonly lifecycle: number;
  readonly primaryKey: readonly string[];
  readonly transactional: boolean;
  /** TBLPROPERTIES, keys in lower case. */
  readonly properties: Readonly<Record<string, string>>;
  /** Grows with every change of the columns. */
  readonly schemaVersion: number;
  readonly createdAt: number;
  /** Text of a view. */
  readonly query: string;
  /** By `specText`. */
  readonly tablePartitions: Map<string, TablePartition>;
  /** Committed rows of all table partitions, their size and when they changed last, in ms: kept by the store. */
  rows: number;
  bytes: number;
  lastModifiedAt: number;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface Catalog {
  readonly schemas: Set<string>;
  find(name: TableName): Table | undefined;
  add(table: Table): void;
  remove(table: Table): void;
  /** Columns of a table at a version of its schema; undefined: this process has not seen it. */
  columnsAt(table: Table, version: number): readonly ColumnDefinition[] | undefined;
  /** Tables of one schema, or all, by name. */
  list(schema?: string): Table[];
}

const DEFAULT_SCHEMA = 'default';

export function createCatalog(): Catalog {
  const tables = new Map<string, Table>();
  const schemas = new Set([DEFAULT_SCHEMA]);
  const versions = new Map<string, Map<number, readonly ColumnDefinition[]>>();
  const key = ({ schema, name }: TableName) => `${schema}.${name}`.toLowerCase();
  return {
    schemas,
    find: (name) => tables.get(key(name)),
    add: (table) => {
      tables.set(key(table), table);
      schemas.add(table.schema);
      const known = versions.get(table.id) ?? new Map();
      versions.set(table.id, known.set(table.schemaVersion, table.columns));
    },
    columnsAt: (table, version) => versions.get(table.id)?.get(version),
    remove: (table) => {
      tables.delete(key(table));
      versions.delete(table.id);
    },
    list: (schema) =>
      [...tables.values()]
        .filter((table) => schema === undefined || table.schema === schema)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

export function newTable(
  name: TableName,
  definition: TableDefinition,
  now: number,
  id: string,
  view?: string,
): Table {
  const { columns, tablePartitionColumns, comment, lifecycle, primaryKey, transactional, external } =
    definition;
  return {
    id,
    schema: name.schema.toLowerCase(),
    name: name.name.toLowerCase(),
    kind: view !== undefined ? 'VIRTUAL_VIEW' : external ? 'EXTERNAL_TABLE' : 'MANAGED_TABLE',
    ...{ columns, tablePartitionColumns, comment, lifecycle, primaryKey, transactional },
    ...{ properties: definition.properties, schemaVersion: 1 },
    createdAt: now,
    query: view ?? '',
    tablePartitions: new Map(),
    ...{ rows: 0, bytes: 0, lastModifiedAt: now },
  };
}

/** A table partition without rows. */
export function newTablePartition(values: readonly string[], now: number): TablePartition {
  return { values, createdAt: now, rows: 0, bytes: 0, lastModifiedAt: now };
}

/** Schema and table of a name with one to three parts; undefined when it names another project. */
export function resolveName(parts: NameParts, project: string, schema: string): TableName | undefined {
  const own = parts.length > 1 && parts[0]!.toLowerCase() === project.toLowerCase();
  const rest = own ? parts.slice(1) : parts;
  if (rest.length === 1) return { schema, name: rest[0]! };
  return rest.length === 2 ? { schema: rest[0]!.toLowerCase(), name: rest[1]! } : undefined;
}

/** `pt=a,h=1`: how table partitions are named in tunnel calls and statistics. */
export function specText(table: Table, values: readonly string[]): string {
  return table.tablePartitionColumns.map((column, index) => `${column.name}=${values[index]}`).join(',');
}

/** `pt='a',h='1'`: how service answers name them. */
export function quotedSpec(table: Table, values: readonly string[]): string {
  return table.tablePartitionColumns.map((column, index) => `${column.name}='${values[index]}'`).join(',');
}

/** Parses `pt=a,h='1'`, with quotes around values or without. */
export function parseSpec(text: string): SpecMap {
  const spec = new Map<string, string>();
  for (const part of text.split(',')) {
    const split = part.indexOf('=');
    if (split < 1) throw invalidSpec(`"${text}" is no list of name=value`);
    const name = part.slice(0, split).trim().toLowerCase();
    if (spec.has(name)) throw invalidSpec(`"${text}" names ${name} twice`);
    spec.set(name, part.slice(split + 1).replace(/^\s*['"]?|['"]?\s*$/g, ''));
  }
  return spec;
}

/** Values in declared order; refuses missing, unknown and empty ones (InvalidPartitionSpec). */
export function specValues(table: Table, spec: SpecMap): string[] {
  const names = table.tablePartitionColumns.map((column) => column.name);
  const unknown = [...spec.keys()].filter((name) => !names.includes(name));
  if (unknown.length)
    throw invalidSpec(`table ${table.name} has no table partition column ${unknown.join(', ')}`);
  return table.tablePartitionColumns.map((column) => {
    const value = spec.get(column.name);
    if (!value) throw invalidSpec(`there is no value for table partition column ${column.name}`);
    return canonicalValue(column, value);
  });
}

/** `01` and `1` are one value of a number column, two of a STRING column. */
function canonicalValue({ name, type }: ColumnDefinition, value: string): string {
  if (!['TINYINT', 'SMALLINT', 'INT', 'BIGINT'].includes(type.name)) return value;
  if (!/^-?\d+$/.test(value)) throw invalidSpec(`${name}='${value}' is no ${type.name}`);
  return String(BigInt(value));
}

const invalidSpec = (text: string): Refusal =>
  new Refusal(400, 'InvalidPartitionSpec', `The partition specification is invalid: ${text}.`);
