import type { Core } from '../core.ts';
import { alterTable } from './alter-table.ts';
import { createSchema, createTable } from './create.ts';
import { dropSchema, dropTable, truncate } from './drop.ts';
import { explain } from './explain.ts';
import { writePlans } from './insert.ts';
import { isLineage, lineage } from './lineage.ts';
import { nameOf, type QuerySession, schemaOf } from './names.ts';
import { type Run, startRun } from './run.ts';
import { assign, type Outcome, runQuery } from './run-query.ts';
import type { Script } from './script.ts';
import { show } from './show.ts';
import { ddlFailed } from './statement-errors.ts';
import type { Statement } from './statements.ts';
import { isTogether, isWriting, plansOf, writeTogether } from './together.ts';
import { createView } from './view.ts';

const NOTHING: Outcome = { format: 'text', text: '' };

/**
 * Executes the statements of a script in order; the result is that of the last one. Throws StatementError
 * with the service's text for the first that fails: those before it have had their effect, but in script mode.
 */
export async function execute(core: Core, script: Script, session: QuerySession): Promise<Outcome> {
  const run = startRun(core, session, script.sql);
  if (isLineage(session.settings)) return { format: 'text', text: lineage(run, script.statements) };
  const outcome = isTogether(session.settings)
    ? await writeTogether(run, script, (statement) => executeOne(run, statement))
    : await oneAfterTheOther(run, script.statements);
  return { ...outcome, written: run.written };
}

async function oneAfterTheOther(run: Run, statements: readonly Statement[]): Promise<Outcome> {
  let outcome = NOTHING;
  for (const statement of statements) {
    await outcome.rows?.release();
    outcome = await executeOne(run, statement);
  }
  return outcome;
}

async function executeOne(run: Run, statement: Statement): Promise<Outcome> {
  switch (statement.kind) {
    case 'query':
      return runQuery(run, statement);
    case 'show_tables':
    case 'show_schemas':
    case 'show_table_partitions':
    case 'show_create':
    case 'show_columns':
    case 'describe':
    case 'describe_schema':
    case 'describe_project':
      return { format: 'text', text: show(run, statement) };
    case 'explain':
      return { format: 'text', text: await explain(run, statement.statement) };
    case 'assign':
      assign(run, statement);
      return NOTHING;
    default:
      await change(run, statement);
      return NOTHING;
  }
}

type Shown = Extract<
  Statement,
  { kind: `show_${string}` | `describe${string}` | 'explain' | 'query' | 'assign' }
>;

async function change(run: Run, statement: Exclude<Statement, Shown>): Promise<void> {
  if (isWriting(statement)) return writePlans(run, await plansOf(run, statement));
  switch (statement.kind) {
    case 'create_schema':
      return newSchema(run, statement);
    case 'drop_schema':
      return dropSchema(run, statement);
    default: {
      const { schema, name } = nameOf(run, statement.name);
      return run.core.inTurn(`${schema}.${name}`, () => define(run, statement));
    }
  }
}

type Definition = Extract<
  Statement,
  { kind: 'create_table' | 'create_view' | 'drop_table' | 'truncate' | 'alter' }
>;

async function define(run: Run, statement: Definition): Promise<void> {
  switch (statement.kind) {
    case 'create_table':
      return createTable(run, statement);
    case 'create_view':
      return createView(run, statement);
    case 'drop_table':
      return dropTable(run, statement);
    case 'truncate':
      return truncate(run, statement);
    case 'alter':
      return alterTable(run, statement);
  }
}

async function newSchema(
  run: Run,
  { name, ifNotExists, comment }: Extract<Statement, { kind: 'create_schema' }>,
): Promise<void> {
  const schema = schemaOf(run, name);
  if (!run.core.catalog.schemas.has(schema)) return createSchema(run.core, schema, comment);
  if (!ifNotExists) throw ddlFailed(`AlreadyExistsException(message:Schema ${schema} already exists)`);
}
