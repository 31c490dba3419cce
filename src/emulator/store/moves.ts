import type { Table } from '../model/catalog.ts';
import { sameValues } from '../model/table-partitions.ts';
import type { Parts } from './changes.ts';
import { identifier, literal, whereAny } from './duckdb-sql.ts';
import { keepsLifecycleOff, moveFigures } from './figures.ts';
import { forgetTablePartitions, saveAdded, saveLifecycle, saveTablePartitions } from './own-tables.ts';
import type { Store } from './store.ts';

/** Table partitions that are renamed or merged. */
export function createMoves({
  database,
  snapshots,
  figures,
  portions,
}: Parts): Pick<Store, 'moveTablePartitions'> {
  async function moveTablePartitions(
    table: Table,
    from: readonly (readonly string[])[],
    to: readonly string[],
  ): Promise<void> {
    await database.exclusive(async (change) => {
      // Rows change their places: snapshots count on them.
      await snapshots.keep(change, table, undefined);
      const at = figures.timeOf(table);
      await change.run(...moveStatements(table, portions.of(table), from, to, at));
      moveFigures(figures, table, from, to, at);
    });
  }

  return { moveTablePartitions };
}

function moveStatements(
  table: Table,
  portions: readonly string[],
  from: readonly (readonly string[])[],
  to: readonly string[],
  now: number,
): string[] {
  const set = table.tablePartitionColumns.map(
    ({ name }, index) => `${identifier(name)} = ${literal(to[index]!)}`,
  );
  const moved = from.filter((values) => !sameValues(values, to));
  const known = moved.map((values) => table.tablePartitions.get(values)!);
  const added = {
    rows: known.reduce((sum, { rows }) => sum + rows, 0),
    bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  return [
    ...(table.tablePartitions.has(to) ? [] : [saveTablePartitions(table, [to], now)]),
    ...(keepsLifecycleOff(table, from, to) ? saveLifecycle(table, to, false) : []),
    ...(moved.length
      ? [
          ...portions.map((name) => `UPDATE ${name} SET ${set.join(', ')}${whereAny(table, moved)}`),
          ...forgetTablePartitions(table, moved, now),
          saveAdded(table, to, added, now),
        ]
      : []),
  ];
}
