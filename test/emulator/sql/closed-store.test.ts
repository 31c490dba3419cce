import { expect, it } from 'vitest';
import type { Core } from '../../../src/emulator/core.ts';
import { newTable } from '../../../src/emulator/model/catalog.ts';
import { addMissing } from '../../../src/emulator/sql/table-partitions.ts';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import { column } from '../store/support.ts';

it('a table partition that cannot be stored is not there', async () => {
  const store = await createDuckDbStore(null);
  const definition = {
    ...{ columns: [column('id', 'BIGINT')], tablePartitionColumns: [column('pt', 'STRING')], comment: '' },
    ...{ lifecycle: -1, primaryKey: [], properties: {} },
  };
  const table = newTable({ schema: 'default', name: 't' }, definition, 0, 'id-t');
  await store.createTable(table);
  await store.close();
  await expect(addMissing({ store, now: Date.now } as Core, table, [['a'], ['b']])).rejects.toThrow();
  expect(table.tablePartitions.size).toBe(0);
});
