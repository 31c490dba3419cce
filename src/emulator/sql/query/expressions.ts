import { literal } from '../../store/duckdb-sql.ts';
import { castTo, convert } from './casts.ts';
import { translateTest } from './conditions.ts';
import { type Context, semantic, setting } from './context.ts';
import { translateCall } from './functions/calls.ts';
import { groupingId } from './group-keys.ts';
import { fieldOf, resolveName } from './names.ts';
import { binary, comparison, element, truth, unary } from './operators.ts';
import { translateNested } from './queries.ts';
import { unitsBetween } from './scalars/intervals.ts';
import type { Expression } from './syntax/ast.ts';
import {
  BIGINT,
  BOOLEAN,
  commonOf,
  DOUBLE,
  duckName,
  INT,
  type SqlType,
  STRING,
  type Typed,
  typeName,
  VOID,
} from './types.ts';

/** One expression in DuckDB's dialect, with its type. */
export function translateExpression(expression: Expression, context: Context): Typed {
  const { at } = expression;
  const translate = (each: Expression): Typed => translateExpression(each, context);
  switch (expression.kind) {
    case 'literal':
      return translateLiteral(expression, context);
    case 'name':
      return translateName(expression, context);
    case 'call':
      return translateCall(expression, context, translateExpression);
    case 'unary':
      return unary(expression.operator, translate(expression.operand), at, context);
    case 'binary':
      return translateChain(expression, context);
    case 'test':
      return translateTest(expression.operand, expression.test, context);
    case 'case':
      return translateCase(expression, context);
    case 'cast':
      return translateCast(expression, context);
    case 'index':
      return element(translate(expression.operand), translate(expression.index), at, context);
    case 'field':
      return fieldOf(translate(expression.operand), expression.name, at, context);
    case 'query':
      return scalarQuery(expression, context);
    case 'exists':
      return { sql: `EXISTS (${translateNested(expression.query, context).sql})`, type: BOOLEAN };
    case 'interval':
      return interval(expression, context);
    case 'lambda':
      throw semantic(context, at, 'a lambda expression can only be an argument of a function');
    case 'tuple':
      throw semantic(context, at, 'a list of expressions can only stand before IN');
  }
}

/** A name; `GROUPING__ID` is grouping_id of all keys of GROUP BY unless it is a column. */
function translateName(name: Extract<Expression, { kind: 'name' }>, context: Context): Typed {
  try {
    return resolveName(name.parts, context);
  } catch (error) {
    const asked = name.parts.length === 1 && name.parts[0]!.text.toLowerCase() === 'grouping__id';
    const sql = asked ? groupingId(context) : undefined;
    if (sql === undefined) throw error;
    return { sql, type: BIGINT };
  }
}

/** `a + b + c ...` is read as deep as it is long: the left side is walked without recursion. */
function translateChain(expression: Extract<Expression, { kind: 'binary' }>, context: Context): Typed {
  const chain: Extract<Expression, { kind: 'binary' }>[] = [];
  let first: Expression = expression;
  while (first.kind === 'binary') {
    chain.push(first);
    first = first.left;
  }
  let left = translateExpression(first, context);
  for (const { operator, right, at } of chain.reverse()) {
    left = binary(operator, left, translateExpression(right, context), at, context);
  }
  return left;
}

function translateLiteral(
  { type, text, at }: Extract<Expression, { kind: 'literal' }>,
  context: Context,
): Typed {
  switch (type) {
    case 'string':
      return { sql: literal(text), type: STRING, constant: text };
    case 'null':
      return { sql: 'NULL', type: VOID };
    case 'boolean':
      return { sql: text, type: BOOLEAN, constant: text.toLowerCase() };
    case 'integer':
      return integer(text, setting(context, 'odps.sql.type.system.odps2') !== false);
    case 'double':
      return { sql: `CAST('${text}' AS DOUBLE)`, type: DOUBLE, constant: text };
    case 'decimal': {
      const decimal = decimalOf(text);
      return { sql: `CAST('${text}' AS ${duckName(decimal)})`, type: decimal, constant: text };
    }
    default:
      return typedLiteral(type, text, at, context);
  }
}

/** INT where it fits, as long as the types of MaxCompute 2.0 are on; BIGINT else. */
function integer(text: string, hasInt: boolean): Typed {
  const value = BigInt(text);
  if (value === 1n << 63n)
    return { sql: `CAST(${text} AS DECIMAL(38,0))`, type: decimalOf(text), constant: text };
  const type = hasInt && value < 1n << 31n ? INT : BIGINT;
  return { sql: `CAST(${text} AS ${duckName(type)})`, type, constant: text };
}

function decimalOf(text: string): SqlType & { name: 'DECIMAL' } {
  const [whole = '', fraction = ''] = text.replace(/[eE].*$/, '').split('.');
  const scale = Math.min(18, fraction.length);
  return {
    name: 'DECIMAL',
    precision: Math.min(38, Math.max(1, whole.replace(/^0+/, '').length + scale)),
    scale,
  };
}

