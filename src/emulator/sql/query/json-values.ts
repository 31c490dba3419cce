import { identifier, literal } from '../../store/duckdb-sql.ts';
import { textOf } from './casts.ts';
import type { SqlType } from './types.ts';

/** The value in a form that DuckDB's JSON functions write as the service does: times as texts, JSON as it is. */
export function jsonReady(sql: string, type: SqlType): string {
  if (!changes(type)) return sql;
  switch (type.name) {
    case 'JSON':
      return `CAST(${sql} AS JSON)`;
    case 'ARRAY':
      return `list_transform(${sql}, lambda "each value": ${jsonReady('"each value"', type.element)})`;
    case 'MAP': {
      const key = jsonReady('"each value".key', type.key);
      const value = jsonReady('"each value".value', type.value);
      return `map_from_entries(list_transform(map_entries(${sql}), lambda "each value": {'key': ${key}, 'value': ${value}}))`;
    }
    case 'STRUCT': {
      const fields = type.fields.map(
        (field) =>
          `${identifier(field.name)} := ${jsonReady(`struct_extract(${sql}, ${literal(field.name)})`, field.type)}`,
      );
      return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`;
    }
    default:
      return textOf(type, sql) ?? sql;
  }
}

function changes(type: SqlType): boolean {
  switch (type.name) {
    case 'JSON':
    case 'DATETIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return true;
    case 'ARRAY':
      return changes(type.element);
    case 'MAP':
      return changes(type.key) || changes(type.value);
    case 'STRUCT':
      return type.fields.some((field) => changes(field.type));
    default:
      return false;
  }
}
