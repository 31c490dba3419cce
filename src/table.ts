import { systemClock } from './clock.ts';
import { SinkError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { type CreateTable, createTableStatement, type TableDraft } from './mapping/create-table.ts';
import type { MaxCompute, TableInfo } from './maxcompute/maxcompute.ts';
import { tableName } from './maxcompute/wire.ts';
import { retry } from './retry.ts';

/** What the configuration says of a table that may have to be created. */
export interface WantedTable {
  readonly table: TableDraft & { readonly create: 'never' | 'if_missing' };
  readonly maxcompute: { readonly project: string; readonly schema: string | null };
}

/** The table that is written to. */
export interface OpenedTable {
  readonly table: TableInfo;
  /** The statement that created it just now; null: it was there. */
  readonly created: string | null;
}

/**
 * Reads the table; with `create: if_missing` one that is missing is created first, from the types of the
 * configuration. Several processes may do so at once: whose statement comes first makes the table, and all
 * read it afterwards. Throws `table_missing`, or `maxcompute_denied` when the account may not create it.
 */
export async function openTable(
  config: WantedTable,
  maxcompute: MaxCompute,
  signal: AbortSignal,
): Promise<OpenedTable> {
  const read = () => maxcompute.table(config.table.name, signal);
  const found = config.table.create === 'never' ? await read() : await orMissing(read());
  if (found) return { table: found, created: null };
  const made = createTableStatement(config.table, config.maxcompute);
  if ('problems' in made) throw new SinkError('config_invalid', made.problems.join('\n'));
  await create(config, maxcompute, made, signal);
  return { table: await whenThere(read, signal), created: made.statement };
}

/** Null: there is no such table. */
export async function orMissing(read: Promise<TableInfo>): Promise<TableInfo | null> {
  try {
    return await read;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const isMissing = (error: unknown): boolean => error instanceof SinkError && error.code === 'table_missing';

async function create(
  config: WantedTable,
  maxcompute: MaxCompute,
  { statement, settings }: CreateTable,
  signal: AbortSignal,
): Promise<void> {
  try {
    await retry(() => maxcompute.runSql(statement, { settings, signal }), {
      ...POLICY,
      signal,
      decide: (error) => ({ retry: error instanceof SinkError && error.code === 'maxcompute_transient' }),
    });
  } catch (error) {
    if (!(error instanceof SinkError)) throw error;
    // Of several that create it at once, the service may refuse all but one.
    if (await orMissing(maxcompute.table(config.table.name, signal)).catch(() => null)) return;
    throw refused(config, error);
  }
}

const POLICY = {
  clock: systemClock,
  attempts: LIMITS.createTableAttempts,
  baseMs: LIMITS.createTableBaseMs,
  capMs: LIMITS.createTableCapMs,
};

function refused({ table, maxcompute }: WantedTable, error: SinkError): SinkError {
  const { project, schema } = maxcompute;
  const name = tableName(maxcompute, table.name);
  const why =
    error.code === 'maxcompute_denied'
      ? `the account may not create it: it needs CreateTable on ${schema === null ? `the project ${project}` : `the schema ${project}.${schema}`}`
      : 'it could not be created';
  return new SinkError(error.code, `the table ${name} is missing, and ${why}: ${error.message}`, error);
}

/** What has been created may need a moment until the metadata tells of it. */
const whenThere = (read: () => Promise<TableInfo>, signal: AbortSignal): Promise<TableInfo> =>
  retry(read, { ...POLICY, signal, decide: (error) => ({ retry: isMissing(error) }) });
