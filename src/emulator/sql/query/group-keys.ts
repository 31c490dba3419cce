import { type Context, semantic } from './context.ts';
import { translateExpression } from './expressions.ts';
import { starColumns } from './names.ts';
import type { Expression, Grouping, Select } from './syntax/ast.ts';

/** What a SELECT's GROUP BY means where it names columns of the select list, by alias or by place. */
export function groupedBy(select: Select, context: Context, byPlace: boolean): Context['grouped'] {
  if (!select.groupBy.length) return { by: [], aliases: new Map() };
  const items = select.items.flatMap((item) => selected(item, context));
  const resolve = (key: Expression): Expression => {
    if (byPlace && key.kind === 'literal' && key.type === 'integer')
      return items[Number(key.text) - 1]?.expression ?? key;
    return named(key, items, context) ?? key;
  };
  const by = select.groupBy.map((grouping): Grouping => {
    if (grouping.kind === 'plain') return { ...grouping, expressions: grouping.expressions.map(resolve) };
    const sets = grouping.sets.map((set) => set.map(resolve));
    return grouping.kind === 'sets'
      ? { ...grouping, sets, keys: grouping.keys.map(resolve) }
      : { ...grouping, sets };
  });
  return {
    by,
    aliases: new Map(items.flatMap(({ alias, expression }) => (alias ? [[alias, expression]] : []))),
  };
}

interface Item {
  readonly alias: string | undefined;
  readonly expression: Expression;
}

function selected(item: Select['items'][number], context: Context): Item[] {
  const { at } = item;
  if (item.kind === 'expression') return [{ alias: item.aliases[0], expression: item.expression }];
  const columns = starColumns(item.qualifier, at, context).filter(({ name }) => !item.except.includes(name));
  return columns.map(({ name }) => {
    const parts = [...item.qualifier, { text: name, at, quoted: true }];
    return { alias: undefined, expression: { kind: 'name', at, parts } };
  });
}

/** The expression behind an alias; a column of that name comes first. */
function named(key: Expression, items: readonly Item[], context: Context): Expression | undefined {
  if (key.kind !== 'name' || key.parts.length > 1) return undefined;
  const name = key.parts[0]!.text.toLowerCase();
  const isColumn = context.sources.some(({ columns }) => columns.some((column) => column.name === name));
  return isColumn ? undefined : items.find(({ alias }) => alias === name)?.expression;
}

const inSets = (groupBy: readonly Grouping[]): readonly Expression[] =>
  groupBy.flatMap((each) => (each.kind === 'plain' ? each.expressions : each.sets.flat()));

const keysOf = (groupBy: readonly Grouping[]): readonly Expression[] =>
  groupBy.flatMap((each) => (each.kind === 'sets' && each.keys.length ? each.keys : inSets([each])));

/** DuckDB's texts, each once, in their order. */
function textsOf(keys: readonly Expression[], context: Context): readonly string[] {
  const inside = { ...context, plain: 'the GROUP BY clause' };
  return [...new Set(keys.map((key) => translateExpression(key, inside).sql))];
}

/** `GROUPING__ID`: a bit for each key of GROUP BY, the last one lowest; undefined without keys. */
export function groupingId(context: Context): string | undefined {
  const keys = textsOf(keysOf(context.grouped.by), context);
  return keys.length ? bits(keys, context) : undefined;
}

/** `GROUPING(a)`, `GROUPING_ID(a, b)`: the arguments have to be keys of GROUP BY. */
export function groupingOf(args: readonly Expression[], context: Context): string {
  const keys = textsOf(keysOf(context.grouped.by), context);
  const items = [...context.grouped.aliases].map(([alias, expression]) => ({ alias, expression }));
  const given = args.map((argument) => {
    if (!keys.length) throw semantic(context, argument.at, 'GROUPING needs a GROUP BY clause');
    const { sql } = translateExpression(named(argument, items, context) ?? argument, context);
    if (keys.includes(sql)) return sql;
    throw semantic(context, argument.at, `${writtenAs(argument)} of GROUPING should appear in GROUP BY key`);
  });
  return bits(given, context);
}

const writtenAs = (argument: Expression): string =>
  argument.kind === 'name' ? `column ${argument.parts.map(({ text }) => text).join('.')}` : 'the argument';

/** A key that is named before GROUPING SETS and is in none of them is left out everywhere. */
function bits(keys: readonly string[], context: Context): string {
  const grouped = textsOf(inSets(context.grouped.by), context);
  if (keys.every((key) => grouped.includes(key))) return `grouping_id(${keys.join(', ')})`;
  const list = keys.map((key, index) => {
    const bit = grouped.includes(key) ? `grouping(${key})` : '1';
    return `CAST(${bit} AS BIGINT) * ${2n ** BigInt(keys.length - 1 - index)}`;
  });
  return `(${list.join(' + ')})`;
}
