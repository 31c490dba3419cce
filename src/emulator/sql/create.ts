import { randomUUID } from 'node:crypto';
import type { Core } from '../core.ts';
import { newTable, type Table, type TableDefinition, type TableName } from '../model/catalog.ts';
import { checkDefinition } from './create-checks.ts';
import { fill } from './insert.ts';
import { nameOf, tableNamed } from './names.ts';
import type { Run } from './run.ts';
import { queryColumns } from './run-query.ts';
import { alreadyExists, fullName, semantic } from './statement-errors.ts';
import type { CreateTable, IfPresent, NameRef } from './statements.ts';

export async function createTable(run: Run, statement: CreateTable): Promise<void> {
  const { core } = run;
  const name = nameOf(run, statement.name);
  if (statement.ifPresent === 'keep' && core.catalog.find(name)) return;
  const definition = await definitionOf(run, statement);
  checkDefinition(name, definition, statement.name.at);
  const room = await roomFor(core, statement.name, name, statement.ifPresent, false);
  if (!room) return;
  const table = newTable(name, keyed(definition), core.now(), newId());
  await addTable(core, table, statement.name, room.former);
  if (!statement.as) return;
  try {
    await fill(run, table, statement.as);
  } catch (error) {
    await forgetTable(core, table);
    throw error;
  }
}

/** What a new table or view replaces, if anything; undefined when what is there stays. */
export async function roomFor(
  core: Core,
  ref: NameRef,
  name: TableName,
  ifPresent: IfPresent,
  view: boolean,
): Promise<{ readonly former?: Table } | undefined> {
  const former = core.catalog.find(name);
  if (!former) {
    await createSchema(core, name.schema);
    return {};
  }
  if (ifPresent === 'keep') return undefined;
  const same = (former.kind === 'VIRTUAL_VIEW') === view;
  if (ifPresent === 'fail' || !same) throw alreadyExists(ref.at, fullName(core.project, name));
  return { former };
}

export const newId = (): string => randomUUID().replaceAll('-', '');

async function definitionOf(
  run: Run,
  { table, like, as, name, ifPresent }: CreateTable,
): Promise<TableDefinition> {
  if ((as || like) && ifPresent === 'replace') {
    throw semantic(name.at, 'CREATE OR REPLACE TABLE cannot be combined with AS or LIKE');
  }
  if (as) {
    if (table.tablePartitionColumns.length)
      throw semantic(name.at, 'CREATE TABLE AS takes no PARTITIONED BY');
    return { ...table, columns: queryColumns(run, as) };
  }
  return like ? likeDefinition(tableNamed(run, like), table) : table;
}

/** The columns and the comment of another table; not its lifecycle, as the service has it. */
function likeDefinition(other: Table, own: TableDefinition): TableDefinition {
  const { columns, tablePartitionColumns, primaryKey, clustering } = other;
  const copy = (list: typeof columns) => list.map((column) => ({ ...column }));
  return {
    columns: copy(columns),
    tablePartitionColumns: copy(tablePartitionColumns),
    primaryKey,
    lifecycle: own.lifecycle,
    comment: own.comment || other.comment,
    properties: { ...other.properties, ...own.properties },
    ...(clustering ? { clustering } : {}),
  };
}

/**
 * Columns of the key are NOT NULL whatever they say: PyODPS does not write it. Only a transactional table keeps its
 * key: SQLAlchemy declares one for every table.
 */
function keyed(definition: TableDefinition): TableDefinition {
  const { columns, primaryKey, properties } = definition;
  const isKept = properties.transactional?.toLowerCase() === 'true';
  return {
    ...definition,
    columns: columns.map((column) =>
      primaryKey.includes(column.name) ? { ...column, nullable: false } : column,
    ),
    primaryKey: isKept ? primaryKey : [],
  };
}

/** Makes a table known and gives it its storage; `former`, which it replaces, goes with the same change. */
export async function addTable(core: Core, table: Table, ref: NameRef, former?: Table): Promise<void> {
  if (core.catalog.find(table) !== former) throw alreadyExists(ref.at, fullName(core.project, table));
  // Known before it is stored: of two who create it at once, the second finds it.
  core.catalog.add(table);
  try {
    await core.store.createTable(table, former);
    if (former) core.catalog.forget(former);
  } catch (error) {
    if (former) core.catalog.add(former);
    else core.catalog.remove(table);
    throw error;
  }
}

export async function forgetTable(core: Core, table: Table): Promise<void> {
  core.catalog.remove(table);
  await core.store.dropTable(table);
  core.catalog.forget(table);
}

export async function createSchema(core: Core, schema: string, comment = ''): Promise<void> {
  if (core.catalog.schemas.has(schema)) return;
  const made = { comment, createdAt: core.now() };
  await core.store.createSchema(schema, made);
  core.catalog.schemas.set(schema, made);
}
