import type { Table } from '../model/catalog.ts';
import { givenColumns } from './generated.ts';
import { queryError } from './query/errors.ts';
import type { Expression, From, Query, Select, SelectItem } from './query/syntax/ast.ts';
import { parseExpression, parseSource } from './query/syntax/pieces.ts';
import { parseQuery } from './query/syntax/queries.ts';
import type { Run } from './run.ts';
import type { ColumnValue, QueryText, Rewrite, RewriteClause } from './statements.ts';

/** What a clause writes into a column: where it stands in the script, and its place among the query's columns. */
export interface Written {
  readonly clause: number;
  readonly column: string;
  readonly start: number;
  readonly place: number;
}

/** Which clause a row falls under: 0 none, n the n-th. */
export interface RewriteTree {
  /** Its columns: those of the table, the number of the target's row (NULL: none), the clause, what is written. */
  readonly query: Query;
  readonly written: readonly Written[];
}

const ROW = 'row of the target';
const SOURCE = 'row of the source';

/** UPDATE, DELETE and MERGE as a query over the target, joined with the source where there is one. */
export function rewriteTree(run: Run, table: Table, statement: Rewrite): RewriteTree {
  const expression = (piece: QueryText): Expression => parseExpression(run.sql, piece);
  const target = statement.alias ?? statement.name.parts.at(-1)!;
  const columns = [...table.columns, ...table.tablePartitionColumns].map(({ name }) => name);
  const given = givenColumns(table).map(({ name }) => name);
  const tests = statement.clauses.map((clause) => testOf(clause, target, statement, expression));
  const values = statement.clauses.flatMap((clause, index) =>
    valuesOf(clause, given).map((given) => ({ clause: index + 1, ...given })),
  );
  const items = [
    ...columns.map((column) => name(target, column)),
    statement.source ? name(target, ROW) : NULL,
    caseOf(tests.map((test, index) => [test, number(index + 1)] as const)),
    ...values.map(({ clause, value, item }) =>
      caseOf([[tests[clause - 1]!, itemOf(expression(value), item, run.sql)]], NULL),
    ),
  ];
  const from = fromOf(run, statement, target, expression);
  const written = values.map(({ clause, column, value }, index) => ({
    clause,
    column,
    start: value.start,
    place: columns.length + 2 + index,
  }));
  return { query: selecting(items, from), written };
}

/** One column of a subquery that gives several. */
function itemOf(value: Expression, item: number | undefined, script: string): Expression {
  if (item === undefined) return value;
  const body = value.kind === 'query' ? value.query.body : undefined;
  const chosen = body?.kind === 'select' ? body.items[item] : undefined;
  if (value.kind !== 'query' || body?.kind !== 'select' || chosen?.kind !== 'expression') {
    const text = 'SET with several columns needs a subquery that selects one expression for each';
    throw queryError(script, value.at, '0130071', text);
  }
  return { ...value, query: { ...value.query, body: { ...body, items: [chosen] } } };
}

function valuesOf({ change }: RewriteClause, columns: readonly string[]): ColumnValue[] {
  if (change.do === 'delete') return [];
  if (change.do === 'update') return [...change.set];
  const names = change.columns.length ? change.columns : columns;
  return change.values.map((value, index) => ({ column: names[index] ?? '', at: change.at, value }));
}

/** Whether a row of the join is one of those that a clause is about. */
function testOf(
  { when, condition }: RewriteClause,
  target: string,
  { source }: Rewrite,
  expression: (text: QueryText) => Expression,
): Expression {
  const inTarget = isThere(name(target, ROW), when !== 'not matched');
  const inSource = isThere(
    { ...TRUE, kind: 'name', parts: [part(SOURCE)] },
    when !== 'not matched by source',
  );
  const sides = source ? [inTarget, inSource] : [];
  const tests = [...sides, ...(condition ? [expression(condition)] : [])];
  return tests.reduce(
    (left, right) => ({ kind: 'binary', at: right.at, operator: 'AND', left, right }),
    TRUE,
  );
}

function fromOf(
  run: Run,
  { name: ref, alias, source, on }: Rewrite,
  target: string,
  expression: (text: QueryText) => Expression,
): From {
  const at = 0;
  const own: From = { kind: 'table', at, parts: ref.parts, alias, columns: [], sample: undefined };
  if (!source) return own;
  const left = counted(own, `row_number() OVER () AS \`${ROW}\``, target);
  const given = parseSource(run.sql, source);
  const right = counted(given, `TRUE AS \`${SOURCE}\``, aliasOf(given));
  const condition = on && expression(on);
  return { kind: 'join', at, join: 'FULL', left, right, on: condition ?? TRUE, using: [], natural: false };
}

function aliasOf(from: From): string | undefined {
  if (from.kind === 'table') return from.alias ?? from.parts.at(-1)?.toLowerCase();
  if (from.kind === 'variable') return from.alias ?? from.name;
  return from.kind === 'subquery' ? from.alias : undefined;
}

/** The rows of a source with one more column, which is never NULL. */
function counted(from: From, column: string, alias: string | undefined): From {
  const query = parseQuery(`SELECT *, ${column} FROM t`);
  const body = { ...(query.body as Select), from };
  return {
    kind: 'subquery',
    at: from.at,
    query: { ...query, body },
    alias: alias?.toLowerCase(),
    columns: [],
  };
}

const part = (text: string) => ({ text, at: 0, quoted: true });
const name = (table: string, column: string): Expression => ({
  kind: 'name',
  at: 0,
  parts: [part(table), part(column)],
});
const number = (value: number): Expression => ({
  kind: 'literal',
  at: 0,
  type: 'integer',
  text: String(value),
});
const NULL: Expression = { kind: 'literal', at: 0, type: 'null', text: '' };
const TRUE: Expression = { kind: 'literal', at: 0, type: 'boolean', text: 'TRUE' };

const isThere = (operand: Expression, there: boolean): Expression => ({
  kind: 'test',
  at: 0,
  operand,
  test: { kind: 'null', not: there },
});

const caseOf = (
  branches: readonly (readonly [Expression, Expression])[],
  otherwise: Expression = number(0),
): Expression => ({ kind: 'case', at: 0, subject: undefined, branches, otherwise });

function selecting(expressions: readonly Expression[], from: From): Query {
  const items = expressions.map(
    (expression, index): SelectItem => ({
      kind: 'expression',
      at: expression.at,
      expression,
      aliases: [`c${index}`],
    }),
  );
  const query = parseQuery('SELECT 1');
  return { ...query, body: { ...(query.body as Select), items, from } };
}
