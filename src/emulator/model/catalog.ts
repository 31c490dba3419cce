import { ascending } from '../order.ts';
import { TablePartitions } from './table-partitions.ts';
import type { ColumnType } from './types.ts';

export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  comment: string;
  nullable: boolean;
  /** Text of the DEFAULT expression, in MaxCompute's dialect. */
  readonly defaultValue?: string;
  /** Of the table partition column of AUTO PARTITIONED BY: the time in the row that its values are made of. */
  readonly generated?: Generated;
}

const GENERATED_UNITS = ['year', 'month', 'day', 'hour'] as const;
export type GeneratedUnit = (typeof GENERATED_UNITS)[number];

export const isGeneratedUnit = (text: string): text is GeneratedUnit =>
  (GENERATED_UNITS as readonly string[]).includes(text);

/** `TRUNC_TIME(column, 'unit')`. */
export interface Generated {
  readonly column: string;
  readonly unit: GeneratedUnit;
}

/** CLUSTERED BY: kept and shown, without effect on where rows are. */
export interface Clustering {
  readonly kind: 'hash' | 'range';
  readonly columns: readonly string[];
  readonly sorted: readonly { readonly name: string; readonly descending: boolean }[];
  /** 0: not given (only RANGE allows that). */
  readonly buckets: number;
}

/** What an external table says of its files: kept and shown, never read. */
export interface ExternalStorage {
  readonly location: string;
  readonly storedAs?: string;
  readonly handler?: string;
  readonly serde?: string;
  readonly serdeProperties?: Readonly<Record<string, string>>;
  readonly resources?: string;
}

export type Properties = Readonly<Record<string, string>>;

export interface TableDefinition {
  readonly columns: readonly ColumnDefinition[];
  readonly tablePartitionColumns: readonly ColumnDefinition[];
  readonly comment: string;
  /** Days; -1: none. */
  readonly lifecycle: number;
  readonly primaryKey: readonly string[];
  /** TBLPROPERTIES as written, keys in lower case. */
  readonly properties: Properties;
  readonly clustering?: Clustering | undefined;
  /** Of an external table. */
  readonly external?: ExternalStorage | undefined;
}

/** A table name of one to three parts, as written. */
export type NameParts = readonly string[];

export type TableKind = 'MANAGED_TABLE' | 'EXTERNAL_TABLE' | 'VIRTUAL_VIEW';

/**
 * One table or view. A change of its columns makes another object (sessions see it by that); everything
 * else changes in place.
 */
export interface Table {
  readonly id: string;
  readonly schema: string;
  name: string;
  owner: string;
  readonly kind: TableKind;
  readonly columns: readonly ColumnDefinition[];
  readonly tablePartitionColumns: readonly ColumnDefinition[];
  comment: string;
  lifecycle: number;
  readonly primaryKey: readonly string[];
  readonly transactional: boolean;
  properties: Properties;
  clustering: Clustering | undefined;
  readonly external: ExternalStorage | undefined;
  /** Grows with every change of the columns; both protocols answer it. */
  readonly schemaVersion: number;
  readonly createdAt: number;
  /** When its definition changed last, in ms. */
  ddlAt: number;
  /** Text of a view in the dialect of the store. */
  query: string;
  /** Text of a view as written. */
  viewText: string;
  readonly tablePartitions: TablePartitions;
  /** Committed rows of all table partitions, their size and when they changed last, in ms: kept by the store. */
  rows: number;
  bytes: number;
  lastModifiedAt: number;
}

/** One schema of the project: what it was made with, and when, in ms. The project is as old as `default`. */
export interface Schema {
  readonly comment: string;
  readonly createdAt: number;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface Catalog {
  /** By their names. */
  readonly schemas: Map<string, Schema>;
  /** When the project was made, in ms. */
  createdAt(): number;
  find(name: TableName): Table | undefined;
  add(table: Table): void;
  remove(table: TableName): void;
  /** After it was dropped for good. */
  forget(table: Table): void;
  /** Columns of a table at a version of its schema; undefined: this process has not seen it. */
  columnsAt(table: Table, version: number): readonly ColumnDefinition[] | undefined;
  /** Tables of one schema, or all, by name. */
  list(schema?: string): Table[];
}

export const DEFAULT_SCHEMA = 'default';
/** Everything belongs to the one account of the project. */
export const OWNER = 'ALIYUN$local';

/** `now`: the age of a project of which nothing is known yet. */
export function createCatalog(now: number): Catalog {
  const tables = new Map<string, Table>();
  const schemas = new Map<string, Schema>([[DEFAULT_SCHEMA, { comment: '', createdAt: now }]]);
  const versions = new Map<string, Map<number, readonly ColumnDefinition[]>>();
  const key = ({ schema, name }: TableName) => `${schema}.${name}`.toLowerCase();
  return {
    schemas,
    createdAt: () => schemas.get(DEFAULT_SCHEMA)!.createdAt,
    find: (name) => tables.get(key(name)),
    add: (table) => {
      tables.set(key(table), table);
      const { schema, createdAt } = table;
      if (!schemas.has(schema)) schemas.set(schema, { comment: '', createdAt });
      const known = versions.get(table.id) ?? new Map();
      versions.set(table.id, known.set(table.schemaVersion, table.columns));
    },
    columnsAt: (table, version) => versions.get(table.id)?.get(version),
    // The versions stay: a table that is renamed leaves its name and keeps them.
    remove: (name) => void tables.delete(key(name)),
    forget: ({ id }) => void versions.delete(id),
    list: (schema) =>
      [...tables.values()]
        .filter((table) => schema === undefined || table.schema === schema)
        .sort((a, b) => ascending(a.name, b.name)),
  };
}

export interface ViewTexts {
  readonly query: string;
  readonly viewText: string;
}

export function newTable(
  name: TableName,
  definition: TableDefinition,
  now: number,
  id: string,
  view?: ViewTexts,
): Table {
  const { columns, tablePartitionColumns, comment, lifecycle, primaryKey, properties, clustering, external } =
    definition;
  return {
    owner: OWNER,
    schemaVersion: 1,
    id,
    schema: name.schema.toLowerCase(),
    name: name.name.toLowerCase(),
    kind: view !== undefined ? 'VIRTUAL_VIEW' : external ? 'EXTERNAL_TABLE' : 'MANAGED_TABLE',
    columns,
    tablePartitionColumns,
    comment,
    lifecycle,
    primaryKey,
    properties,
    clustering,
    external,
    transactional: properties.transactional?.toLowerCase() === 'true',
    createdAt: now,
    ddlAt: now,
    query: view?.query ?? '',
    viewText: view?.viewText ?? '',
    tablePartitions: new TablePartitions(),
    rows: 0,
    bytes: 0,
    lastModifiedAt: now,
  };
}

/** Schema and table of a name with one to three parts; undefined when it names another project. */
export function resolveName(
  parts: NameParts,
  project: string,
  schema: string,
  isSchema: (name: string) => boolean = () => false,
): TableName | undefined {
  const same = parts.length > 1 && parts[0]!.toLowerCase() === project.toLowerCase();
  // `p.t` is the table t of schema p when there is such a schema.
  const own = same && !(parts.length === 2 && isSchema(parts[0]!.toLowerCase()));
  const rest = own ? parts.slice(1) : parts;
  if (rest.length === 1) return { schema, name: rest[0]! };
  return rest.length === 2 ? { schema: rest[0]!.toLowerCase(), name: rest[1]! } : undefined;
}
