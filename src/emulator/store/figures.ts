import { Refusal } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { checkUnchanged, type Destination } from '../model/destination.ts';
import { newTablePartition, sameValues } from '../model/table-partitions.ts';

/** Keeps rows, bytes and time of the last change in the newest `Table` of each id, and in its table partitions. */
export interface Figures {
  /** From now on the figures of this id are kept in `table`. */
  know(table: Table): void;
  forget(table: Table): void;
  /** The newest `Table` of every id. */
  all(): Iterable<Table>;
  /** The newest `Table` of the id; undefined: it was dropped. */
  find(table: Table): Table | undefined;
  /** The newest `Table` of the id; what is asked for itself when none is known. */
  newest(table: Table): Table;
  /** Another number after each change of the rows or of the table; -1: it was dropped. */
  version(table: Table): number;
  /** Refuses rows for a table that is gone or changed since they were staged, or that lost the table partition. */
  checkKnown(destination: Destination): void;
  /**
   * When a change of these tables happens that is written now, in ms: one look at the clock for all that is kept of it,
   * in memory and on disk, and never before the last change, however the clock is set meanwhile.
   */
  timeOf(...tables: readonly Table[]): number;
  /** What holds the figures of a table partition, or of a table without. */
  holder(table: Table, values: readonly string[]): { readonly rows: number; readonly bytes: number };
  /** `rows` and `bytes` came to a table partition, or to a table without (no values). */
  add(table: Table, values: readonly string[], figures: Added, at: number): void;
  /** A table partition lost its rows, or a whole table (undefined). */
  clear(table: Table, values: readonly string[] | undefined, at: number): void;
  /** The table partition, or the table, has these rows now. */
  set(table: Table, values: readonly string[], figures: Added, at: number): void;
  /** Of a table partition; nothing for one that is gone. */
  switchLifecycle(table: Table, values: readonly string[], enabled: boolean): void;
}

export interface Added {
  readonly rows: number;
  readonly bytes: number;
}

export function createFigures(now: () => number): Figures {
  const tables = new Map<string, Table>();
  const versions = new Map<string, number>();
  const version = ({ id }: Table): number => versions.get(id) ?? -1;
  const changed = (table: Table) => versions.set(table.id, version(table) + 1);
  const newest = (table: Table): Table => tables.get(table.id) ?? table;

  function change(table: Table, values: readonly string[], { rows, bytes }: Added, at: number): void {
    const current = newest(table);
    changed(table);
    const known = values.length ? current.tablePartitions.get(values) : undefined;
    for (const holder of known ? [current, known] : [current]) {
      holder.rows += rows;
      holder.bytes += bytes;
      holder.lastModifiedAt = Math.max(holder.lastModifiedAt, at);
    }
  }

  function clear(table: Table, values: readonly string[] | undefined, at: number): void {
    const current = newest(table);
    const known = values?.length ? current.tablePartitions.get(values) : undefined;
    if (values?.length) {
      if (known) change(current, values, { rows: -known.rows, bytes: -known.bytes }, at);
      return;
    }
    for (const one of current.tablePartitions.all()) {
      one.rows = 0;
      one.bytes = 0;
      one.lastModifiedAt = Math.max(one.lastModifiedAt, at);
    }
    change(current, [], { rows: -current.rows, bytes: -current.bytes }, at);
  }

  function holder(table: Table, values: readonly string[]) {
    const current = newest(table);
    return (
      (values.length ? current.tablePartitions.get(values) : current) ?? {
        rows: 0,
        bytes: 0,
      }
    );
  }

  /** Rows may have come since the new `Table` was made of the old one. */
  function know(table: Table): void {
    const { rows, bytes, lastModifiedAt } = newest(table);
    Object.assign(table, { rows, bytes, lastModifiedAt });
    tables.set(table.id, table);
    changed(table);
  }

  function checkKnown({ table, values }: Destination): void {
    const current = tables.get(table.id);
    if (!current) throw new Refusal(404, 'NoSuchTable', `Table ${table.name} was dropped.`);
    checkUnchanged(current, { table, values }, 'the session');
  }

  return {
    newest,
    find: ({ id }) => tables.get(id),
    timeOf: (...changed) => Math.max(now(), ...changed.map((table) => newest(table).lastModifiedAt)),
    checkKnown,
    holder,
    version,
    all: () => tables.values(),
    know,
    forget: (table) => {
      tables.delete(table.id);
      versions.delete(table.id);
    },
    add: change,
    clear,
    set: (table, values, figures, at) => {
      clear(table, values, at);
      change(table, values, figures, at);
    },
    switchLifecycle: (table, values, enabled) => {
      const known = newest(table).tablePartitions.get(values);
      if (known) known.lifecycleOff = !enabled;
    },
  };
}

/** A table partition that is only renamed keeps that its lifecycle is off. */
export function keepsLifecycleOff(
  { tablePartitions }: Table,
  from: readonly (readonly string[])[],
  to: readonly string[],
): boolean {
  const only = from.length === 1 && !tablePartitions.has(to) ? tablePartitions.get(from[0]!) : undefined;
  return only?.lifecycleOff ?? false;
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
  const lifecycleOff = keepsLifecycleOff(table, from, to);
  if (!tablePartitions.has(to)) tablePartitions.add({ ...newTablePartition(to, now), lifecycleOff });
  for (const values of from) {
    if (sameValues(values, to)) continue;
    const { rows, bytes } = tablePartitions.get(values)!;
    figures.clear(table, values, now);
    figures.add(table, to, { rows, bytes }, now);
    tablePartitions.delete(values);
  }
}
