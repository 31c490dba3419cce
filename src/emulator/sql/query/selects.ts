import { identifier } from '../../store/duckdb-sql.ts';
import { asColumn } from './casts.ts';
import { type Context, newName, type Source, semantic } from './context.ts';
import { translateExpression } from './expressions.ts';
import { isTableFunction } from './functions/tables.ts';
import { groupedBy } from './group-keys.ts';
import { starColumns } from './names.ts';
import { truth } from './operators.ts';
import { translateFrom } from './sources.ts';
import type { Expression, Grouping, Query, Select, SelectItem, SortItem } from './syntax/ast.ts';
import { columnType, type SqlType, type Typed } from './types.ts';

/** The text of a query and what it answers; `written` is a name before it was made unique. */
export interface Selected {
  readonly sql: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: SqlType;
    readonly written?: string;
    /** A bare NULL. */
    readonly empty?: boolean;
  }[];
}

interface Output {
  readonly name: string;
  readonly value: Typed;
}

type End = { readonly sorting: Query['orderBy']; readonly distributeBy: Query['distributeBy'] };

/** One SELECT; its ORDER BY stands in `inside`, behind the text that LIMIT follows. */
export function translateSelect(given: Select, end: End, context: Context): Selected & { inside: string } {
  const select = withTableFunctions(given, context);
  const { text: fromText, sources } = select.from
    ? translateFrom(select.from, context)
    : { text: '', sources: [] as Source[] };
  const plain: Context = { ...context, sources, windows: select.windows, aliases: new Map() };
  const inside = { ...plain, grouped: groupedBy(select, plain, !positionsAreOff(plain, 'groupby')) };
  const outputs = select.items.flatMap((item, index) => outputsOf(item, index, inside));
  const columns = uniqueNames(outputs);
  const aliases = new Map(outputs.map(({ name, value }): [string, Typed] => [name, value]));
  const later: Context = { ...inside, aliases };
  const list = columns.map(({ name, value }) => `${asColumn(value)} AS ${identifier(name)}`);
  const condition = (word: string, expression: Expression | undefined, where: Context) =>
    expression ? ` ${word} ${truth(translateExpression(expression, where), expression.at, where)}` : '';
  const sql =
    `SELECT ${select.distinct ? 'DISTINCT ' : ''}${list.join(', ')}${fromText && ` FROM ${fromText}`}` +
    condition('WHERE', select.where, { ...inside, plain: 'the WHERE clause' }) +
    groupText(select.groupBy, outputs, { ...later, plain: 'the GROUP BY clause' }) +
    condition('HAVING', select.having, later) +
    condition('QUALIFY', select.qualify, later);
  const sorted: Context = { ...later, aliasesFirst: true };
  for (const each of end.distributeBy) translateExpression(each, sorted);
  const order = end.sorting.length ? ` ORDER BY ${sortText(end.sorting, sorted, columns)}` : '';
  return {
    sql,
    inside: order,
    columns: columns.map(({ name, value }, index) => ({
      name,
      type: columnType(value.type),
      written: outputs[index]!.name,
      empty: value.type.name === 'VOID',
    })),
  };
}

/** `SELECT explode(a) AS (k, v)` is a lateral view whose columns are selected. */
function withTableFunctions(select: Select, context: Context): Select {
  const index = select.items.findIndex(
    (item) =>
      item.kind === 'expression' && item.expression.kind === 'call' && isTableFunction(item.expression),
  );
  const item = select.items[index];
  if (item?.kind !== 'expression' || item.expression.kind !== 'call') return select;
  const { at, expression: call, aliases } = item;
  const alias = newName(context);
  const view = { at, outer: false, call, alias, columns: aliases };
  const empty = { kind: 'subquery' as const, at, query: undefined, alias: undefined, columns: [] };
  const from = { kind: 'lateral' as const, at, from: select.from ?? empty, view };
  const star = { kind: 'star' as const, at, qualifier: [{ at, text: alias, quoted: true }], except: [] };
  const items = select.items.map((each, place): SelectItem => (place === index ? star : each));
  return { ...select, items, from };
}

function outputsOf(item: SelectItem, index: number, context: Context): Output[] {
  if (item.kind === 'star') {
    const columns = starColumns(item.qualifier, item.at, context);
    return columns
      .filter(({ name }) => !item.except.includes(name))
      .map((column) => ({ name: column.name, value: column }));
  }
  const { expression, aliases } = item;
  if (aliases.length > 1) throw semantic(context, item.at, 'only a table function has several aliases');
  const pattern = columnPattern(expression, context);
  if (pattern) return pattern;
  const value = translateExpression(expression, context);
  return [{ name: aliases[0] ?? writtenName(expression) ?? `_c${index}`, value }];
}

