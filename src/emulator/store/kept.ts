import type { ColumnType, SimpleName } from '../model/types.ts';
import type { Api, DuckDBType } from './duckdb.ts';
import { itemName, literal, storedType } from './duckdb-sql.ts';

/** The MaxCompute type of a query's column, as far as DuckDB can tell. */
export function resultType(api: Api, type: DuckDBType): ColumnType {
  if (type instanceof api.DuckDBDecimalType) {
    const scale = Math.min(type.scale, 18);
    return { name: 'DECIMAL', precision: Math.max(type.width - (type.scale - scale), scale, 1), scale };
  }
  if (type instanceof api.DuckDBListType || type instanceof api.DuckDBArrayType)
    return { name: 'ARRAY', element: resultType(api, type.valueType) };
  if (type instanceof api.DuckDBMapType)
    return { name: 'MAP', key: resultType(api, type.keyType), value: resultType(api, type.valueType) };
  if (type instanceof api.DuckDBStructType) {
    const fields = type.entryNames.map((name, index) => ({
      name,
      type: resultType(api, type.entryTypes[index]!),
    }));
    return { name: 'STRUCT', fields };
  }
  const name = SIMPLE[api.DuckDBTypeId[type.typeId] ?? ''];
  return { name: name ?? 'STRING' };
}

/** By DuckDB's name; what is not here is shown as text. */
const SIMPLE: Record<string, SimpleName> = {
  BOOLEAN: 'BOOLEAN',
  TINYINT: 'TINYINT',
  SMALLINT: 'SMALLINT',
  UTINYINT: 'SMALLINT',
  INTEGER: 'INT',
  USMALLINT: 'INT',
  BIGINT: 'BIGINT',
  UINTEGER: 'BIGINT',
  UBIGINT: 'BIGINT',
  HUGEINT: 'BIGINT',
  UHUGEINT: 'BIGINT',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
  DATE: 'DATE',
  BLOB: 'BINARY',
  TIMESTAMP_TZ: 'DATETIME',
  TIMESTAMP: 'TIMESTAMP_NTZ',
  TIMESTAMP_S: 'TIMESTAMP_NTZ',
  TIMESTAMP_MS: 'TIMESTAMP_NTZ',
  INTERVAL: 'INTERVAL_DAY_TIME',
};

/** The expression that keeps a query's value of DuckDB's `from` as `type`. */
export function kept(api: Api, value: string, type: ColumnType, from: DuckDBType, depth = 0): string {
  switch (type.name) {
    case 'DATETIME':
      return toMilliseconds(`CAST(${value} AS TIMESTAMPTZ)`);
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return toNanoseconds(api, value, type.name === 'TIMESTAMP', from);
    case 'INTERVAL_DAY_TIME':
      if (from instanceof api.DuckDBIntervalType) return `CAST(epoch_us(${value}) AS HUGEINT) * 1000`;
      break;
    case 'INTERVAL_YEAR_MONTH':
      if (from instanceof api.DuckDBIntervalType)
        return `CAST(date_part('year', ${value}) * 12 + date_part('month', ${value}) AS INTEGER)`;
      break;
    case 'ARRAY':
    case 'MAP':
    case 'STRUCT':
      return keptNested(api, value, type, from, depth);
  }
  return `CAST(${value} AS ${storedType(type)})`;
}

type Nested = Extract<ColumnType, { name: 'ARRAY' | 'MAP' | 'STRUCT' }>;

function keptNested(api: Api, value: string, type: Nested, from: DuckDBType, depth: number): string {
  const item = itemName(depth);
  if (type.name === 'ARRAY' && (from instanceof api.DuckDBListType || from instanceof api.DuckDBArrayType))
    return `list_transform(${value}, lambda ${item}: ${kept(api, item, type.element, from.valueType, depth + 1)})`;
  if (type.name === 'MAP' && from instanceof api.DuckDBMapType) {
    const key = kept(api, `${item}.key`, type.key, from.keyType, depth + 1);
    const entry = `struct_pack(k := ${key}, v := ${kept(api, `${item}.value`, type.value, from.valueType, depth + 1)})`;
    return `list_transform(map_entries(${value}), lambda ${item}: ${entry})`;
  }
  if (type.name === 'STRUCT' && from instanceof api.DuckDBStructType) {
    // By place, as MaxCompute assigns structs; struct_extract counts from 1 only where fields have no names.
    const fields = type.fields.map((field, index) => {
      const name = from.entryNames[index];
      const source = `struct_extract(${value}, ${literal(name ?? '')})`;
      return `f${index} := ${name === undefined ? 'NULL' : kept(api, source, field.type, from.entryTypes[index]!, depth)}`;
    });
    return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${fields.join(', ')}) END`;
  }
  return `CAST(${value} AS ${storedType(type)})`;
}

const floored = (value: string, unit: number): string => `((${value} % ${unit} + ${unit}) % ${unit})`;

/** DATETIME has milliseconds; what is below is cut off. */
function toMilliseconds(instant: string): string {
  const microseconds = `epoch_us(${instant})`;
  return `make_timestamptz(${microseconds} - ${floored(microseconds, 1000)})`;
}

function toNanoseconds(api: Api, value: string, isInstant: boolean, from: DuckDBType): string {
  if (api.DuckDBTypeId[from.typeId] === 'HUGEINT') return value;
  return `CAST(epoch_us(CAST(${value} AS ${isInstant ? 'TIMESTAMPTZ' : 'TIMESTAMP'})) AS HUGEINT) * 1000`;
}
