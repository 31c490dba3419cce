import { DEFAULT_SCHEMA, OWNER, type Table } from '../model/catalog.ts';
import { quotedSpec } from '../model/spec.ts';
import { describeTable, describeTablePartition, localTime } from './describe.ts';
import { baseTableNamed, schemaOf, tableNamed } from './names.ts';
import type { Run } from './run.ts';
import { createStatement } from './show-create.ts';
import { ddlFailed, noSuchTablePartition, semantic } from './statement-errors.ts';
import type { NameRef, Show } from './statements.ts';
import { checkHasLevels, matching, valuesOf } from './table-partitions.ts';
import { isLike } from './wildcards.ts';

type Listing = Exclude<Show, { kind: 'explain' }>;
type Of<Kind extends Show['kind']> = Extract<Show, { kind: Kind }>;

/** The text that SHOW and DESC answer. */
export function show(run: Run, statement: Listing): string {
  const { core } = run;
  switch (statement.kind) {
    case 'show_tables':
      return showTables(run, statement);
    case 'show_schemas':
      return showSchemas(run, statement);
    case 'show_table_partitions':
      return showTablePartitions(run, statement);
    case 'show_create':
      return createStatement(core.project, tableNamed(run, statement.name));
    case 'show_columns':
      return lines(allColumns(tableNamed(run, statement.name)));
    case 'describe':
      return describe(run, statement);
    case 'describe_schema':
      return describeSchema(run, statement.name);
    case 'describe_project':
      return describeProject(run, statement.name);
  }
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

const allColumns = ({ columns, tablePartitionColumns }: Table): string[] =>
  [...columns, ...tablePartitionColumns].map(({ name }) => name);

/** `owner:name`, one a line. */
function showTables(run: Run, { in: where, like, only }: Of<'show_tables'>): string {
  const { catalog } = run.core;
  const schema = where ? listedSchema(run, where) : run.session.schema;
  if (!catalog.schemas.has(schema))
    throw ddlFailed(`NoSuchObjectException(message:Schema ${schema} not found)`);
  const kinds = { views: 'VIRTUAL_VIEW', external: 'EXTERNAL_TABLE' };
  const wanted = only && kinds[only];
  const found = catalog
    .list(schema)
    .filter((table) => (!wanted || table.kind === wanted) && isListed(table.name, like));
  return lines(found.map((table) => `${table.owner}:${table.name}`));
}

/** SHOW TABLES IN takes a schema, a project, or both. */
function listedSchema(run: Run, where: NameRef): string {
  const [first = ''] = where.parts;
  const isProject = where.parts.length === 1 && first.toLowerCase() === run.core.project.toLowerCase();
  return isProject && !run.core.catalog.schemas.has(first.toLowerCase())
    ? DEFAULT_SCHEMA
    : schemaOf(run, where);
}

/** `*` and `%` stand for anything, `|` between alternatives. */
const isListed = (name: string, like: string): boolean =>
  like.split('|').some((pattern) => isLike(name.toLowerCase(), pattern.toLowerCase(), '*%'));

function showSchemas(run: Run, { in: where, like }: Of<'show_schemas'>): string {
  if (where && where.parts.join('.').toLowerCase() !== run.core.project.toLowerCase()) {
    throw semantic(where.at, `project ${where.parts.join('.')} cannot be resolved`);
  }
  return lines([...run.core.catalog.schemas.keys()].filter((schema) => isListed(schema, like)).sort());
}

/** `dt=20240101/hr=00`, one a line. */
function showTablePartitions(run: Run, { name, filters }: Of<'show_table_partitions'>): string {
  const table = baseTableNamed(run, name);
  checkHasLevels(table, name.at);
  const all = filters.length ? filters : [{ at: name.at, filter: { op: 'and', parts: [] } as const }];
  const spec = (values: readonly string[]) =>
    table.tablePartitionColumns.map((column, index) => `${column.name}=${escaped(values[index]!)}`).join('/');
  return lines(matching(table, all).map(({ values }) => spec(values)));
}

/** A slash in a value is no separator: it is written as Hive does. */
const escaped = (value: string): string => value.replaceAll('%', '%25').replaceAll('/', '%2F');

function describe(run: Run, { name, extended, spec }: Of<'describe'>): string {
  const table = tableNamed(run, name);
  if (!spec) return describeTable(run.core, table, extended);
  const values = valuesOf(table, spec);
  const known = table.tablePartitions.get(values);
  if (!known) throw noSuchTablePartition(quotedSpec(table, values));
  return describeTablePartition(run.core, table, known, extended);
}

/** JSON, which is what clients read it as. */
function describeSchema(run: Run, name: NameRef): string {
  const schema = schemaOf(run, name);
  const found = run.core.catalog.schemas.get(schema);
  if (!found) {
    throw ddlFailed(`NoSuchObjectException(message:Schema ${schema} not found)`);
  }
  const time = localTime(run.core, found.createdAt);
  const told = {
    name: schema,
    owner: OWNER,
    description: found.comment,
    createTime: time,
    modifyTime: time,
    type: 'managed',
  };
  return `${JSON.stringify(told)}\n`;
}

function describeProject(run: Run, name: NameRef | undefined): string {
  const { project, timeZone, catalog } = run.core;
  if (name && name.parts.join('.').toLowerCase() !== project.toLowerCase()) {
    throw semantic(name.at, `project ${name.parts.join('.')} cannot be resolved`);
  }
  const facts: [string, string][] = [
    ['Name', project],
    ['Owner', OWNER],
    ['CreatedTime', localTime(run.core, catalog.createdAt())],
    ['odps.sql.timezone', timeZone],
    ['odps.sql.type.system.odps2', 'true'],
  ];
  return lines(facts.map(([key, value]) => `${key.padEnd(34)}${value}`));
}
