import type { Config } from './config/schema.ts';
import { readSchemaFile } from './config/schema-file.ts';
import type { DecodeOptions } from './decode/format.ts';
import { SinkError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { compilePlan, type MappingLine, type TableSchema } from './mapping/compile.ts';
import type { Plan } from './mapping/plan.ts';
import type { MaxCompute, TableInfo } from './maxcompute/maxcompute.ts';
import { openTable } from './table.ts';

/** The plan for the live table. */
export interface LoadedPlan extends CompiledPlan {
  readonly table: TableInfo;
  /** The statement that created the table just now; null: it was there. */
  readonly created: string | null;
}

/** Configuration and table, matched. */
export interface CompiledPlan {
  readonly plan: Plan;
  readonly warnings: readonly string[];
  readonly mapping: readonly MappingLine[];
}

/**
 * Reads the table, creates it first when that is asked for, and matches it with the configuration. Throws
 * `table_missing`, `table_unsupported`, `maxcompute_denied`, or `mapping_mismatch` with every mismatch at once.
 */
export async function loadPlan(
  config: Config,
  maxcompute: MaxCompute,
  signal: AbortSignal,
): Promise<LoadedPlan> {
  const { table, created } = await openTable(config, maxcompute, signal);
  refuseUnsupported(config, table);
  return { ...matchTable(config, table), table, created };
}

/** Throws `mapping_mismatch` with every mismatch at once. */
export function matchTable(config: Config, schema: TableSchema): CompiledPlan {
  const { plan, problems, warnings, describe } = planFor(config, schema);
  if (!plan) {
    const list = problems.map((problem) => `\n  ${problem}`).join('');
    throw new SinkError(
      'mapping_mismatch',
      `table ${config.maxcompute.project}.${config.table.name} and table.columns do not match:${list}`,
    );
  }
  return { plan, warnings, mapping: describe };
}

/** The mapping of the configuration matched with a table's columns. */
export const planFor = (config: Config, schema: TableSchema): ReturnType<typeof compilePlan> =>
  compilePlan({
    table: config.table,
    decode: { value: decodeOptions(config, 'value'), key: decodeOptions(config, 'key') },
    schema,
    maxFieldBytes: LIMITS.maxFieldBytes,
    compression: config.maxcompute.compression,
    dirty: config.dirty,
  });

/** What the decoder is told: the schema itself in place of its file, which was there and good when the configuration was read. */
export function decodeOptions(config: Config, of: 'value' | 'key'): DecodeOptions {
  const { schemaFile, ...options } = config.decode[of];
  if (schemaFile === null) return options;
  try {
    return { ...options, schema: readSchemaFile(schemaFile, options.format) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SinkError('config_invalid', `decode.${of}.schemaFile: the file ${schemaFile} ${reason}`, error);
  }
}

/** Throws `table_unsupported` for what cannot be written to. */
export function refuseUnsupported(config: Config, table: TableInfo): void {
  const name = `${config.maxcompute.project}.${table.name}`;
  if (table.kind !== 'table')
    throw new SinkError('table_unsupported', `${name} is not an ordinary table but: ${table.kind}`);
  if (table.primaryKey.length > 0) {
    throw new SinkError('table_unsupported', `${name} has the primary key ${table.primaryKey.join(', ')}`);
  }
}
