import { randomUUID } from 'node:crypto';
import type { Core } from '../core.ts';
import { Refusal } from '../errors.ts';
import type { NameParts, SpecMap } from '../model/catalog.ts';
import {
  newTable,
  newTablePartition,
  resolveName,
  specText,
  specValues,
  type Table,
  type TableName,
} from '../model/catalog.ts';
import type { Rows } from '../store/store.ts';
import { alterColumns } from './alter.ts';
import type { ParsedScript, Statement } from './ddl.ts';
import { resultCsv } from './result-csv.ts';
import { describeQueryError, type QueryScope, translateQuery } from './select.ts';
import { StatementError } from './tokens.ts';

/** Rows that the CSV of an instance holds at most (protocol 3.6). */
const RESULT_ROWS = 10_000;

/** What `?result` answers. */
export interface Outcome {
  readonly format: 'csv' | 'text';
  readonly text: string;
  /** All rows of a query, for the instance tunnel; whoever keeps the outcome releases them. */
  readonly rows?: Rows;
}

/** What a statement is executed with: the default schema and the settings sent along. */
export interface QuerySession {
  readonly schema: string;
  readonly timeZone: string;
}

/** Executes one parsed statement; throws StatementError with the service's text when it fails. */
export async function execute(core: Core, script: ParsedScript, session: QuerySession): Promise<Outcome> {
  const { statement } = script;
  if (statement?.kind === 'query') return runQuery(core, statement.text, session);
  if (statement) await runDdl(core, statement, session);
  return { format: 'text', text: '' };
}

async function runDdl(
  core: Core,
  statement: Exclude<Statement, { kind: 'query' }>,
  session: QuerySession,
): Promise<void> {
  switch (statement.kind) {
    case 'create_table':
    case 'create_view':
      return createTable(core, statement, session);
    case 'create_schema':
      return createSchema(core, statement.name.at(-1)!.toLowerCase());
    case 'drop_table':
      return dropTable(core, statement, session);
    case 'truncate':
      return truncate(core, statement, session);
    case 'alter_columns':
      return alterColumns(core, tableNamed(core, statement.name, session), statement.change);
    case 'add_table_partitions':
      return addTablePartitions(core, statement, session);
    case 'drop_table_partitions':
      return dropTablePartitions(core, statement, session);
  }
}

async function createTable(
  core: Core,
  statement: Extract<Statement, { kind: 'create_table' | 'create_view' }>,
  session: QuerySession,
): Promise<void> {
  const name = nameOf(core, statement.name, session);
  await createSchema(core, name.schema);
  if (core.catalog.find(name)) {
    if (statement.ifNotExists) return;
    throw new StatementError(
      `ODPS-0130131:[1,14] Table or view already exists - table ${full(core, name)} already exists`,
    );
  }
  await addTable(core, statementTable(core, statement, name));
}

function statementTable(
  core: Core,
  statement: Extract<Statement, { kind: 'create_table' | 'create_view' }>,
  name: TableName,
): Table {
  const id = randomUUID().replaceAll('-', '');
  if (statement.kind === 'create_table') return newTable(name, statement.table, core.now(), id);
  const nothing = { columns: [], tablePartitionColumns: [], comment: '', lifecycle: -1, primaryKey: [] };
  const query = translateQuery(statement.query, scopeOf(core));
  return newTable(
    name,
    { ...nothing, transactional: false, properties: {}, external: false },
    core.now(),
    id,
    query,
  );
}

/** Makes a table known and gives it its storage. */
async function addTable(core: Core, table: Table): Promise<void> {
  const names = [...table.columns, ...table.tablePartitionColumns].map((column) => column.name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated)
    throw new StatementError(
      `ODPS-0130071:[1,1] Semantic analysis exception - column ${repeated} is repeated`,
    );
  // Known before it is stored: of two who create it at once, the second finds it.
  core.catalog.add(table);
  try {
    await core.store.createTable(table);
  } catch (error) {
    core.catalog.remove(table);
    throw error;
  }
}

async function createSchema(core: Core, schema: string): Promise<void> {
  if (core.catalog.schemas.has(schema)) return;
  await core.store.createSchema(schema);
  core.catalog.schemas.add(schema);
}

async function dropTable(
  core: Core,
  statement: Extract<Statement, { kind: 'drop_table' }>,
  session: QuerySession,
): Promise<void> {
  const name = nameOf(core, statement.name, session);
  const table = core.catalog.find(name);
  if (!table && statement.ifExists) return;
  if (!table) throw notFound(core, name);
  core.catalog.remove(table);
  await core.store.dropTable(table);
}

