import type { Config } from '../config/schema.ts';
import { SinkError } from '../errors.ts';
import type { TableSchema } from '../mapping/compile.ts';
import { createTableStatement, draftSchema } from '../mapping/create-table.ts';
import type { TableInfo } from '../maxcompute/maxcompute.ts';
import { tableName } from '../maxcompute/wire.ts';
import { refuseUnsupported } from '../plan.ts';
import { plural } from '../terminal/words.ts';
import { fail, failed, type Item, notChecked, ok, type Section, warn } from './report.ts';
import type { Service } from './service.ts';
import { withinStep } from './step.ts';

export interface TableOutcome {
  readonly section: Section;
  /** The right to describe it. */
  readonly right: Item;
  /** Null: it could not be read, is missing, or cannot be written to. */
  readonly table: TableInfo | null;
  /** What the mapping is matched with: the table, or the one that the statement would make; null: neither. */
  readonly schema: TableSchema | null;
  /** Why nothing can be sent to it; null: it can. */
  readonly closed: string | null;
}

const READ = 'read the table';

/** Reads the table's metadata, or works out the statement that would create it. */
export async function checkTable(config: Config, service: Service): Promise<TableOutcome> {
  const name = fullName(config);
  const what = `table ${name} Describe`;
  try {
    const ask = (signal: AbortSignal) => service.client.table(config.table.name, signal);
    const table = await withinStep('maxcompute_unreachable', `read the table ${name}`, ask);
    return found(config, service, table, ok(what, `metadata read: ${service.evidence(READ)}`));
  } catch (error) {
    return notFound(config, service, error);
  }
}

/** `project.table` or `project.schema.table`. */
export const fullName = ({ maxcompute, table }: Config): string => tableName(maxcompute, table.name);

function found(config: Config, service: Service, table: TableInfo, right: Item): TableOutcome {
  const what = `table ${fullName(config)}`;
  const keys = table.partitionKeys.map(({ name, type }) => `${name} ${type.toUpperCase()}`).join(', ');
  const kind = `${table.transactional ? 'transactional ' : ''}${table.kind}`;
  const text = `${kind} of ${plural(table.columns.length, 'column')}, ${keys ? `partitioned by ${keys}` : 'unpartitioned'}`;
  const facts = {
    name: table.name,
    kind: table.kind,
    columns: table.columns,
    partitionKeys: table.partitionKeys,
  };
  const section = (item: Item): Section => ({
    step: 'table',
    items: [endpointItem(config, service), item],
    facts,
  });
  try {
    refuseUnsupported(config, table);
    return { section: section(ok(what, text)), right, table, schema: table, closed: null };
  } catch (error) {
    return {
      section: section(failed(what, error)),
      right,
      table: null,
      schema: table,
      closed: 'the table cannot be written to',
    };
  }
}

function endpointItem({ maxcompute }: Config, service: Service): Item {
  const tunnel = maxcompute.tunnelEndpoint ?? 'found through it';
  const origin = service.answer(READ)?.origin ?? maxcompute.endpoint;
  return ok('service', `${origin} answers and accepts the credentials; tunnel endpoint: ${tunnel}`);
}

function notFound(config: Config, service: Service, thrown: unknown): TableOutcome {
  const name = fullName(config);
  const right = `table ${name} Describe`;
  const missing = thrown instanceof SinkError && thrown.code === 'table_missing';
  if (missing)
    return {
      ...missingTable(config, service, thrown),
      right: notChecked(right, 'the table is missing'),
      table: null,
    };
  const denied = thrown instanceof SinkError && thrown.code === 'maxcompute_denied';
  const section: Section = {
    step: 'table',
    items: denied
      ? [notChecked(`table ${name}`, 'its metadata may not be read')]
      : [failed('service', thrown)],
  };
  const why = denied ? 'its metadata may not be read' : 'MaxCompute could not be asked';
  return {
    section,
    right: denied ? failed(right, thrown) : notChecked(right, why),
    ...{ table: null, schema: null, closed: why },
  };
}

function missingTable(
  config: Config,
  service: Service,
  error: SinkError,
): Pick<TableOutcome, 'section' | 'schema' | 'closed'> {
  const { maxcompute, table } = config;
  const what = `table ${fullName(config)}`;
  const made = createTableStatement(table, maxcompute);
  const closed = 'the table is missing';
  const items = (item: Item) => [endpointItem(config, service), item];
  if ('problems' in made) {
    const evidence = `${error.message}\nFor a CREATE TABLE statement this is missing: ${made.problems.join('; ')}`;
    return {
      section: { step: 'table', items: items(fail(what, evidence, error.hint, error.code)) },
      schema: null,
      closed,
    };
  }
  const creates: string = table.create;
  const item =
    creates === 'if_missing'
      ? warn(what, 'it is missing; a start creates it with the statement below (table.create: if_missing)')
      : fail(
          what,
          error.message,
          'Create it, for example with the statement below, or mend the names.',
          error.code,
        );
  const { statement } = made;
  const exhibits = [{ kind: 'text' as const, lines: statement.split('\n') }];
  return {
    section: { step: 'table', items: items(item), facts: { ddl: statement }, exhibits },
    schema: draftSchema(table),
    closed,
  };
}
