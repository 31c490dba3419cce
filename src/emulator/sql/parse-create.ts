import {
  type Clustering,
  type ColumnDefinition,
  type ExternalStorage,
  isGeneratedUnit,
  type TableDefinition,
} from '../model/catalog.ts';
import {
  atEnd,
  type Cursor,
  expectSymbol,
  expectWords,
  here,
  inParentheses,
  isSymbol,
  peekWord,
  readColumnName,
  readLiteral,
  readNumber,
  readText,
  startOf,
  takeWords,
  textSince,
  unexpected,
} from './cursor.ts';
import { readColumns } from './parse-columns.ts';
import { readName, readNames, readProperties } from './parse-names.ts';
import { unsupported } from './statement-errors.ts';
import type { CreateTable, CreateView, IfPresent, NameRef, QueryText, Statement } from './statements.ts';
import { parseError } from './tokens.ts';

/** Days that a LIFECYCLE may have. */
export const LIFECYCLE_DAYS = 37_231;

/** Sorts of objects that MaxCompute creates and this does not. */
const OTHER_OBJECTS = [
  'FUNCTION',
  'MATERIALIZED',
  'ROLE',
  'PACKAGE',
  'SQL',
  'TEMPORARY',
  'DATABASE',
  'STREAM',
];

export function readCreate(cursor: Cursor): Statement {
  expectWords(cursor, 'CREATE');
  const replaces = takeWords(cursor, 'OR', 'REPLACE');
  const external = takeWords(cursor, 'EXTERNAL');
  if (!external && !replaces && takeWords(cursor, 'SCHEMA')) return readCreateSchema(cursor);
  if (!external && takeWords(cursor, 'VIEW')) return readCreateView(cursor, replaces);
  if (!external && OTHER_OBJECTS.includes(peekWord(cursor) ?? '')) {
    throw unsupported(here(cursor), `CREATE ${peekWord(cursor)}`);
  }
  expectWords(cursor, 'TABLE');
  return readCreateTable(cursor, replaces, external);
}

function readIfPresent(cursor: Cursor, replaces: boolean): IfPresent {
  if (replaces) return 'replace';
  return takeWords(cursor, 'IF', 'NOT', 'EXISTS') ? 'keep' : 'fail';
}

function readCreateSchema(cursor: Cursor): Statement {
  const ifNotExists = takeWords(cursor, 'IF', 'NOT', 'EXISTS');
  const name = readName(cursor);
  const comment = takeWords(cursor, 'COMMENT') ? readText(cursor) : '';
  return { kind: 'create_schema', name, ifNotExists, comment };
}

function readCreateView(cursor: Cursor, replaces: boolean): CreateView {
  const ifPresent = readIfPresent(cursor, replaces);
  const name = readName(cursor);
  const columns: { name: string; comment: string }[] = [];
  if (isSymbol(cursor, '(')) {
    inParentheses(cursor, () => {
      const column = readColumnName(cursor);
      columns.push({ name: column, comment: takeWords(cursor, 'COMMENT') ? readText(cursor) : '' });
    });
  }
  const comment = takeWords(cursor, 'COMMENT') ? readText(cursor) : '';
  const properties = takeWords(cursor, 'TBLPROPERTIES') ? readProperties(cursor) : {};
  expectWords(cursor, 'AS');
  return { kind: 'create_view', name, ifPresent, columns, comment, properties, query: readQuery(cursor) };
}

/** The rest of the statement, which must begin like a query. */
export function readQuery(cursor: Cursor): QueryText {
  const words = ['SELECT', 'WITH', 'FROM', 'VALUES'];
  if (!isSymbol(cursor, '(') && !words.includes(peekWord(cursor) ?? '')) throw unexpected(cursor);
  const start = startOf(cursor);
  const first = cursor.at;
  while (!atEnd(cursor)) cursor.at += 1;
  return { text: textSince(cursor, first), start };
}

function readCreateTable(cursor: Cursor, replaces: boolean, external: boolean): CreateTable {
  const ifPresent = readIfPresent(cursor, replaces);
  const name = readName(cursor);
  const list = isSymbol(cursor, '(') ? readColumns(cursor) : undefined;
  const table = readClauses(cursor, external);
  const { columns = [], primaryKey = [] } = list ?? {};
  const statement = {
    kind: 'create_table',
    name,
    ifPresent,
    table: { ...table, columns, primaryKey },
  } as const;
  if (list) return statement;
  if (takeWords(cursor, 'AS')) return { ...statement, as: readQuery(cursor) };
  return { ...statement, ...readLike(cursor) };
}

/** `LIKE other [LIFECYCLE n]`: the definition comes from the other table. */
function readLike(cursor: Cursor): { like: NameRef; table?: TableDefinition } {
  expectWords(cursor, 'LIKE');
  const like = readName(cursor);
  const table = { columns: [], primaryKey: [], ...readClauses(cursor, false) };
  return { like, table };
}

type Clauses = {
  -readonly [Key in keyof Omit<TableDefinition, 'columns' | 'primaryKey'>]: TableDefinition[Key];
};

/** What stands behind the columns, in any order. */
function readClauses(cursor: Cursor, external: boolean): Clauses {
  const clauses: Clauses = { tablePartitionColumns: [], comment: '', lifecycle: -1, properties: {} };
  const storage: Record<string, unknown> = { location: '' };
  while (
    readClause(cursor, clauses) ||
    (external && readStorage(cursor, storage)) ||
    takeStoredAs(cursor, external)
  );
  if (!external) return clauses;
  // Its fields are written by readStorage alone.
  return { ...clauses, external: storage as unknown as ExternalStorage };
}

