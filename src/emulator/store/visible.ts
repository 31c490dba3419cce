import type { ColumnDefinition, Table } from '../model/catalog.ts';
import type { ColumnType } from '../model/types.ts';
import { identifier, itemName, storage, visible } from './duckdb-sql.ts';
import { MARKS } from './marks.ts';

export function createView(table: Table, select: string): string {
  return `CREATE OR REPLACE VIEW ${visible(table)} AS ${select}`;
}

/**
 * What queries see: TIMESTAMP as local time of the session's zone, table partition columns last. Nanoseconds
 * end in 2262 in DuckDB: the columns named in `wide`, which hold times outside, are shown in microseconds.
 */
export function selectVisible(table: Table, wide: ReadonlySet<string>): string {
  const columns = [...table.columns, ...table.tablePartitionColumns];
  const list = columns.map((column) => `${expression(column, wide)} AS ${identifier(column.name)}`);
  return `SELECT ${list.join(', ')} FROM ${storage(table)}`;
}

const expression = ({ name, type }: ColumnDefinition, wide: ReadonlySet<string>): string =>
  shown(identifier(name), type, wide.has(name), 0);

/** The expression of a kept value as queries see it. */
function shown(value: string, type: ColumnType, wide: boolean, depth: number): string {
  if (isKeptAsShown(type)) return value;
  switch (type.name) {
    case 'TIMESTAMP':
      return localTime(value, true, wide);
    case 'TIMESTAMP_NTZ':
      return localTime(value, false, wide);
    case 'INTERVAL_DAY_TIME':
      return marked(value, MARKS.dayTime.name);
    case 'INTERVAL_YEAR_MONTH':
      return marked(value, MARKS.yearMonth.name);
    case 'ARRAY':
      return mapped(value, depth, (item) => shown(item, type.element, wide, depth + 1));
    case 'MAP':
      return `map_from_entries(${mapped(value, depth, (entry) => {
        const key = shown(`${entry}.k`, type.key, wide, depth + 1);
        return `struct_pack(k := ${key}, v := ${shown(`${entry}.v`, type.value, wide, depth + 1)})`;
      })})`;
    case 'STRUCT': {
      const fields = type.fields.map(
        (field, index) =>
          `${identifier(field.name)} := ${shown(`(${value}).f${index}`, field.type, wide, depth)}`,
      );
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${fields.join(', ')}) END`;
    }
    default:
      return value;
  }
}

/** Whether DuckDB shows the value of this type as it is kept. */
function isKeptAsShown(type: ColumnType): boolean {
  switch (type.name) {
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
    case 'INTERVAL_YEAR_MONTH':
    case 'MAP':
    case 'STRUCT':
      return false;
    case 'ARRAY':
      return isKeptAsShown(type.element);
    default:
      return true;
  }
}

const mapped = (value: string, depth: number, item: (name: string) => string): string =>
  `list_transform(${value}, lambda ${itemName(depth)}: ${item(itemName(depth))})`;

/** The branch that is never taken lends its named type to the whole: DuckDB keeps it through a query. */
const marked = (value: string, mark: string): string => `CASE WHEN false THEN ${mark}() ELSE ${value} END`;

function localTime(nanoseconds: string, isInstant: boolean, wide: boolean): string {
  const below = `((${nanoseconds} % 1000 + 1000) % 1000)`;
  const microseconds = `CAST((${nanoseconds} - ${below}) // 1000 AS BIGINT)`;
  const local = isInstant
    ? `CAST(make_timestamptz(${microseconds}) AS TIMESTAMP)`
    : `make_timestamp(${microseconds})`;
  return wide ? local : `make_timestamp_ns(CAST(epoch_us(${local})::HUGEINT * 1000 + ${below} AS BIGINT))`;
}
