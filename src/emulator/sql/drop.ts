import type { Core } from '../core.ts';
import { DEFAULT_SCHEMA } from '../model/catalog.ts';
import { forgetTable } from './create.ts';
import { nameOf, ownTableNamed, schemaOf } from './names.ts';
import type { Run } from './run.ts';
import {
  ddlFailed,
  fullName,
  noSuchTablePartition,
  semantic,
  tableNotFound,
  viewNotFound,
} from './statement-errors.ts';
import type { Statement } from './statements.ts';
import { matching } from './table-partitions.ts';

type Of<Kind extends Statement['kind']> = Extract<Statement, { kind: Kind }>;

export async function dropTable(run: Run, { name: ref, ifExists, view }: Of<'drop_table'>): Promise<void> {
  const name = nameOf(run, ref);
  const table = run.core.catalog.find(name);
  const full = fullName(run.core.project, name);
  if (!table && ifExists) return;
  if (!table) throw view ? viewNotFound(ref.at, full) : tableNotFound(ref.at, full);
  if ((table.kind === 'VIRTUAL_VIEW') !== view) {
    throw semantic(ref.at, view ? `${full} is a table, not a view` : `${full} is a view: use DROP VIEW`);
  }
  await forgetTable(run.core, table);
}

export async function dropSchema(run: Run, { name, ifExists }: Of<'drop_schema'>): Promise<void> {
  const { catalog } = run.core;
  const schema = schemaOf(run, name);
  if (!catalog.schemas.has(schema)) {
    if (ifExists) return;
    throw ddlFailed(`NoSuchObjectException(message:Schema ${schema} not found)`);
  }
  if (schema === DEFAULT_SCHEMA)
    throw ddlFailed('InvalidOperationException(message:Schema default cannot be dropped)');
  if (catalog.list(schema).length) {
    throw ddlFailed(`InvalidOperationException(message:Schema ${schema} is not empty)`);
  }
  await forgetSchema(run.core, schema);
}

/** One without tables. */
export async function forgetSchema({ catalog, store }: Core, schema: string): Promise<void> {
  await store.dropSchema(schema);
  catalog.schemas.delete(schema);
}

export async function truncate(run: Run, { name, filters }: Of<'truncate'>): Promise<void> {
  const table = ownTableNamed(run, name);
  if (!filters.length) return run.core.store.truncate(table);
  const found = filters.map((filter) => ({ filter, known: matching(table, [filter]) }));
  const missing = found.find(({ known }) => !known.length);
  if (missing) throw noSuchTablePartition(fullName(run.core.project, table));
  const each = new Set(found.flatMap(({ known }) => known));
  await run.core.store.truncate(
    table,
    [...each].map(({ values }) => values),
  );
}
