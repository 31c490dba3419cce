import { identifier } from '../../store/duckdb-sql.ts';
import { asColumn, convert } from './casts.ts';
import { type Context, newName, type QueryScope, type Relation, semantic, startContext } from './context.ts';
import { queryError } from './errors.ts';
import { translateExpression } from './expressions.ts';
import { type Selected, sortText, translateSelect } from './selects.ts';
import type { Body, CommonTable, Query } from './syntax/ast.ts';
import { columnType, commonOf, commonType, type SqlType, sameType, type Typed, typeName } from './types.ts';

export type Translated = Selected;

/** A parsed query in DuckDB's dialect, with the names and types of its columns. */
export function translateParsed(query: Query, text: string, scope: QueryScope): Translated {
  return translateIn(query, startContext(text, scope));
}

/** A query inside another one, whose columns it may name. */
export function translateNested(query: Query, context: Context): Translated {
  return translateIn(query, {
    ...context,
    sources: [],
    outer: context,
    aliases: new Map(),
    windows: new Map(),
    plain: undefined,
  });
}

function translateIn(query: Query, context: Context): Translated {
  const tables = new Map(context.tables);
  const inside = { ...context, tables };
  const list = query.with.map((table) => commonTable(table, query.recursive, inside, tables));
  const prefix = list.length ? `WITH ${query.recursive ? 'RECURSIVE ' : ''}${list.join(', ')} ` : '';
  const { sql, columns } = translateEnd(query, inside);
  return { sql: `${prefix}${sql}`, columns };
}

function commonTable(
  table: CommonTable,
  recursive: boolean,
  context: Context,
  tables: Map<string, Relation>,
): string {
  const { name, query } = table;
  if (recursive && query.body.kind === 'set') {
    const first = translateBody(query.body.left, context);
    tables.set(name, renamed(first.columns, table.columns, table.at, context));
  }
  const { sql, columns } = translateIn(query, context);
  const relation = renamed(columns, table.columns, table.at, context);
  tables.set(name, relation);
  const names = relation.columns.map((column) => identifier(column.name)).join(', ');
  return `${identifier(name)}(${names}) AS (${sql})`;
}

/** Columns under the names of an alias list, which has to name all of them. */
export function renamed(
  columns: Translated['columns'],
  names: readonly string[],
  at: number,
  context: Context,
): Relation & { columns: Translated['columns'] } {
  if (!names.length) return { columns };
  if (names.length !== columns.length) {
    throw semantic(
      context,
      at,
      `the alias list has ${names.length} names, but there are ${columns.length} columns`,
    );
  }
  return { columns: columns.map((column, index) => ({ ...column, name: names[index]! })) };
}

/** The body with ORDER BY, SORT BY, LIMIT and OFFSET. */
function translateEnd(query: Query, context: Context): Translated {
  const { body, limit, offset } = query;
  if (
    query.orderBy.length &&
    limit === undefined &&
    context.scope.settings.get('odps.sql.validate.orderby.limit') === 'true'
  ) {
    throw semantic(
      context,
      query.orderBy[0]!.expression.at,
      'ORDER BY must be used with a LIMIT clause, please set odps.sql.validate.orderby.limit=false to use it.',
    );
  }
  const sorting = query.orderBy.length ? query.orderBy : query.sortBy;
  const { sql, columns, inside } = translateBody(body, context, {
    sorting,
    distributeBy: query.distributeBy,
  });
  // Behind UNION DuckDB sorts by columns only, behind a query around it by any expression.
  const outer = sorting.length > 0 && inside === undefined;
  const whole = outer ? `SELECT * FROM (${sql}) AS ${newName(context)}` : sql;
  const order = outer
    ? ` ORDER BY ${sortText(sorting, outputContext(columns, context), columns)}`
    : (inside ?? '');
  const rows = limit === undefined ? '' : ` LIMIT ${limit}`;
  const skipped = offset === undefined ? '' : ` OFFSET ${offset}`;
  return { sql: `${whole}${order}${rows}${skipped}`, columns };
}

