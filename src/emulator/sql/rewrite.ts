import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { typeText } from '../model/types.ts';
import { givenColumns, withGenerated } from './generated.ts';
import { castsImplicitly } from './implicit-cast.ts';
import { type Plan, replacing } from './insert.ts';
import { defaultOf } from './insert-sources.ts';
import { rewrittenRows, type Source } from './insert-sql.ts';
import { ownTableNamed } from './names.ts';
import { type RewriteTree, rewriteTree, type Written } from './rewrite-tree.ts';
import type { Run } from './run.ts';
import { queryTree } from './run-query.ts';
import { exactValue, type QueryColumn } from './select.ts';
import { illegalCast, semantic } from './statement-errors.ts';
import type { Rewrite, RewriteClause } from './statements.ts';
import { position } from './tokens.ts';

/** UPDATE, DELETE and MERGE INTO: the rows of a transactional table are replaced by those that a query makes of them. */
export function rewritePlan(run: Run, statement: Rewrite): Plan {
  const { kind, name, clauses } = statement;
  const table = ownTableNamed(run, name);
  if (!table.transactional) {
    const text = `${kind.toUpperCase()} needs a table with TBLPROPERTIES ('transactional'='true')`;
    throw semantic(name.at, `${text}: ${table.name} has not`);
  }
  for (const clause of clauses) checkClause(table, clause);
  checkLast(name.at, clauses);
  const tree = rewriteTree(run, table, statement);
  const { sql, columns } = queryTree(run, tree.query);
  const sources = sourcesOf(run, table, tree, columns, statement);
  const row = table.columns.length + table.tablePartitionColumns.length;
  const rows = rewrittenRows(sql, columns.length, sources, {
    row: `c${row}`,
    clause: `c${row + 1}`,
    joined: statement.source !== undefined,
    deletes: clauses.flatMap(({ change }, index) => (change.do === 'delete' ? [index + 1] : [])),
  });
  return replacing(run, table, rows);
}

function checkClause(table: Table, { change }: RewriteClause): void {
  if (change.do === 'update') {
    for (const [index, { column, at }] of change.set.entries()) {
      checkSet(table, column, at);
      if (change.set.findIndex((each) => each.column === column) < index)
        throw semantic(at, `column ${column} is repeated`);
    }
  }
  if (change.do !== 'insert') return;
  const all = givenColumns(table).map(({ name }) => name);
  const { columns, values, at } = change;
  const unknown = columns.find((name) => !all.includes(name));
  if (unknown) throw semantic(at, `column ${unknown} cannot be resolved`);
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice) throw semantic(at, `column ${twice} is repeated`);
  const level = table.tablePartitionColumns.find(
    ({ name, generated }) => columns.length && !generated && !columns.includes(name),
  );
  if (level) throw semantic(at, `partition column ${level.name} is missing in the columns of INSERT`);
  const needed = columns.length || all.length;
  if (values.length !== needed)
    throw semantic(at, `INSERT has ${values.length} values, requires ${needed} columns`);
}

function checkSet(table: Table, column: string, at: string): void {
  if (table.tablePartitionColumns.some(({ name }) => name === column)) {
    throw semantic(at, `partition column ${column} cannot be updated`);
  }
  if (table.primaryKey.includes(column)) throw semantic(at, `primary key column ${column} cannot be updated`);
  if (!table.columns.some(({ name }) => name === column))
    throw semantic(at, `column ${column} cannot be resolved`);
}

/** A clause without a condition takes all rows that are left: only the last one of its kind may be such. */
function checkLast(at: string, clauses: readonly RewriteClause[]): void {
  for (const [index, { when, condition }] of clauses.entries()) {
    if (condition || !clauses.slice(index + 1).some((later) => later.when === when)) continue;
    throw semantic(at, `only the last WHEN ${when.toUpperCase()} clause can have no condition`);
  }
}

/** For each column what it becomes in the rows of each clause. */
function sourcesOf(
  run: Run,
  table: Table,
  { written }: RewriteTree,
  given: readonly QueryColumn[],
  { clauses, name }: Rewrite,
): Source[] {
  const all = [...table.columns, ...table.tablePartitionColumns];
  const clause = `c${all.length + 1}`;
  const sources = all.map((column, index): Source => {
    const branches = clauses.flatMap(({ change }, at) => {
      if (change.do === 'delete') return [];
      const value = written.find((each) => each.clause === at + 1 && each.column === column.name);
      if (value) return [`WHEN ${at + 1} THEN ${converted(run, value, given, column.type)}`];
      return change.do === 'insert' ? [`WHEN ${at + 1} THEN ${defaultOf(run, column, name.at)}`] : [];
    });
    const value = branches.length ? `CASE ${clause} ${branches.join(' ')} ELSE c${index} END` : `c${index}`;
    return { column, value, level: index >= table.columns.length };
  });
  return withGenerated(sources);
}

function converted(
  run: Run,
  { place, start }: Written,
  given: readonly QueryColumn[],
  to: ColumnDefinition['type'],
): string {
  const from = given[place]!;
  if (from.empty) return 'NULL';
  if (!castsImplicitly(from.type, to))
    throw illegalCast(position(run.sql, start), shown(from.type), shown(to));
  return exactValue(`c${place}`, from.type, to);
}

const shown = (type: ColumnDefinition['type']): string => typeText(type).toUpperCase();
