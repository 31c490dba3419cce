import type { Table } from '../model/catalog.ts';
import type { ColumnType } from '../model/types.ts';
import type { Change } from './duckdb.ts';
import { itemName, literal, OWN } from './duckdb-sql.ts';
import type { Figures } from './figures.ts';
import { createView, selectVisible } from './visible.ts';

/** Which columns hold times that nanoseconds since 1970 in 64 bits cannot: queries see them in microseconds. */
export interface WideColumns {
  of(table: Table): ReadonlySet<string>;
  restore(columns: ReadonlyMap<string, ReadonlySet<string>>): void;
  /** The columns have new names now; `from` tells the former. */
  renamed(table: Table, from: readonly (string | null)[]): WideChange & { columns: ReadonlySet<string> };
  /** What a change must do besides when rows of `sources` (c0, c1, ... as the table's columns) come to the table. */
  toHold(change: Change, table: Table, sources: readonly string[]): Promise<WideChange>;
}

export interface WideChange {
  readonly statements: readonly string[];
  /** To be called when the transaction of the statements is committed. */
  done(): void;
}

export function createWideColumns(figures: Figures): WideColumns {
  const known = new Map<string, ReadonlySet<string>>();
  const of = (table: Table): ReadonlySet<string> => known.get(table.id) ?? new Set();

  async function toHold(change: Change, table: Table, sources: readonly string[]): Promise<WideChange> {
    const before = of(table);
    const tests = table.columns.flatMap(({ name, type }, at) =>
      before.has(name) || !hasTimes(type) ? [] : [{ name, sql: `bool_or(${isWide(`c${at}`, type, 0)})` }],
    );
    const found = new Set(before);
    for (const source of tests.length ? sources : []) {
      const [row = []] = await change.rows(`SELECT ${tests.map(({ sql }) => sql).join(', ')} FROM ${source}`);
      for (const [at, { name }] of tests.entries()) if (row[at] === true) found.add(name);
    }
    const added = [...found].filter((name) => !before.has(name));
    if (!added.length) return { statements: [], done: () => {} };
    const current = figures.newest(table);
    return {
      statements: [...saved(table, added), createView(current, selectVisible(current, found))],
      done: () => void known.set(table.id, found),
    };
  }

  function renamed(
    table: Table,
    from: readonly (string | null)[],
  ): WideChange & { columns: ReadonlySet<string> } {
    const before = of(table);
    const names = table.columns.flatMap(({ name }, at) => (before.has(from[at] ?? '') ? [name] : []));
    const columns = new Set(names);
    const forget = `DELETE FROM ${OWN}.wide_columns WHERE table_id = ${literal(table.id)}`;
    return {
      columns,
      statements: [forget, ...saved(table, names)],
      done: () => void known.set(table.id, columns),
    };
  }

  return {
    of,
    renamed,
    restore: (columns) => {
      for (const [id, names] of columns) known.set(id, names);
    },
    toHold,
  };
}

const saved = (table: Table, names: readonly string[]): readonly string[] =>
  names.map((name) => `INSERT INTO ${OWN}.wide_columns VALUES (${literal(table.id)}, ${literal(name)})`);

function hasTimes(type: ColumnType): boolean {
  switch (type.name) {
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return true;
    case 'ARRAY':
      return hasTimes(type.element);
    case 'MAP':
      return hasTimes(type.key) || hasTimes(type.value);
    case 'STRUCT':
      return type.fields.some((field) => hasTimes(field.type));
    default:
      return false;
  }
}

/** With a day's margin for the zones. */
const LIMIT = '9223200000000000000';

function isWide(value: string, type: ColumnType, depth: number): string {
  const item = itemName(depth);
  const any = (tests: readonly string[]) =>
    `coalesce(list_bool_or(list_transform(${value}, lambda ${item}: ${tests.join(' OR ')})), false)`;
  switch (type.name) {
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return `coalesce(abs(${value}) > ${LIMIT}, false)`;
    case 'ARRAY':
      return any([isWide(item, type.element, depth + 1)]);
    case 'MAP':
      return any([isWide(`${item}.k`, type.key, depth + 1), isWide(`${item}.v`, type.value, depth + 1)]);
    case 'STRUCT':
      return `(${type.fields.map((field, at) => isWide(`(${value}).f${at}`, field.type, depth)).join(' OR ')})`;
    default:
      return 'false';
  }
}
