import { newTablePartition, specText, type Table } from '../model/catalog.ts';

/** Keeps rows, bytes and time of the last change in the newest `Table` of each id, and in its table partitions. */
export interface Figures {
  /** From now on the figures of this id are kept in `table`. */
  know(table: Table): void;
  forget(table: Table): void;
  /** The newest `Table` of every id. */
  all(): Iterable<Table>;
  /** The newest `Table` of the id. */
  newest(table: Table): Table;
  /** Another number after each change of the rows or of the table. */
  version(table: Table): number;
  /** What holds the figures of a table partition, or of a table without. */
  holder(table: Table, values: readonly string[]): { readonly rows: number; readonly bytes: number };
  /** `rows` and `bytes` came to a table partition, or to a table without (no values). */
  add(table: Table, values: readonly string[], rows: number, bytes: number): void;
  /** A table partition lost its rows, or a whole table (undefined). */
  clear(table: Table, values?: readonly string[]): void;
  /** The table partition, or the table, has these rows now. */
  set(table: Table, values: readonly string[], rows: number, bytes: number): void;
}

export function createFigures(now: () => number): Figures {
  const tables = new Map<string, Table>();
  const versions = new Map<string, number>();
  const version = ({ id }: Table): number => versions.get(id) ?? 0;
  const changed = (table: Table) => versions.set(table.id, version(table) + 1);
  const newest = (table: Table): Table => tables.get(table.id) ?? table;

  function change(table: Table, values: readonly string[], rows: number, bytes: number): void {
    const current = newest(table);
    const at = now();
    changed(table);
    const known = values.length ? current.tablePartitions.get(specText(current, values)) : undefined;
    for (const holder of known ? [current, known] : [current]) {
      holder.rows += rows;
      holder.bytes += bytes;
      holder.lastModifiedAt = at;
    }
  }

  function clear(table: Table, values?: readonly string[]): void {
    const current = newest(table);
    const known = values?.length ? current.tablePartitions.get(specText(current, values)) : undefined;
    if (values?.length) {
      if (known) change(current, values, -known.rows, -known.bytes);
      return;
    }
    for (const one of current.tablePartitions.values()) {
      one.rows = 0;
      one.bytes = 0;
      one.lastModifiedAt = now();
    }
    change(current, [], -current.rows, -current.bytes);
  }

  function holder(table: Table, values: readonly string[]) {
    const current = newest(table);
    return (
      (values.length ? current.tablePartitions.get(specText(current, values)) : current) ?? {
        rows: 0,
        bytes: 0,
      }
    );
  }

  return {
    newest,
    holder,
    version,
    all: () => tables.values(),
    know: (table) => {
      tables.set(table.id, table);
      changed(table);
    },
    forget: (table) => {
      tables.delete(table.id);
      changed(table);
    },
    add: change,
    clear,
    set: (table, values, rows, bytes) => {
      clear(table, values);
      change(table, values, rows, bytes);
    },
  };
}

/** Figures and names of table partitions whose rows get other values. */
export function moveFigures(
  figures: Figures,
  table: Table,
  from: readonly (readonly string[])[],
  to: readonly string[],
  now: number,
): void {
  const { tablePartitions } = table;
  const target = specText(table, to);
  if (!tablePartitions.has(target)) tablePartitions.set(target, newTablePartition(to, now));
  for (const values of from) {
    const spec = specText(table, values);
    if (spec === target) continue;
    const { rows, bytes } = tablePartitions.get(spec)!;
    figures.clear(table, values);
    figures.add(table, to, rows, bytes);
    tablePartitions.delete(spec);
  }
}
