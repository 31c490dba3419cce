import { identifier } from '../../store/duckdb-sql.ts';
import { convert, converts } from './casts.ts';
import { type Context, newName, semantic, wrongType } from './context.ts';
import { translateExpression } from './expressions.ts';
import { comparedType, comparison, truth } from './operators.ts';
import { translateNested } from './queries.ts';
import type { Expression, Test } from './syntax/ast.ts';
import {
  BOOLEAN,
  commonOf,
  isInteger,
  isNumber,
  type SqlType,
  STRING,
  sameType,
  type Typed,
} from './types.ts';

/** `IS NULL`, `BETWEEN`, `LIKE`, `RLIKE`, `IN` and `IS DISTINCT FROM`. */
export function translateTest(operand: Expression, test: Test, context: Context): Typed {
  const { at } = operand;
  if (test.kind === 'list' || test.kind === 'member') return membership(operand, test, context);
  const value = translateExpression(operand, context);
  const translate = (each: Expression): Typed => translateExpression(each, context);
  const not = test.not ? 'NOT ' : '';
  switch (test.kind) {
    case 'null':
      return { sql: `(${value.sql} IS ${not}NULL)`, type: BOOLEAN };
    case 'boolean':
      return {
        sql: `(${truth(value, at, context)} IS ${not}${test.value ? 'TRUE' : 'FALSE'})`,
        type: BOOLEAN,
      };
    case 'between': {
      const low = comparison('>=', value, translate(test.low), at, context);
      const high = comparison('<=', value, translate(test.high), at, context);
      return { sql: `(${not}(${low.sql} AND ${high.sql}))`, type: BOOLEAN };
    }
    case 'distinct': {
      const same = comparison('<=>', value, translate(test.from), at, context);
      return { sql: test.not ? same.sql : `(NOT ${same.sql})`, type: BOOLEAN };
    }
    case 'like':
      return like(value, test, at, context);
  }
}

function like(value: Typed, test: Extract<Test, { kind: 'like' }>, at: number, context: Context): Typed {
  const pattern = translateExpression(test.pattern, context);
  const [text, against] = [value, pattern].map((side, index) => {
    if (!converts(side.type, STRING))
      throw wrongType(context, at, side.type, index + 1, test.operator, 'STRING');
    return convert(side, STRING);
  });
  const not = test.not ? 'NOT ' : '';
  if (test.operator === 'RLIKE') return { sql: `(${not}mc_matches(${text}, ${against}))`, type: BOOLEAN };
  const escaping = test.escaping ? convert(translateExpression(test.escaping, context), STRING) : `'\\'`;
  return { sql: `(${text} ${not}${test.operator} ${against} ESCAPE ${escaping})`, type: BOOLEAN };
}

/** `a IN (...)`, `(a, b) IN (SELECT ...)`. */
function membership(
  operand: Expression,
  test: Extract<Test, { kind: 'list' | 'member' }>,
  context: Context,
): Typed {
  const not = test.not ? 'NOT ' : '';
  const operands = operand.kind === 'tuple' ? operand.items : [operand];
  const left = operands.map((each) => translateExpression(each, context));
  if (test.kind === 'list') {
    const rows = test.items.map((item) => (item.kind === 'tuple' ? item.items : [item]));
    if (left.length === 1 && rows.every((row) => row.length === 1))
      return inList(left[0]!, rows, test.not, context);
    const tests = rows.map((row) => rowEquals(left, row, operand.at, context));
    return { sql: `(${not}(${tests.join(' OR ')}))`, type: BOOLEAN };
  }
  const { sql, columns } = translateNested(test.query, context);
  if (columns.length !== left.length) {
    throw semantic(
      context,
      test.query.at,
      `the subquery of IN has ${columns.length} columns, expect ${left.length}`,
    );
  }
  const types = left.map((value, index) => comparedType(value.type, columns[index]!.type));
  if (types.some((type) => !type)) throw semantic(context, operand.at, 'the types of IN cannot be compared');
  const name = newName(context);
  const list = columns.map((column, index) => {
    const given = { sql: `${name}.${identifier(column.name)}`, type: column.type };
    return convert(given, types[index]!);
  });
  const values = left.map((value, index) => convert(value, types[index]!));
  const row = values.length > 1 ? `(${values.join(', ')})` : values[0]!;
  const selected = list.length > 1 ? `(${list.join(', ')})` : list[0]!;
  return { sql: `(${row} ${not}IN (SELECT ${selected} FROM (${sql}) AS ${name}))`, type: BOOLEAN };
}

/** One value in a list: a single IN when all compare as the same type. */
function inList(
  left: Typed,
  rows: readonly (readonly Expression[])[],
  not: boolean,
  context: Context,
): Typed {
  const items = rows.map(([item]) => translateExpression(item!, context));
  const types = items.map((item) => comparedType(left.type, item.type));
  const type = commonOf(types.map((each) => each ?? left.type));
  const negation = not ? 'NOT ' : '';
  if (type && types.every((each) => each && (sameType(each, type) || isNumber(each)))) {
    const values = items
      .map((item) => (isPlain(item, type) ? item.constant : convert(item, type)))
      .join(', ');
    return { sql: `(${convert(left, type)} ${negation}IN (${values}))`, type: BOOLEAN };
  }
  const tests = items.map((item, index) => comparison('=', left, item, rows[index]![0]!.at, context).sql);
  return { sql: `(${negation}(${tests.join(' OR ')}))`, type: BOOLEAN };
}

/** A number that needs no cast beside a column of this type. */
const isPlain = ({ type, constant }: Typed, to: SqlType): boolean =>
  isInteger(type) && isInteger(to) && /^-?\d+$/.test(constant ?? '');

function rowEquals(left: readonly Typed[], row: readonly Expression[], at: number, context: Context): string {
  if (row.length !== left.length)
    throw semantic(context, at, 'the two sides of IN have different numbers of columns');
  const tests = row.map(
    (item, index) => comparison('=', left[index]!, translateExpression(item, context), item.at, context).sql,
  );
  return tests.length > 1 ? `(${tests.join(' AND ')})` : tests[0]!;
}