/** Where only the columns of the result can be named: behind UNION and VALUES. */
function outputContext(columns: Translated['columns'], context: Context): Context {
  const source = {
    names: [],
    columns: columns.map(({ name, type }) => ({ name, type, sql: identifier(name) })),
  };
  const aliases = new Map(
    columns.map((column): [string, Typed] => [
      column.name,
      { sql: identifier(column.name), type: column.type },
    ]),
  );
  return { ...context, sources: [source], outer: undefined, aliases, aliasesFirst: true };
}

type Sorting = { readonly sorting: Query['orderBy']; readonly distributeBy: Query['distributeBy'] };

/** `inside`: the ORDER BY of a SELECT, which may name what the select list does not have. */
function translateBody(
  body: Body,
  context: Context,
  end: Sorting = { sorting: [], distributeBy: [] },
): Translated & { inside?: string } {
  switch (body.kind) {
    case 'select':
      return translateSelect(body, end, context);
    case 'nested': {
      const { sql, columns } = translateIn(body.query, context);
      return { sql: `SELECT * FROM (${sql}) AS ${newName(context)}`, columns };
    }
    case 'values':
      return translateValues(body, context);
    case 'set':
      return translateSet(body, context);
  }
}

function translateValues({ rows, at }: Extract<Body, { kind: 'values' }>, context: Context): Translated {
  const width = rows[0]!.length;
  const values = rows.map((row) => row.map((item) => translateExpression(item, context)));
  if (values.some((row) => row.length !== width))
    throw semantic(context, at, 'the rows of VALUES have different lengths');
  const columns = Array.from({ length: width }, (_, index) => {
    const type = commonOf(values.map((row) => row[index]!.type));
    if (!type) throw semantic(context, at, `column ${index} of VALUES has values without a common type`);
    return { name: `col${index + 1}`, type: columnType(type) as SqlType };
  });
  const lines = values.map(
    (row) => `(${row.map((value, index) => convert(value, columns[index]!.type)).join(', ')})`,
  );
  const names = columns.map((column) => identifier(column.name)).join(', ');
  return { sql: `SELECT * FROM (VALUES ${lines.join(', ')}) AS ${newName(context)}(${names})`, columns };
}

function translateSet(
  { operator, all, left, right, at }: Extract<Body, { kind: 'set' }>,
  context: Context,
): Translated {
  const [a, b] = [translateBody(left, context), translateBody(right, context)];
  if (a.columns.length !== b.columns.length) {
    const text = `column counts do not match, left has ${a.columns.length}, right has ${b.columns.length}`;
    throw queryError(context.text, right.at, '0130241', text);
  }
  const columns = a.columns.map((column, index) => {
    const type = commonType(column.type, b.columns[index]!.type);
    if (type) return { name: column.name, type };
    const text = `type mismatch for column ${index} of ${operator}, left is ${typeName(column.type)} while right is ${typeName(b.columns[index]!.type)}`;
    throw queryError(context.text, at, '0130241', text);
  });
  const sides = [a, b].map((side) => inTypes(side, columns, context));
  return { sql: `${sides[0]} ${operator}${all ? ' ALL' : ''} ${sides[1]}`, columns };
}

/** A side of UNION with its columns in the common types, in parentheses for its own ORDER BY. */
function inTypes(side: Translated, columns: Translated['columns'], context: Context): string {
  const same = side.columns.every((column, index) => sameType(column.type, columns[index]!.type));
  if (same) return `(${side.sql})`;
  const list = side.columns.map((column, index) => {
    const given = { sql: identifier(column.name), type: column.type };
    const { name, type } = columns[index]!;
    return `${type.name === 'VOID' ? asColumn(given) : convert(given, type)} AS ${identifier(name)}`;
  });
  return `(SELECT ${list.join(', ')} FROM (${side.sql}) AS ${newName(context)})`;
}
