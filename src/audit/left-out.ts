import type { Config } from '../config/schema.ts';
import { dirtyActions } from '../mapping/dirty.ts';

/** The keys by which the configuration leaves records out: those are in neither the table nor the dead letters by design. */
export function leavingOut({ table, dirty }: Pick<Config, 'table' | 'dirty'>): string[] {
  const skips = Object.values(dirtyActions(dirty)).includes('skip');
  return [...(table.deduplicate === null ? [] : ['table.deduplicate']), ...(skips ? ['dirty: skip'] : [])];
}