async function truncate(
  core: Core,
  statement: Extract<Statement, { kind: 'truncate' }>,
  session: QuerySession,
): Promise<void> {
  const table = tableNamed(core, statement.name, session);
  if (!statement.specs.length) await core.store.truncate(table);
  for (const spec of statement.specs) {
    const values = valuesOf(table, spec);
    if (!table.tablePartitions.has(specText(table, values))) throw noSuchTablePartition(table, values);
    await core.store.truncate(table, values);
  }
}

async function addTablePartitions(
  core: Core,
  statement: Extract<Statement, { kind: 'add_table_partitions' }>,
  session: QuerySession,
): Promise<void> {
  const table = tableNamed(core, statement.name, session);
  for (const spec of statement.specs) {
    const values = valuesOf(table, spec);
    if (!table.tablePartitions.has(specText(table, values))) await addTablePartition(core, table, values);
    else if (!statement.ifNotExists) {
      throw new StatementError(
        `ODPS-0110061: Failed to run ddltask - Partition ${specText(table, values)} already exists`,
      );
    }
  }
}

/** Adds a table partition; two callers at once add it once. */
export async function addTablePartition(core: Core, table: Table, values: readonly string[]): Promise<void> {
  table.tablePartitions.set(specText(table, values), newTablePartition(values, core.now()));
  await core.store.addTablePartition(table, values);
}

async function dropTablePartitions(
  core: Core,
  statement: Extract<Statement, { kind: 'drop_table_partitions' }>,
  session: QuerySession,
): Promise<void> {
  const table = tableNamed(core, statement.name, session);
  for (const spec of statement.specs) {
    const values = valuesOf(table, spec);
    const known = table.tablePartitions.get(specText(table, values));
    if (!known && !statement.ifExists) throw noSuchTablePartition(table, values);
    if (!known) continue;
    await core.store.dropTablePartition(table, values);
    table.tablePartitions.delete(specText(table, values));
  }
}

async function runQuery(core: Core, text: string, session: QuerySession): Promise<Outcome> {
  const sql = translateQuery(text, scopeOf(core));
  try {
    const found = await core.store.query(sql, session);
    const names = found.columns.map(({ name }, index) => columnName(name, index, text));
    const rows = renamed(found, names);
    return { format: 'csv', text: await resultCsv(found, names, RESULT_ROWS, session.timeZone), rows };
  } catch (error) {
    throw describeQueryError(error, text, core.project);
  }
}

/** The same rows under the names that the service gives their columns. */
function renamed(rows: Rows, names: readonly string[]): Rows {
  const own = (name: string): string => rows.columns[names.indexOf(name)]?.name ?? name;
  return {
    columns: rows.columns.map((column, index) => ({ ...column, name: names[index]! })),
    count: rows.count,
    read: (plan) => rows.read({ ...plan, columns: plan.columns.map(own) }),
    release: () => rows.release(),
  };
}

function scopeOf(core: Core): QueryScope {
  const columns = core.catalog.list().flatMap((table) => [...table.columns, ...table.tablePartitionColumns]);
  return { project: core.project, columnNames: new Set(columns.map((column) => column.name)) };
}

/** DuckDB names an expression by its text; the service by its place. */
function columnName(name: string, index: number, text: string): string {
  const written = /^[a-z_]\w*$/i.test(name) || text.includes(`\`${name}\``);
  return written ? name.toLowerCase() : `_c${index}`;
}

function nameOf(core: Core, parts: NameParts, session: QuerySession): TableName {
  const name = resolveName(parts, core.project, session.schema);
  if (name) return name;
  throw new StatementError(
    `ODPS-0130131:[1,1] Table not found - ${parts.join('.')} is not of project ${core.project}`,
  );
}

function tableNamed(core: Core, parts: NameParts, session: QuerySession): Table {
  const name = nameOf(core, parts, session);
  const table = core.catalog.find(name);
  if (!table) throw notFound(core, name);
  return table;
}

function valuesOf(table: Table, spec: SpecMap): string[] {
  try {
    return specValues(table, spec);
  } catch (error) {
    if (error instanceof Refusal)
      throw new StatementError(`ODPS-0130071:[1,1] Semantic analysis exception - ${error.message}`);
    throw error;
  }
}

function full(core: Core, { schema, name }: TableName): string {
  return `${core.project}.${schema === 'default' ? '' : `${schema}.`}${name}`;
}

const notFound = (core: Core, name: TableName): StatementError =>
  new StatementError(`ODPS-0130131:[1,12] Table not found - table ${full(core, name)} cannot be resolved`);

const noSuchTablePartition = (table: Table, values: readonly string[]): StatementError =>
  new StatementError(`ODPS-0110061: Failed to run ddltask - Partition not found: ${specText(table, values)}`);
