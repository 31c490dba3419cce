import type { ColumnDefinition, TableDefinition, TableName } from '../model/catalog.ts';
import { typeText } from '../model/types.ts';
import { illegalType, invalidColumn, semantic } from './statement-errors.ts';

/** Limits of a table in MaxCompute. */
const COLUMNS = 1200;
const LEVELS = 6;
const NAME_BYTES = 128;
const COMMENT_BYTES = 1024;

/** Types of table partition columns. */
const LEVEL_TYPES = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'STRING', 'VARCHAR', 'CHAR', 'DATE'];

/** Throws for a definition that the service refuses. */
export function checkDefinition(name: TableName, table: TableDefinition, at: string): void {
  checkName(name.name, at);
  const { columns, tablePartitionColumns } = table;
  if (!columns.length) throw semantic(at, 'a table needs at least one column that is no partition column');
  if (columns.length > COLUMNS)
    throw semantic(at, `${columns.length} columns exceed the limit of ${COLUMNS}`);
  if (tablePartitionColumns.length > LEVELS) {
    throw semantic(at, `${tablePartitionColumns.length} partition columns exceed the limit of ${LEVELS}`);
  }
  checkColumns([...columns, ...tablePartitionColumns], at);
  for (const column of tablePartitionColumns) {
    checkLevel(column, at);
    checkOrigin(table, column, at);
  }
  checkLength('the comment', table.comment, COMMENT_BYTES, at);
  checkPrimaryKey(table, at);
  checkClustering(table, at);
}

export function checkName(name: string, at: string): void {
  if (/^\w+$/.test(name) && name.length <= NAME_BYTES) return;
  throw semantic(at, `'${name}' is no name: letters, digits and underscores, at most ${NAME_BYTES}`);
}

/** Names and comments of columns that stand together in one table. */
export function checkColumns(columns: readonly ColumnDefinition[], at: string): void {
  const seen = new Set<string>();
  for (const { name, comment } of columns) {
    if (seen.has(name)) throw semantic(at, `column ${name} is repeated`);
    seen.add(name);
    if (!/^[\w\u0080-\uffff]+$/.test(name)) throw invalidColumn(at, `'${name}' is no column name`);
    checkLength(`column name ${name}`, name, NAME_BYTES, at);
    checkLength(`the comment of column ${name}`, comment, COMMENT_BYTES, at);
  }
}

function checkLength(what: string, text: string, limit: number, at: string): void {
  if (Buffer.byteLength(text) > limit) throw semantic(at, `${what} is longer than ${limit} bytes`);
}

function checkLevel({ name, type }: ColumnDefinition, at: string): void {
  if (LEVEL_TYPES.includes(type.name)) return;
  throw illegalType(at, `partition column ${name} cannot be of type ${typeText(type).toUpperCase()}`);
}

/** AUTO PARTITIONED BY takes a time of the row. */
function checkOrigin({ columns }: TableDefinition, { generated }: ColumnDefinition, at: string): void {
  if (!generated) return;
  const origin = columns.find(({ name }) => name === generated.column);
  if (!origin) throw semantic(at, `column ${generated.column} cannot be resolved`);
  if (['DATE', 'DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ'].includes(origin.type.name)) return;
  const type = typeText(origin.type).toUpperCase();
  throw illegalType(at, `TRUNC_TIME takes a time, column ${origin.name} is of type ${type}`);
}

function checkPrimaryKey({ columns, primaryKey }: TableDefinition, at: string): void {
  if (!primaryKey.length) return;
  if (new Set(primaryKey).size < primaryKey.length) throw semantic(at, 'the primary key repeats a column');
  for (const name of primaryKey) {
    if (!columns.some((one) => one.name === name))
      throw semantic(at, `primary key column ${name} cannot be resolved`);
  }
}

function checkClustering({ columns, clustering }: TableDefinition, at: string): void {
  if (!clustering) return;
  const wanted = [...clustering.columns, ...clustering.sorted.map(({ name }) => name)];
  const unknown = wanted.find((name) => !columns.some((column) => column.name === name));
  if (unknown) throw semantic(at, `clustering column ${unknown} cannot be resolved`);
}
