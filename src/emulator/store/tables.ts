import type { Table } from '../model/catalog.ts';
import type { Database } from './database.ts';
import { identifier, OWN, storage, storedType, visible } from './duckdb-sql.ts';
import type { Figures } from './figures.ts';
import { forgetTable, savedName, saveTable } from './own-tables.ts';
import type { Portions } from './portions.ts';
import type { Snapshots } from './snapshots.ts';
import type { Store } from './store.ts';
import { createView, selectVisible } from './visible.ts';

interface Parts {
  readonly database: Database;
  readonly figures: Figures;
  readonly snapshots: Snapshots;
  readonly portions: Portions;
}

/** Tables that come, change and go: the kept rows, the view that queries see, and what a restart must know. */
export function createTables({
  database,
  figures,
  snapshots,
  portions,
}: Parts): Pick<Store, 'createTable' | 'dropTable' | 'saveTable' | 'alterColumns'> {
  const view = (table: Table) =>
    createView(
      table,
      table.kind === 'VIRTUAL_VIEW' ? table.query : selectVisible(table, portions.from(table)),
    );

  async function create(table: Table, former?: Table): Promise<void> {
    const columns = [...table.columns, ...table.tablePartitionColumns];
    const list = columns.map(({ name, type }) => `${identifier(name)} ${storedType(type)}`);
    const rows = table.kind === 'VIRTUAL_VIEW' ? [] : [`CREATE TABLE ${storage(table)} (${list.join(', ')})`];
    await database.exclusive(async (change) => {
      if (former) await snapshots.keep(change, former, undefined);
      const removal = former ? removed(former, portions.of(former)) : [];
      await change.run(...removal, ...rows, view(table), ...saveTable(table));
      if (former) forget(former);
      figures.know(table);
    });
  }

  async function drop(table: Table): Promise<void> {
    await database.exclusive(async (change) => {
      await snapshots.keep(change, table, undefined);
      await change.run(...removed(table, portions.of(table)));
      forget(table);
    });
  }

  function forget(table: Table): void {
    figures.forget(table);
    portions.forget(table);
  }

  async function save(table: Table): Promise<void> {
    await database.exclusive(async (change) => {
      // The table itself may have its new name already.
      const before = await savedName(change, table);
      await change.run(`DROP VIEW IF EXISTS ${visible(before)}`, view(table), ...saveTable(table));
      figures.know(table);
    });
  }

  async function alter(table: Table, from: readonly (string | null)[]): Promise<void> {
    const list = table.columns.map(({ name, type }, index) => {
      const before = from[index] ?? null;
      return `CAST(${before === null ? 'NULL' : identifier(before)} AS ${storedType(type)}) AS ${identifier(name)}`;
    });
    const all = [...list, ...table.tablePartitionColumns.map(({ name }) => identifier(name))].join(', ');
    const altered = portions
      .of(table)
      .flatMap((name) => [
        `CREATE TABLE ${INTERIM} AS SELECT ${all} FROM ${name}`,
        `DROP TABLE ${name}`,
        `ALTER TABLE ${INTERIM} RENAME TO ${name.slice(OWN.length + 1)}`,
      ]);
    await database.exclusive(async (change) => {
      await snapshots.keep(change, table, undefined);
      await change.run(
        `DROP VIEW ${visible(figures.newest(table))}`,
        ...altered,
        view(table),
        ...saveTable(table),
      );
      figures.know(table);
    });
  }

  return { createTable: create, dropTable: drop, saveTable: save, alterColumns: alter };
}

const INTERIM = `${OWN}.altered`;

function removed(table: Table, portions: readonly string[]): readonly string[] {
  const rows = table.kind === 'VIRTUAL_VIEW' ? [] : portions.map((name) => `DROP TABLE ${name}`);
  return [`DROP VIEW IF EXISTS ${visible(table)}`, ...rows, ...forgetTable(table)];
}
