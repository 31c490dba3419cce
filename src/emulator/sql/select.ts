import type { ColumnDefinition } from '../model/catalog.ts';
import { type ColumnType, lowerFields } from '../model/types.ts';
import { castTo, fromLocal } from './query/casts.ts';
import type { QueryScope } from './query/context.ts';
import { queryError } from './query/errors.ts';
import { translateParsed } from './query/queries.ts';
import type { Query } from './query/syntax/ast.ts';
import { parseQuery } from './query/syntax/queries.ts';
import { columnType, duckName, isNested, isText } from './query/types.ts';

export type { QueryScope } from './query/context.ts';
export { describeQueryError, inOurTypes } from './query/errors.ts';
export { truncTime } from './query/trunc-time.ts';

/** A query in DuckDB's dialect and what it answers. */
export interface AnalyzedQuery {
  readonly sql: string;
  /** Names and types as the service gives them; the store keeps the rows by these types. */
  readonly columns: readonly ColumnDefinition[];
  /** Names as they are written: a table or a view cannot have one twice. */
  readonly names: readonly string[];
}

/**
 * Reads and checks a MaxCompute query and writes it in DuckDB's dialect. Throws StatementError: 0130161 for
 * what cannot be read, 0130131 for tables, 0130071 for names and types, 0130121 and 0130221 for arguments.
 */
export function analyzeQuery(text: string, scope: QueryScope): AnalyzedQuery {
  const { sql, columns } = nestedInReason(text, () => translateParsed(parseQuery(text), text, scope));
  const definitions = columns.map(({ name, type }) => ({
    name,
    type: lowerFields(columnType(type)),
    comment: '',
    nullable: true,
  }));
  return { sql, columns: definitions, names: columns.map(({ name, written }) => written ?? name) };
}

export interface QueryColumn {
  readonly type: ColumnType;
  /** A bare NULL, which fits into a column of any type. */
  readonly empty: boolean;
}

/** The same for a query that a statement stands for; places in it are places in `text`. */
export function analyzeTree(query: Query, text: string, scope: QueryScope) {
  const { sql, columns } = nestedInReason(text, () => translateParsed(query, text, scope));
  const list = columns.map(({ type, empty = false }): QueryColumn => ({ type: columnType(type), empty }));
  return { sql, columns: list };
}

/** Parentheses by the thousand overflow the stack: a fault of the query. */
function nestedInReason<T>(text: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw queryError(text, Math.max(0, text.search(/\S/)), '0130071', 'the query is nested too deeply');
  }
}

/** A value of a query on its way into a column: where DuckDB would write another text or know no time, the service's. */
export function insertedValue(sql: string, from: ColumnType, to: ColumnType): string {
  if (isText(from) && isFine(to)) return timeOf(sql, from, to);
  const written = isText(to) && !isText(from);
  const ours = written || to.name === 'BINARY' || hasFine(from) || hasFine(to);
  return (ours ? castTo({ sql, type: from }, to) : undefined) ?? sql;
}

/** A value in exactly the form of the column's values, so that both can stand in one CASE. */
export function exactValue(sql: string, from: ColumnType, to: ColumnType): string {
  if (isNested(to)) return castTo({ sql, type: from }, to) ?? sql;
  return `CAST(${insertedValue(sql, from, to)} AS ${duckName(to)})`;
}

/** A text that is no time ends the statement, as it does in a column of DATETIME. */
const timeOf = (sql: string, from: ColumnType, to: ColumnType): string =>
  `coalesce(${castTo({ sql, type: from }, to)}, ${fromLocal(`CAST(${sql} AS TIMESTAMP)`, to)})`;

const isFine = ({ name }: ColumnType): boolean => name === 'TIMESTAMP' || name === 'TIMESTAMP_NTZ';

/** Whether there are nanoseconds in it. */
function hasFine(type: ColumnType): boolean {
  switch (type.name) {
    case 'ARRAY':
      return hasFine(type.element);
    case 'MAP':
      return hasFine(type.key) || hasFine(type.value);
    case 'STRUCT':
      return type.fields.some((field) => hasFine(field.type));
    default:
      return isFine(type);
  }
}
