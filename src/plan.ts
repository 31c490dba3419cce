import type { Config } from './config/schema.ts';
import { SinkError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { compilePlan, type MappingLine } from './mapping/compile.ts';
import type { Plan } from './mapping/plan.ts';
import type { MaxCompute, TableInfo } from './maxcompute/maxcompute.ts';

/** The plan for the live table. */
export interface LoadedPlan {
  readonly plan: Plan;
  readonly table: TableInfo;
  readonly warnings: readonly string[];
  readonly mapping: readonly MappingLine[];
}

/**
 * Reads the table and matches it with the configuration.
 * Throws `table_missing`, `table_unsupported`, or `mapping_mismatch` with every mismatch at once.
 */
export async function loadPlan(
  config: Config,
  maxcompute: MaxCompute,
  signal: AbortSignal,
): Promise<LoadedPlan> {
  const table = await maxcompute.table(config.table.name, signal);
  refuseUnsupported(config, table);
  const { plan, problems, warnings, describe } = compilePlan({
    table: config.table,
    decode: config.decode,
    schema: table,
    maxFieldBytes: LIMITS.maxFieldBytes,
    compression: config.maxcompute.compression,
  });
  if (!plan) {
    const list = problems.map((problem) => `\n  ${problem}`).join('');
    throw new SinkError(
      'mapping_mismatch',
      `table ${config.maxcompute.project}.${table.name} and table.columns do not match:${list}`,
    );
  }
  return { plan, table, warnings, mapping: describe };
}

function refuseUnsupported(config: Config, table: TableInfo): void {
  const name = `${config.maxcompute.project}.${table.name}`;
  if (table.kind !== 'table')
    throw new SinkError('table_unsupported', `${name} is not an ordinary table but: ${table.kind}`);
  if (table.primaryKey.length > 0) {
    throw new SinkError('table_unsupported', `${name} has the primary key ${table.primaryKey.join(', ')}`);
  }
}
