import { StatementError } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { specText } from '../model/spec.ts';
import type { Inserted } from '../store/store.ts';
import { constantsOf, sourcesOf } from './insert-sources.ts';
import { insertQuery, mergedByKey, onePerKey, RAISED, rewrittenPerKey } from './insert-sql.ts';
import { ownTableNamed } from './names.ts';
import type { Run, Written } from './run.ts';
import { failed, translated } from './run-query.ts';
import { inOurTypes } from './select.ts';
import { fullName, semantic } from './statement-errors.ts';
import type { Insert, QueryText } from './statements.ts';
import { position } from './tokens.ts';

/** Table partitions that one INSERT may write. */
const WRITTEN = { into: 10_000, overwrite: 60_000 } as const;

/** The rows of CREATE TABLE ... AS. */
export async function fill(run: Run, table: Table, query: QueryText): Promise<void> {
  const name = { parts: [table.name], at: position(run.sql, query.start) };
  const statement: Insert = { kind: 'insert', name, overwrite: false, spec: undefined, columns: [], query };
  await writePlans(run, [await planOf(run, table, statement)]);
}

/** All rows of a table become those of a query in DuckDB's dialect: data columns, table partition columns, what becomes of the row. */
export function replacing(run: Run, table: Table, sql: string): Plan {
  const constants = new Map<string, string>();
  const columns = table.columns.map(({ name }) => name);
  const replaced = table.tablePartitions.all().map(({ values }) => values);
  const whole = table.primaryKey.length ? rewrittenPerKey(table, sql) : sql;
  return {
    table,
    overwrite: true,
    sql: whole,
    query: { text: run.sql, start: 0 },
    constants,
    columns,
    limit: WRITTEN.overwrite,
    replaced,
    rewrites: true,
  };
}

/** INSERTs of one statement. */
export async function insertPlans(run: Run, statements: readonly Insert[]): Promise<readonly Plan[]> {
  if (statements.length > MOST_OUTPUTS)
    throw semantic(statements[0]!.name.at, `more than ${MOST_OUTPUTS} outputs of one statement`);
  const plans: Plan[] = [];
  for (const one of statements) plans.push(await planOf(run, ownTableNamed(run, one.name), one));
  for (const [index, plan] of plans.entries()) {
    const twice = plans.slice(0, index).some((before) => isSameOutput(before, plan));
    if (twice) throw semantic(statements[index]!.name.at, `table ${plan.table.name} is written twice`);
  }
  return plans;
}

/** The service's bound for one statement. */
const MOST_OUTPUTS = 255;

/** A table, or a table partition that both name; a table with keys is one output, whatever they write. */
function isSameOutput(a: Plan, b: Plan): boolean {
  if (a.table.id !== b.table.id) return false;
  if (a.table.primaryKey.length) return true;
  const levels = a.table.tablePartitionColumns.map(({ name }) => name);
  return levels.every((name) => a.constants.has(name) && a.constants.get(name) === b.constants.get(name));
}

/** What a statement writes. */
export interface Plan {
  readonly table: Table;
  readonly overwrite: boolean;
  readonly sql: string;
  /** For places in errors. */
  readonly query: QueryText;
  readonly constants: ReadonlyMap<string, string>;
  readonly columns: readonly string[];
  readonly limit: number;
  /** Table partitions that lose their rows whether or not they get others. */
  readonly replaced?: readonly (readonly string[])[];
  /** The query reads the table that it replaces, and tells what becomes of each row. */
  readonly rewrites?: boolean;
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
  const byKey = { ...plan, overwrite: true, rewrites: !overwrite };
  return { ...byKey, sql: overwrite ? onePerKey(table, sql, constants) : mergedByKey(table, sql, constants) };
}

/** All plans write their rows, or none does. */
export async function writePlans(run: Run, plans: readonly Plan[]): Promise<void> {
  try {
    const inserted = await run.core.store.insert(...plans.map((plan) => ({ ...plan, ...run.session })));
    run.written.push(...inserted.map((one) => writtenInto(run, one)));
  } catch (error) {
    throw writeFailed(run, plans.length > 1 ? whole(run) : plans[0]!.query, error);
  }
}

const whole = ({ sql }: Run): QueryText => ({ text: sql, start: 0 });

/** What a statement that writes failed with, in the service's words. */
const writeFailed = (run: Run, query: QueryText, error: unknown): StatementError =>
  raised(error) ?? failed(run, query, error);

function writtenInto({ core }: Run, { table, values, rows, bytes }: Inserted): Written {
  const name = fullName(core.project, table);
  return { into: values.length ? `${name}/${specText(table, values)}` : name, rows, bytes };
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
    : new StatementError(`ODPS-0121095:Invalid argument - ${inOurTypes(conversion)}`);
}
