import { resolveName, type Table, type TableName } from '../model/catalog.ts';
import type { Run } from './run.ts';
import { fullName, semantic, tableNotFound } from './statement-errors.ts';
import type { NameRef } from './statements.ts';

/** What a statement is executed with: the default schema and the settings sent along. */
export interface QuerySession {
  readonly schema: string;
  readonly timeZone: string;
  /** As they were set; none for a session of its own. */
  readonly settings?: ReadonlyMap<string, string>;
  /** Ends the statement's query. */
  readonly signal?: AbortSignal;
}

/** A name as statements write it. */
export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** Schema and table that a name means; throws for another project. */
export function nameOf({ core, session }: Run, { parts, at }: NameRef): TableName {
  const name = resolveName(parts, core.project, session.schema, (schema) => core.catalog.schemas.has(schema));
  if (name) return { schema: name.schema, name: name.name.toLowerCase() };
  throw tableNotFound(at, parts.join('.').toLowerCase());
}

/** The schema of `s` or `project.s`; throws for another project. */
export function schemaOf({ core }: Run, { parts, at }: NameRef): string {
  const own =
    parts.length === 1 || (parts.length === 2 && parts[0]!.toLowerCase() === core.project.toLowerCase());
  if (own) return parts.at(-1)!.toLowerCase();
  throw semantic(at, `${parts.join('.')} is no schema of project ${core.project}`);
}

/** The table or view of a name; throws ODPS-0130131. */
export function tableNamed(run: Run, ref: NameRef): Table {
  const name = nameOf(run, ref);
  const table = run.core.catalog.find(name);
  if (!table) throw tableNotFound(ref.at, fullName(run.core.project, name));
  return table;
}

/** The same, but no view. */
export function baseTableNamed(run: Run, ref: NameRef): Table {
  const table = tableNamed(run, ref);
  if (table.kind !== 'VIRTUAL_VIEW') return table;
  throw semantic(ref.at, `${fullName(run.core.project, table)} is a view, a table is needed`);
}

/** The same, but one that holds rows of its own. */
export function ownTableNamed(run: Run, ref: NameRef): Table {
  const table = baseTableNamed(run, ref);
  if (table.kind === 'MANAGED_TABLE') return table;
  const name = fullName(run.core.project, table);
  throw semantic(ref.at, `${name} is an external table: its files are not kept by this local MaxCompute`);
}
