import type { Config } from '../config/schema.ts';
import type { UnmappedField } from '../decode/path/unmapped.ts';
import { SinkError } from '../errors.ts';
import { unmappedPolicy } from '../mapping/compile.ts';
import { sqlTableName } from '../maxcompute/wire.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { TopicPartition } from '../source/source.ts';
import { type AddColumnsOptions, addColumns, newColumns } from './add-columns.ts';
import type { Planner, PlannerOptions } from './planner.ts';

type Parts = Omit<AddColumnsOptions, 'sqlName' | 'table' | 'signal'> & { readonly metrics: Metrics };

/** What the service does about fields that no column takes: each is told once, or gets a column. */
export interface UnmappedWatch {
  /** Throws `table_changed` where columns are wanted: the planner is outdated then. */
  readonly onUnmapped: PlannerOptions['onUnmapped'];
  /**
   * Adds the columns that are wanted. Nothing may be in hand: whatever stands uncommitted in the table while it
   * changes can never be committed.
   */
  addWanted(table: Planner['table'], signal: AbortSignal): Promise<void>;
}

export function watchUnmapped(config: Config, parts: Parts): UnmappedWatch {
  const { log, metrics } = parts;
  const told = new Set<string>();
  const adds = unmappedPolicy(config.table) === 'add_column';
  /** Told by the workers, who tell each field once, and no columns yet. */
  const wanted = new Map<string, UnmappedField>();
  const place = { table: config.table.name, sqlName: sqlTableName(config.maxcompute, config.table.name) };
  return {
    onUnmapped(fields, planner) {
      if (fields.length === 0 && wanted.size === 0) return;
      const fresh = fields.filter(({ name }) => !told.has(name));
      for (const { name } of fresh) told.add(name);
      metrics.unknownFields.inc(fresh.length);
      for (const field of adds ? fields : []) if (!wanted.has(field.name)) wanted.set(field.name, field);
      const columns = newColumns([...wanted.values()], planner.table);
      const left = fresh.filter(({ name }) => !columns.has(name.toLowerCase()));
      if (left.length > 0) log.info({ fields: names(left), policy: config.table.unknownFields }, UNMAPPED);
      if (columns.size === 0) return wanted.clear();
      planner.outdated();
      throw new SinkError('table_changed', `the table gets columns for ${[...columns.keys()].join(', ')}`);
    },
    async addWanted(table, signal) {
      const columns = newColumns([...wanted.values()], table);
      if (columns.size > 0) await addColumns(columns, { ...parts, ...place, signal });
    },
  };
}

const UNMAPPED = 'fields of the records have no column (each is told once; see table.unknownFields)';

const names = (fields: readonly UnmappedField[]): string[] => fields.map(({ name }) => name);

/** Whether these are of the member that has the first topic partition of all; every topic has a topic partition 0. */
export function hasFirst(
  topicPartitions: readonly TopicPartition[],
  topics: readonly string[] | null,
): boolean {
  const first = topics === null ? null : topics.toSorted()[0];
  return topicPartitions.some(
    ({ topic, partition }) => partition === 0 && (first === null || topic === first),
  );
}
