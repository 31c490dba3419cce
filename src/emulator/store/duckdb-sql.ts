import type { ColumnDefinition, Table } from '../model/catalog.ts';
import type { ColumnType } from '../model/types.ts';

/** Tables of the emulator's own, beside the views that queries see. */
export const OWN = 'emulator_data';
/** An in-memory database for blocks not committed: nothing of them survives the process. */
export const STAGING = 'staging';

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const storage = (table: Table): string => `${OWN}.${identifier(table.id)}`;
export const visible = (table: Table): string => `${identifier(table.schema)}.${identifier(table.name)}`;

export function createView(table: Table, select: string): string {
  return `CREATE OR REPLACE VIEW ${visible(table)} AS ${select}`;
}

/**
 * What queries see: instants as local times of the session's zone, table partition columns last. Nanoseconds
 * end in 2262 in DuckDB; `wide` shows a table that holds times outside in microseconds.
 */
export function selectLocal(table: Table, wide = false): string {
  const columns = [...table.columns, ...table.tablePartitionColumns];
  const list = columns.map((column) => `${localExpression(column, wide)} AS ${identifier(column.name)}`);
  return `SELECT ${list.join(', ')} FROM ${storage(table)}`;
}

function localExpression({ name, type }: ColumnDefinition, wide: boolean): string {
  const column = identifier(name);
  if (type.name === 'DATETIME') return toLocal(column);
  if (type.name !== 'TIMESTAMP' && type.name !== 'TIMESTAMP_NTZ') return column;
  const below = `((${column} % 1000 + 1000) % 1000)`;
  const microseconds = `make_timestamp(CAST((${column} - ${below}) // 1000 AS BIGINT))`;
  const shown = type.name === 'TIMESTAMP' ? toLocal(microseconds) : microseconds;
  return wide ? shown : `make_timestamp_ns(CAST(epoch_us(${shown})::HUGEINT * 1000 + ${below} AS BIGINT))`;
}

const toLocal = (utc: string): string => `timezone(current_setting('TimeZone'), timezone('UTC', ${utc}))`;

/** Whether a block has times that nanoseconds since 1970 cannot hold in 64 bits, with a day's margin. */
export function wideTest(table: Table, block: string): string | undefined {
  const limit = '9223200000000000000';
  const tests = table.columns.flatMap(({ type }, index) =>
    type.name === 'TIMESTAMP' || type.name === 'TIMESTAMP_NTZ' ? [`abs(c${index}) > ${limit}`] : [],
  );
  return tests.length ? `SELECT 1 FROM ${STAGING}.${block} WHERE ${tests.join(' OR ')} LIMIT 1` : undefined;
}

export function storedType(type: ColumnType): string {
  switch (type.name) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'BIGINT':
    case 'FLOAT':
    case 'DOUBLE':
    case 'BOOLEAN':
    case 'DATE':
      return type.name;
    case 'INT':
    case 'INTERVAL_YEAR_MONTH':
      return 'INTEGER';
    case 'DATETIME':
      return 'TIMESTAMP';
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return 'HUGEINT';
    case 'BINARY':
      return 'BLOB';
    case 'DECIMAL':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'ARRAY':
      return `${storedType(type.element)}[]`;
    case 'MAP':
      return `MAP(${storedType(type.key)}, ${storedType(type.value)})`;
    case 'STRUCT':
      return `STRUCT(${type.fields.map((field) => `${identifier(field.name)} ${storedType(field.type)}`).join(', ')})`;
    default:
      return 'VARCHAR';
  }
}

export function where(table: Table, values: readonly string[]): string {
  const tests = table.tablePartitionColumns.map(
    (column, index) => `${identifier(column.name)} = ${literal(values[index]!)}`,
  );
  return tests.length ? ` WHERE ${tests.join(' AND ')}` : '';
}