/** `date '2020-01-01'`, `1L`: a text that is none of the type is refused here. */
function typedLiteral(type: SqlType, text: string, at: number, context: Context): Typed {
  const name = duckName(type);
  if (/INT/.test(type.name) || type.name === 'FLOAT')
    return { sql: `CAST(${text} AS ${name})`, type, constant: text };
  if (type.name === 'BINARY' || type.name === 'JSON' || type.name === 'VOID') {
    return { sql: type.name === 'BINARY' ? `encode(${literal(text)})` : literal(text), type };
  }
  const pattern = type.name === 'DATE' ? DATE : TIME;
  if (!pattern.test(text) || Number.isNaN(Date.parse(`${text.slice(0, 10)}T00:00:00Z`))) {
    throw semantic(context, at, `'${text}' is no ${typeName(type)}`);
  }
  const value = castTo({ sql: literal(text), type: STRING }, type);
  return { sql: value ?? literal(text), type, constant: text };
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}(\.\d{1,9})?)?$/;

function translateCast({ operand, to, at }: Extract<Expression, { kind: 'cast' }>, context: Context): Typed {
  const value = translateExpression(operand, context);
  const sql = castTo(value, to);
  if (sql === undefined) {
    throw semantic(context, at, `cannot cast ${typeName(value.type)} to ${typeName(to)}`);
  }
  return { sql, type: to };
}

function translateCase(expression: Extract<Expression, { kind: 'case' }>, context: Context): Typed {
  const { subject, branches, otherwise, at } = expression;
  const translate = (each: Expression): Typed => translateExpression(each, context);
  const left = subject && translate(subject);
  const conditions = branches.map(([when]) => {
    const value = translate(when);
    return left ? comparison('=', left, value, when.at, context).sql : truth(value, when.at, context);
  });
  const values = [...branches.map(([, then]) => then), ...(otherwise ? [otherwise] : [])].map(translate);
  const type = commonOf(values.map((value) => value.type));
  if (!type)
    throw semantic(
      context,
      at,
      `branches of CASE have no common type: ${values.map((v) => typeName(v.type)).join(', ')}`,
    );
  const list = conditions.map(
    (condition, index) => `WHEN ${condition} THEN ${convert(values[index]!, type)}`,
  );
  const rest = otherwise ? ` ELSE ${convert(values.at(-1)!, type)}` : '';
  return { sql: `CASE ${list.join(' ')}${rest} END`, type };
}

function scalarQuery({ query, at }: Extract<Expression, { kind: 'query' }>, context: Context): Typed {
  const { sql, columns } = translateNested(query, context);
  if (columns.length !== 1)
    throw semantic(context, at, `a scalar subquery must have one column, it has ${columns.length}`);
  return { sql: `(${sql})`, type: columns[0]!.type };
}

const NANOSECONDS: Record<string, string> = {
  DAY: '86400000000000',
  HOUR: '3600000000000',
  MINUTE: '60000000000',
  SECOND: '1000000000',
};

/** `INTERVAL '3 12:30:11.5' DAY TO SECOND`: a text from one unit to another. */
function intervalBetween(value: Typed, units: string, wrong: () => Error): Typed {
  const [from = '', to = ''] = units.split(' TO ');
  const text = convert(value, STRING);
  if (units === 'YEAR TO MONTH')
    return { sql: `CAST(mc_year_month(${text}) AS INTEGER)`, type: { name: 'INTERVAL_YEAR_MONTH' } };
  if (unitsBetween(from, to).length < 2) throw wrong();
  return { sql: `CAST(mc_day_time(${text}, '${units}') AS HUGEINT)`, type: { name: 'INTERVAL_DAY_TIME' } };
}

/** An interval as months or nanoseconds. */
function interval({ amount, unit, at }: Extract<Expression, { kind: 'interval' }>, context: Context): Typed {
  const value = translateExpression(amount, context);
  if (unit === 'YEAR' || unit === 'MONTH') {
    const sql = `CAST(${convert(value, BIGINT)} * ${unit === 'YEAR' ? 12 : 1} AS INTEGER)`;
    return { sql, type: { name: 'INTERVAL_YEAR_MONTH' } };
  }
  const factor = NANOSECONDS[unit];
  if (!factor)
    return intervalBetween(value, unit, () => semantic(context, at, `there is no INTERVAL ${unit}`));
  const number =
    unit === 'SECOND'
      ? `CAST(${convert(value, DOUBLE)} * ${factor} AS HUGEINT)`
      : `(${convert(value, BIGINT)} * ${factor}::HUGEINT)`;
  return { sql: number, type: { name: 'INTERVAL_DAY_TIME' } };
}
