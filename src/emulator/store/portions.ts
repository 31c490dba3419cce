import type { Table } from '../model/catalog.ts';
import type { Change } from './duckdb.ts';
import { identifier, OWN, where } from './duckdb-sql.ts';

/** Rows that come together. */
export interface Load {
  readonly rows: number;
  /** The most bytes of 2,048 of them that stand one behind the other. */
  readonly densest: number;
}

/** Where loads go. */
export interface Placed {
  /** What makes room for them. */
  readonly statements: readonly string[];
  /** The DuckDB table of each. */
  readonly into: readonly string[];
  /** What the table is read from afterwards; undefined: as before. */
  readonly from: string | undefined;
  /** To be called when the transaction is committed. */
  done(): void;
}

/** Rows of a DuckDB table: all, or those for which a condition holds (` WHERE ...`, else nothing). */
export interface Stored {
  readonly name: string;
  readonly where: string;
}

/** The DuckDB tables in which the rows of a table are: nearly always one. */
export interface Portions {
  /** Their names, in the order of the rows. */
  of(table: Table): readonly string[];
  /** What stands behind FROM: all rows in order, or those of a table partition. */
  from(table: Table, values?: readonly string[]): string;
  /** The same rows, portion by portion. */
  stored(table: Table, values?: readonly string[]): readonly Stored[];
  place(table: Table, loads: readonly Load[]): Placed;
  /** Those without rows, besides the first. */
  empty(change: Change, table: Table): Promise<readonly string[]>;
  /** What was named here is dropped. */
  dropped(table: Table, names: readonly string[]): void;
  forget(table: Table): void;
  /** Finds those that there are. */
  restore(change: Change, tables: Iterable<Table>): Promise<void>;
}

/** DuckDB reads, copies and logs so many rows at once, whatever they hold. */
const VECTOR_ROWS = 2048;
/** What these may hold: it has 512 MB for all that it does. */
const VECTOR_BYTES = 64 * 1024 * 1024;

interface State {
  readonly names: readonly string[];
  /** The last vector of the last portion, which is not full. */
  readonly open: Load;
}

const NOTHING: Load = { rows: 0, densest: 0 };
const FULL: Load = { rows: 1, densest: VECTOR_BYTES };

/** A table goes on in another DuckDB table where one vector would hold more than DuckDB has memory for. */
export function createPortions(): Portions {
  const states = new Map<string, State>();
  const stateOf = (table: Table): State =>
    states.get(table.id) ?? { names: [nameOf(table, 0)], open: NOTHING };
  const of = (table: Table) => stateOf(table).names;

  function place(table: Table, loads: readonly Load[]): Placed {
    const before = stateOf(table);
    const names = [...before.names];
    let { open } = before;
    const into = loads.map((load) => {
      if (open.rows > 0 && open.densest + load.densest > VECTOR_BYTES) {
        names.push(nameOf(table, numberOf(names.at(-1)!) + 1));
        open = NOTHING;
      }
      open = behind(open, load);
      return names.at(-1)!;
    });
    const added = names.slice(before.names.length);
    return {
      statements: added.map((name) => `CREATE TABLE ${name} AS FROM ${nameOf(table, 0)} LIMIT 0`),
      into,
      from: added.length ? union(names) : undefined,
      done: () => void states.set(table.id, { names, open }),
    };
  }

  async function empty(change: Change, table: Table): Promise<readonly string[]> {
    const found: string[] = [];
    for (const name of of(table).slice(1))
      if (!(await change.rows(`SELECT 1 FROM ${name} LIMIT 1`)).length) found.push(name);
    return found;
  }

  function dropped(table: Table, gone: readonly string[]): void {
    const { names, open } = stateOf(table);
    const left = names.filter((name) => !gone.includes(name));
    states.set(table.id, { names: left, open: left.at(-1) === names.at(-1) ? open : FULL });
  }

  async function restore(change: Change, tables: Iterable<Table>): Promise<void> {
    const rows = await change.rows(
      `SELECT table_name FROM duckdb_tables() WHERE schema_name = '${OWN}' AND database_name = current_database()`,
    );
    const all = rows.map(([name]) => `${OWN}.${identifier(String(name))}`);
    for (const table of tables) {
      const isOwn = (name: string) => name.startsWith(`${nameOf(table, 0).slice(0, -1)} portion `);
      const more = all.filter(isOwn).sort((a, b) => numberOf(a) - numberOf(b));
      const densest = Math.min(table.bytes, (2 * VECTOR_ROWS * table.bytes) / Math.max(1, table.rows));
      const open = more.length ? FULL : { rows: table.rows, densest };
      states.set(table.id, { names: [nameOf(table, 0), ...more], open });
    }
  }

  const from = (table: Table, values?: readonly string[]) => `${union(of(table))}${where(table, values)}`;
  const stored = (table: Table, values?: readonly string[]) =>
    of(table).map((name) => ({ name, where: where(table, values) }));
  return { of, from, stored, place, empty, dropped, forget: ({ id }) => void states.delete(id), restore };
}

const nameOf = ({ id }: Table, number: number): string =>
  `${OWN}.${identifier(number === 0 ? id : `${id} portion ${number}`)}`;

const numberOf = (name: string): number => Number(/ portion (\d+)"$/.exec(name)?.[1] ?? 0);

/** What stands behind FROM for the rows of several tables, in order. */
export const union = (names: readonly string[]): string =>
  names.length === 1 ? names[0]! : `(${names.map((name) => `FROM ${name}`).join(' UNION ALL ')})`;

function behind(open: Load, load: Load): Load {
  const rows = open.rows + load.rows;
  if (rows < VECTOR_ROWS) return { rows, densest: open.densest + load.densest };
  return { rows: rows % VECTOR_ROWS, densest: rows % VECTOR_ROWS ? load.densest : 0 };
}