function readClause(cursor: Cursor, clauses: Clauses): boolean {
  if (takeWords(cursor, 'COMMENT')) clauses.comment = readText(cursor);
  else if (takeWords(cursor, 'LIFECYCLE')) clauses.lifecycle = readNumber(cursor, 1, LIFECYCLE_DAYS);
  else if (takeWords(cursor, 'PARTITIONED', 'BY'))
    clauses.tablePartitionColumns = readTablePartitionColumns(cursor);
  else if (takeWords(cursor, 'TBLPROPERTIES')) clauses.properties = readProperties(cursor);
  else if (takeWords(cursor, 'CLUSTERED', 'BY')) clauses.clustering = readClustering(cursor, 'hash');
  else if (takeWords(cursor, 'RANGE', 'CLUSTERED', 'BY'))
    clauses.clustering = readClustering(cursor, 'range');
  else if (takeWords(cursor, 'INTO')) skipShards(cursor);
  else if (takeWords(cursor, 'AUTO', 'PARTITIONED', 'BY'))
    clauses.tablePartitionColumns = [readGenerated(cursor)];
  else return false;
  return true;
}

/** `INTO n SHARDS [HUBLIFECYCLE n]`: of a hub that the service has given up; PyODPS still writes it. */
function skipShards(cursor: Cursor): void {
  readNumber(cursor, 1, Number.MAX_SAFE_INTEGER);
  expectWords(cursor, 'SHARDS');
  if (takeWords(cursor, 'HUBLIFECYCLE')) readNumber(cursor, 1, LIFECYCLE_DAYS);
}

function readTablePartitionColumns(cursor: Cursor): ColumnDefinition[] {
  const { columns, primaryKey } = readColumns(cursor);
  if (primaryKey.length) throw unexpected(cursor);
  return columns;
}

/** The service's name for a column that is given none. */
const GENERATED_NAME = '_pt_col_0_';

/** `(TRUNC_TIME(column, 'day') [AS name])`. */
function readGenerated(cursor: Cursor): ColumnDefinition {
  expectSymbol(cursor, '(');
  if (peekWord(cursor) !== 'TRUNC_TIME') throw unexpected(cursor);
  cursor.at += 1;
  expectSymbol(cursor, '(');
  const at = here(cursor);
  const column = readColumnName(cursor);
  if (column === '_partitiontime') throw unsupported(at, 'a table partition for the time of writing');
  expectSymbol(cursor, ',');
  const place = startOf(cursor);
  const unit = readText(cursor).toLowerCase();
  if (!isGeneratedUnit(unit))
    throw parseError(cursor.sql, place, `TRUNC_TIME takes 'year', 'month', 'day' or 'hour'`);
  expectSymbol(cursor, ')');
  const name = takeWords(cursor, 'AS') ? readColumnName(cursor) : GENERATED_NAME;
  const comment = takeWords(cursor, 'COMMENT') ? readText(cursor) : '';
  expectSymbol(cursor, ')');
  return { name, type: { name: 'STRING' }, comment, nullable: true, generated: { column, unit } };
}

/** `(a, b) [SORTED BY (a DESC)] [INTO n BUCKETS]`; a range may leave the number out. */
export function readClustering(cursor: Cursor, kind: 'hash' | 'range'): Clustering {
  const columns = readNames(cursor);
  const sorted: { name: string; descending: boolean }[] = [];
  if (takeWords(cursor, 'SORTED', 'BY')) {
    inParentheses(cursor, () => {
      const name = readColumnName(cursor);
      const descending = takeWords(cursor, 'DESC');
      if (!descending) takeWords(cursor, 'ASC');
      sorted.push({ name, descending });
    });
  }
  if (kind === 'range' && peekWord(cursor) !== 'INTO') return { kind, columns, sorted, buckets: 0 };
  expectWords(cursor, 'INTO');
  const buckets = readNumber(cursor, 1, 4096);
  if (!takeWords(cursor, 'SHARDS')) expectWords(cursor, 'BUCKETS');
  return { kind, columns, sorted, buckets };
}

/** Managed tables take STORED AS too, for the one format that they have. */
function takeStoredAs(cursor: Cursor, external: boolean): boolean {
  if (external || !takeWords(cursor, 'STORED', 'AS')) return false;
  readLiteral(cursor);
  return true;
}

function readStorage(cursor: Cursor, storage: Record<string, unknown>): boolean {
  if (takeWords(cursor, 'STORED', 'AS')) storage.storedAs = readStoredAs(cursor);
  else if (takeWords(cursor, 'STORED', 'BY')) storage.handler = readLiteral(cursor);
  else if (takeWords(cursor, 'ROW', 'FORMAT', 'SERDE')) storage.serde = readText(cursor);
  else if (takeWords(cursor, 'WITH', 'SERDEPROPERTIES')) storage.serdeProperties = readProperties(cursor);
  else if (takeWords(cursor, 'LOCATION')) storage.location = readText(cursor);
  else if (takeWords(cursor, 'USING')) storage.resources = readText(cursor);
  else return false;
  return true;
}

function readStoredAs(cursor: Cursor): string {
  if (!takeWords(cursor, 'INPUTFORMAT')) return readLiteral(cursor);
  const input = readText(cursor);
  expectWords(cursor, 'OUTPUTFORMAT');
  readText(cursor);
  return input;
}
