import type { ColumnDefinition, Table } from '../model/catalog.ts';
import type { ColumnType } from '../model/types.ts';
import { identifier, itemName, visible } from './duckdb-sql.ts';

export function createView(table: Table, select: string): string {
  return `CREATE OR REPLACE VIEW ${visible(table)} AS ${select}`;
}

/** What queries see of the rows in `from`: table partition columns last, MAP and STRUCT as DuckDB's own. */
export function selectVisible(table: Table, from: string): string {
  const columns = [...table.columns, ...table.tablePartitionColumns];
  const list = columns.map((column) => `${expression(column)} AS ${identifier(column.name)}`);
  return `SELECT ${list.join(', ')} FROM ${from}`;
}

const expression = ({ name, type }: ColumnDefinition): string => shown(identifier(name), type, 0);

/** The expression of a kept value as queries see it. */
function shown(value: string, type: ColumnType, depth: number): string {
  if (isKeptAsShown(type)) return value;
  switch (type.name) {
    // The blanks that fill it are not compared.
    case 'CHAR':
      return `rtrim(${value}, ' ')`;
    case 'ARRAY':
      return mapped(value, depth, (item) => shown(item, type.element, depth + 1));
    case 'MAP':
      return `map_from_entries(${mapped(value, depth, (entry) => {
        const key = shown(`${entry}.k`, type.key, depth + 1);
        return `struct_pack(k := ${key}, v := ${shown(`${entry}.v`, type.value, depth + 1)})`;
      })})`;
    case 'STRUCT': {
      const fields = type.fields.map(
        (field, index) => `${identifier(field.name)} := ${shown(`(${value}).f${index}`, field.type, depth)}`,
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
    case 'CHAR':
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
