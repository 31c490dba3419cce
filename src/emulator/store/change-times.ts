import { specText, type Table } from '../model/catalog.ts';
import type { Store } from './store.ts';

/** A store that notes when rows of tables and table partitions change: clients poll those times for news. */
export function noteChangeTimes(store: Store, now: () => number): Store {
  const note = (table: Table, values: readonly string[]): void => {
    table.modifiedAt = now();
    const known = values.length
      ? [table.tablePartitions.get(specText(table, values))]
      : table.tablePartitions.values();
    for (const one of known) if (one) one.modifiedAt = table.modifiedAt;
  };
  return {
    ...store,
    commit: async (plan) => {
      await store.commit(plan);
      note(plan.table, plan.values);
    },
    truncate: async (table, values) => {
      await store.truncate(table, values);
      note(table, values ?? []);
    },
    dropTablePartition: async (table, values) => {
      await store.dropTablePartition(table, values);
      table.modifiedAt = now();
    },
  };
}
