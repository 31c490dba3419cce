import type { Clock } from '../clock.ts';
import type { UnmappedField } from '../decode/path/unmapped.ts';
import { asSinkError, SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Log } from '../log.ts';
import type { MaxCompute, TableInfo } from '../maxcompute/maxcompute.ts';

/** What is needed to give a table the columns that its records have. */
export interface AddColumnsOptions {
  readonly maxcompute: MaxCompute;
  /** The name as SQL takes it: `` `project`.`table` ``. */
  readonly sqlName: string;
  readonly table: string;
  /** Of several processes of the group one changes the table; the others wait until they see it. */
  elected(): boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const TYPES: Readonly<Record<Exclude<UnmappedField['kind'], 'decimal'>, string>> = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  text: 'STRING',
  bytes: 'BINARY',
  day: 'DATE',
  instant: 'TIMESTAMP',
  local: 'TIMESTAMP_NTZ',
  nested: 'STRING',
  null: 'STRING',
};

/** Of a DECIMAL, as the service has them. */
const MOST_DIGITS = 38;
const MOST_SCALE = 18;

/** A text holds every decimal, and a list or object as JSON. */
function typeOf({ kind, scale = 0 }: UnmappedField): string {
  if (kind !== 'decimal') return TYPES[kind];
  return scale >= 0 && scale <= MOST_SCALE ? `DECIMAL(${MOST_DIGITS},${scale})` : 'STRING';
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** The fields that can become columns, as lower-case name -> type; of equal names the first. */
export function newColumns(
  fields: readonly UnmappedField[],
  table: Pick<TableInfo, 'columns' | 'partitionKeys'>,
): Map<string, string> {
  const taken = new Set([...table.columns, ...table.partitionKeys].map(({ name }) => name.toLowerCase()));
  const wanted = fields.filter(({ name }) => NAME.test(name) && !taken.has(name.toLowerCase()));
  return new Map(wanted.toReversed().map((field) => [field.name.toLowerCase(), typeOf(field)]));
}

/**
 * Adds the columns unless they are there, and resolves when the service tells of them. A column that another
 * process has added meanwhile is as good. A member that is not elected waits for the one that is, and does it
 * itself when nothing has happened for {@link LIMITS.addColumnsWaitMs}.
 *
 * @throws SinkError `maxcompute_denied` and other refusals, naming the statement
 */
export async function addColumns(
  columns: ReadonlyMap<string, string>,
  options: AddColumnsOptions,
): Promise<void> {
  const { clock, signal } = options;
  const until = clock.now() + LIMITS.addColumnsWaitMs;
  while (!options.elected() && clock.now() < until) {
    if ((await missing(columns, options)).length === 0) return;
    await clock.sleep(LIMITS.addColumnsLookMs, signal);
  }
  for (const [name, type] of await missing(columns, options)) await add(name, type, options);
  while ((await missing(columns, options)).length > 0) await clock.sleep(LIMITS.addColumnsLookMs, signal);
}

async function missing(
  columns: ReadonlyMap<string, string>,
  { maxcompute, table, signal }: AddColumnsOptions,
): Promise<[name: string, type: string][]> {
  const known = new Set(
    (await maxcompute.table(table, signal)).columns.map(({ name }) => name.toLowerCase()),
  );
  return [...columns].filter(([name]) => !known.has(name));
}

/** One statement each: of two processes that differ in one column, both get the others in. */
async function add(name: string, type: string, options: AddColumnsOptions): Promise<void> {
  const { maxcompute, sqlName, log, signal } = options;
  const statement = `ALTER TABLE ${sqlName} ADD COLUMNS (\`${name}\` ${type});`;
  try {
    await maxcompute.runSql(statement, { signal });
    log.info({ statement }, 'a field of the records has no column: the table got one');
  } catch (error) {
    if ((await missing(new Map([[name, type]]), options)).length === 0) return;
    const { code, message } = asSinkError(error);
    throw new SinkError(
      code,
      `a column for the field ${name} could not be added: ${statement} ${message}`,
      error,
    );
  }
}