/** A column keeps its name, and a field of a struct its own. */
function writtenName(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.parts.at(-1)!.text.toLowerCase();
  return expression.kind === 'field' ? expression.name.toLowerCase() : undefined;
}

/** `` `abc.*` `` selects the columns whose names match; `` `(ds)?+.+` `` all but ds. */
function columnPattern(expression: Expression, context: Context): Output[] | undefined {
  if (expression.kind !== 'name') return undefined;
  const { text, quoted } = expression.parts.at(-1)!;
  if (!quoted || !/[.*+?()|[\]]/.test(text)) return undefined;
  const columns = starColumns(expression.parts.slice(0, -1), expression.at, context);
  if (columns.some(({ name }) => name === text.toLowerCase())) return undefined;
  const without = /^\((.*)\)\?\+\.\+$/.exec(text)?.[1];
  try {
    const regex = new RegExp(`^(?:${without ?? text})$`, 'i');
    const matching = columns.filter(({ name }) => regex.test(name) === (without === undefined));
    return matching.map((column) => ({ name: column.name, value: column }));
  } catch {
    throw semantic(context, expression.at, `\`${text}\` is no regular expression`);
  }
}

/** The second `id` is `id2`. */
function uniqueNames(outputs: readonly Output[]): Output[] {
  const taken = new Set<string>();
  const all = new Set(outputs.map(({ name }) => name));
  return outputs.map(({ name, value }) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number += 1) {
      unique = `${name}${number}`;
      if (all.has(unique) && !taken.has(unique)) taken.add(unique);
    }
    taken.add(unique);
    return { name: unique, value };
  });
}

function groupText(groupings: readonly Grouping[], outputs: readonly Output[], context: Context): string {
  if (!groupings.length) return '';
  const key = (expression: Expression): string => groupKey(expression, outputs, context);
  const row = (set: readonly Expression[]): string =>
    set.length === 1 ? key(set[0]!) : `(${set.map(key).join(', ')})`;
  const parts = groupings.map((grouping) => {
    if (grouping.kind === 'plain') return grouping.expressions.map(key).join(', ');
    const word = { rollup: 'ROLLUP', cube: 'CUBE', sets: 'GROUPING SETS' }[grouping.kind];
    return `${word} (${grouping.sets.map(row).join(', ')})`;
  });
  return ` GROUP BY ${parts.join(', ')}`;
}

/** An expression, or the place of a column of the select list unless a setting says otherwise. */
function groupKey(expression: Expression, outputs: readonly Output[], context: Context): string {
  const place = placeOf(expression);
  if (place === undefined || positionsAreOff(context, 'groupby'))
    return translateExpression(expression, context).sql;
  const output = outputs[place - 1];
  if (!output) throw semantic(context, expression.at, `GROUP BY position ${place} is not in the select list`);
  return output.value.sql;
}

function placeOf(expression: Expression): number | undefined {
  return expression.kind === 'literal' && expression.type === 'integer' ? Number(expression.text) : undefined;
}

function positionsAreOff({ scope }: Context, clause: 'groupby' | 'orderby'): boolean {
  const names = [
    'odps.sql.groupby.orderby.position.alias',
    `odps.sql.${clause}.position.alias`,
    `hive.${clause}.position.alias`,
  ];
  return names.some((name) => scope.settings.get(name) === 'false');
}

/** NULL is the smallest value: first when ascending, last when descending. */
export function sortText(
  items: readonly SortItem[],
  context: Context,
  outputs: readonly { name: string }[] = [],
): string {
  const list = items.map(({ expression, descending, nulls }) => {
    const key = sortKey(expression, context, outputs);
    return `${key}${descending ? ' DESC' : ''} NULLS ${nulls ?? (descending ? 'LAST' : 'FIRST')}`;
  });
  return list.join(', ');
}

/** It sorts nothing; DuckDB refuses it as such. */
const CONSTANT = '(SELECT NULL)';

function sortKey(expression: Expression, context: Context, outputs: readonly { name: string }[]): string {
  const place = placeOf(expression);
  if (place !== undefined && outputs.length && !positionsAreOff(context, 'orderby')) {
    if (!outputs[place - 1])
      throw semantic(context, expression.at, `ORDER BY position ${place} is not in the select list`);
    return String(place);
  }
  if (expression.kind === 'literal') return CONSTANT;
  const name =
    expression.kind === 'name' && expression.parts.length === 1
      ? expression.parts[0]!.text.toLowerCase()
      : '';
  if (name && outputs.some((output) => output.name === name)) return identifier(name);
  const { sql } = translateExpression(expression, context);
  return /^(?:'(?:[^']|'')*'|NULL|TRUE|FALSE)$/i.test(sql) ? CONSTANT : sql;
}
