import { StatementError } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { constantsOf, sourcesOf } from './insert-sources.ts';
import { insertQuery, mergedByKey, onePerKey, RAISED } from './insert-sql.ts';
import { ownTableNamed } from './names.ts';
import type { Run } from './run.ts';
import { failed, translated } from './run-query.ts';
import type { Insert, NameRef, QueryText } from './statements.ts';
import { position } from './tokens.ts';

/** Table partitions that one INSERT may write. */
const WRITTEN = { into: 10_000, overwrite: 60_000 } as const;

export async function insert(run: Run, statement: Insert): Promise<void> {
  await write(run, ownTableNamed(run, statement.name), statement);
}

/** The rows of CREATE TABLE ... AS. */
export async function fill(run: Run, table: Table, query: QueryText): Promise<void> {
  const name = { parts: [table.name], at: position(run.sql, query.start) };
  await write(run, table, { kind: 'insert', name, overwrite: false, spec: undefined, columns: [], query });
}

/** All rows of a table become those of the query: its data columns, then its table partition columns. */
export async function replaceRows(run: Run, table: Table, name: NameRef, query: QueryText): Promise<void> {
  const levels = table.tablePartitionColumns.map((column) => [column.name, undefined] as const);
  const spec = levels.length ? { at: name.at, values: new Map(levels) } : undefined;
  const plan = await planOf(run, table, { kind: 'insert', name, overwrite: true, spec, columns: [], query });
  const replaced = table.tablePartitions.all().map(({ values }) => values);
  await execute(run, { ...plan, replaced, alone: true });
}

/** INSERTs of one statement: checked all before the first is executed. */
export async function insertAll(run: Run, statements: readonly Insert[]): Promise<void> {
  const plans: Plan[] = [];
  for (const one of statements) plans.push(await planOf(run, ownTableNamed(run, one.name), one));
  for (const plan of plans) await execute(run, plan);
}

async function write(run: Run, table: Table, statement: Insert): Promise<void> {
  await execute(run, await planOf(run, table, statement));
}

interface Plan {
  readonly table: Table;
  readonly overwrite: boolean;
  readonly sql: string;
  readonly query: QueryText;
  readonly constants: ReadonlyMap<string, string>;
  readonly columns: readonly string[];
  readonly limit: number;
  /** Table partitions that lose their rows whether or not they get others. */
  readonly replaced?: readonly (readonly string[])[];
  /** The query reads the table that it replaces: nothing may change in between. */
  readonly alone?: boolean;
}

async function planOf(run: Run, table: Table, statement: Insert): Promise<Plan> {
  const constants = constantsOf(table, statement.spec, statement.name.at);
  const { sources, width } = await sourcesOf(run, table, statement, constants);
  const sql = insertQuery(translated(run, statement.query), width, sources);
  const columns = table.columns.map(({ name }) => name);
  const { overwrite, query } = statement;
  const limit = WRITTEN[overwrite ? 'overwrite' : 'into'];
  const plan = { table, overwrite, sql, query, constants, columns, limit };
  if (!table.primaryKey.length) return plan;
  const byKey = { ...plan, overwrite: true, alone: !overwrite };
  return { ...byKey, sql: overwrite ? onePerKey(table, sql, constants) : mergedByKey(table, sql, constants) };
}

async function execute(run: Run, plan: Plan): Promise<void> {
  const { query, ...rest } = plan;
  try {
    await run.core.store.insert({ ...rest, ...run.session });
  } catch (error) {
    throw raised(error) ?? failed(run, query, error);
  }
}

/** An error that `error()` in the query raised has its whole text already. */
function raised(error: unknown): StatementError | undefined {
  const message = error instanceof Error ? error.message : String(error);
  const at = message.indexOf(RAISED);
  if (at >= 0) return new StatementError(message.slice(at + RAISED.length).split('\n')[0]!);
  const conversion =
    /(?:Conversion|Out of Range) Error: ([^\n]*?)(?: when casting from source column \S+)?(?:\n|$)/.exec(
      message,
    )?.[1];
  return conversion === undefined
    ? undefined
    : new StatementError(`ODPS-0121095:Invalid argument - ${conversion}`);
}
