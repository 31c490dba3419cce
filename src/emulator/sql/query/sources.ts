import type { Table } from '../../model/catalog.ts';
import { resolveName } from '../../model/catalog.ts';
import { identifier } from '../../store/duckdb-sql.ts';
import { convert } from './casts.ts';
import { type Context, newName, type Source, type SourceColumn, semantic } from './context.ts';
import { queryError } from './errors.ts';
import { translateExpression } from './expressions.ts';
import { tableFunction } from './functions/tables.ts';
import { comparedType, truth } from './operators.ts';
import { renamed, translateNested } from './queries.ts';
import type { From, Sample } from './syntax/ast.ts';

interface Sources {
  readonly text: string;
  readonly sources: readonly Source[];
}

/** What stands behind FROM, and the columns that it brings. */
export function translateFrom(from: From, context: Context): Sources {
  switch (from.kind) {
    case 'table':
      return translateTable(from, context);
    case 'subquery':
      return translateSubquery(from, context);
    case 'variable':
      return translateVariable(from, context);
    case 'join':
      return translateJoin(from, context);
    case 'lateral':
      return translateView(from, context);
  }
}

function sourceOf(
  alias: string,
  names: readonly string[],
  columns: readonly Omit<SourceColumn, 'sql'>[],
): Source {
  const named = columns.map(({ name, type }) => ({
    name,
    type,
    sql: `${identifier(alias)}.${identifier(name)}`,
  }));
  return { names, columns: named };
}

function translateTable(from: Extract<From, { kind: 'table' }>, context: Context): Sources {
  const { parts, columns: names, at } = from;
  const common = parts.length === 1 ? context.tables.get(parts[0]!.toLowerCase()) : undefined;
  const table = common ? undefined : findTable(parts, at, context);
  const shown = (common ? parts[0]! : table!.name).toLowerCase();
  const alias = from.alias ?? uniqueAlias(shown, context);
  const qualifiers = from.alias ? [from.alias] : namesOf(parts, table, context);
  const columns = common?.columns ?? [...table!.columns, ...table!.tablePartitionColumns];
  const relation = renamed(columns, names, at, context);
  const text = common ? identifier(shown) : `${identifier(table!.schema)}.${identifier(table!.name)}`;
  const sampled = from.sample ? `(${sampleText(text, columns, from.sample, context)})` : text;
  const list = names.length ? `(${names.map(identifier).join(', ')})` : '';
  return {
    text: `${sampled} AS ${identifier(alias)}${list}`,
    sources: [sourceOf(alias, qualifiers, relation.columns)],
  };
}

/** The same table twice without an alias: the names in the text must differ, those of the query may not. */
function uniqueAlias(name: string, context: Context): string {
  context.names.next += 1;
  return `${name}_${context.names.next}`;
}

function namesOf(parts: readonly string[], table: Table | undefined, { scope }: Context): string[] {
  const written = parts.map((part) => part.toLowerCase());
  const suffixes = written.map((_, index) => written.slice(index).join('.'));
  return table ? [...suffixes, `${scope.project.toLowerCase()}.${table.name}`] : suffixes;
}

function findTable(parts: readonly string[], at: number, context: Context): Table {
  const { project, schema, isSchema } = context.scope;
  const name = resolveName(parts, project, schema, isSchema);
  const table = name && context.scope.find(name);
  const refusal = table && context.scope.refusal(table);
  if (refusal) throw semantic(context, at, refusal);
  if (table) return table;
  const full = name
    ? `${project}.${name.schema === 'default' ? '' : `${name.schema}.`}${name.name}`
    : parts.join('.');
  throw queryError(context.text, at, '0130131', `table ${full} cannot be resolved`);
}

/** The same rows each time for a bucket; a percentage takes them by chance. */
function sampleText(
  table: string,
  columns: readonly { name: string }[],
  sample: Sample,
  context: Context,
): string {
  if (sample.kind === 'percent')
    return `SELECT * FROM ${table} USING SAMPLE ${sample.percent} PERCENT (bernoulli)`;
  if (sample.kind === 'rows') return `SELECT * FROM ${table} LIMIT ${sample.rows}`;
  const source = sourceOf('t', [], columns as Source['columns']);
  const inside = { ...context, sources: [source] };
  const on = sample.on.map((each) => translateExpression(each, inside).sql);
  const keys = on.length ? on : source.columns.map(({ sql }) => sql);
  return `SELECT * FROM ${table} AS t WHERE hash(${keys.join(', ')}) % ${sample.of} = ${sample.bucket - 1}`;
}

function translateSubquery(from: Extract<From, { kind: 'subquery' }>, context: Context): Sources {
  // A SELECT without FROM whose table function needs one row to stand on.
  if (!from.query) return { text: `(SELECT 1) AS ${newName(context)}`, sources: [] };
  const { sql, columns } = translateNested(from.query, { ...context, sources: [] });
  const alias = from.alias ?? newName(context);
  const relation = renamed(columns, from.columns, from.at, context);
  const list = from.columns.length ? `(${from.columns.map(identifier).join(', ')})` : '';
  return {
    text: `(${sql}) AS ${identifier(alias)}${list}`,
    sources: [sourceOf(alias, from.alias ? [from.alias] : [], relation.columns)],
  };
}

function translateVariable(from: Extract<From, { kind: 'variable' }>, context: Context): Sources {
  const { name, at } = from;
  const variable = context.scope.variables.get(name);
  if (!variable) throw semantic(context, at, `variable @${name} cannot be resolved`);
  const alias = from.alias ?? uniqueAlias(name, context);
  const { columns } = renamed(variable.columns, from.columns, at, context);
  const list = from.columns.length ? `(${from.columns.map(identifier).join(', ')})` : '';
  return {
    text: `(${variable.sql}) AS ${identifier(alias)}${list}`,
    sources: [sourceOf(alias, [from.alias ?? name], columns)],
  };
}

const WORDS: Record<string, string> = {
  INNER: 'JOIN',
  CROSS: 'CROSS JOIN',
  LEFT: 'LEFT JOIN',
  RIGHT: 'RIGHT JOIN',
  FULL: 'FULL JOIN',
  SEMI: 'SEMI JOIN',
  ANTI: 'ANTI JOIN',
};

function translateJoin(from: Extract<From, { kind: 'join' }>, context: Context): Sources {
  const [left, right] = [translateFrom(from.left, context), translateFrom(from.right, context)];
  repeated(left.sources, right.sources, from.right.at, context);
  const sources = [...left.sources, ...right.sources];
  const word = WORDS[from.join]!;
  const kept = from.join === 'SEMI' || from.join === 'ANTI' ? left.sources : sources;
  const shared = from.natural ? sharedNames(left.sources, right.sources) : from.using;
  if (shared.length) return usingJoin(from, left, right, shared, context);
  if (!from.on) {
    if (from.join !== 'INNER' && from.join !== 'CROSS')
      throw semantic(context, from.right.at, `${word} needs a condition`);
    return { text: `${left.text} CROSS JOIN ${right.text}`, sources };
  }
  const inside: Context = { ...context, sources, plain: 'the ON clause' };
  const condition = truth(translateExpression(from.on, inside), from.on.at, inside);
  return {
    text: `${left.text} ${word === 'CROSS JOIN' ? 'JOIN' : word} ${right.text} ON ${condition}`,
    sources: kept,
  };
}

function repeated(left: readonly Source[], right: readonly Source[], at: number, context: Context): void {
  const taken = new Set(left.flatMap(({ names }) => names.filter((name) => !name.includes('.'))));
  const twice = right.flatMap(({ names }) => names).find((name) => taken.has(name));
  if (twice) throw semantic(context, at, `table alias ${twice} is used twice`);
}

function sharedNames(left: readonly Source[], right: readonly Source[]): string[] {
  const names = new Set(left.flatMap(({ columns }) => columns.map(({ name }) => name)));
  return right.flatMap(({ columns }) => columns.map(({ name }) => name).filter((name) => names.has(name)));
}

/** USING as ON: one side's column shows, the other's are hidden behind their table's name. */
function usingJoin(
  from: Extract<From, { kind: 'join' }>,
  left: Sources,
  right: Sources,
  names: readonly string[],
  context: Context,
): Sources {
  const find = (sources: readonly Source[], name: string): SourceColumn => {
    const column = sources
      .flatMap(({ columns }) => columns)
      .find((each) => each.name === name && !each.hidden);
    if (!column) throw semantic(context, from.at, `column ${name} cannot be resolved`);
    return column;
  };
  const pairs = names.map((name) => ({ name, a: find(left.sources, name), b: find(right.sources, name) }));
  const tests = pairs.map(({ name, a, b }) => {
    const type = comparedType(a.type, b.type);
    if (!type) throw semantic(context, from.at, `the columns ${name} cannot be compared`);
    return `${convert(a, type)} = ${convert(b, type)}`;
  });
  const text = `${left.text} ${WORDS[from.join]} ${right.text} ON ${tests.join(' AND ')}`;
  if (from.join === 'SEMI' || from.join === 'ANTI') return { text, sources: left.sources };
  const hide = ({ names: qualifiers, columns }: Source): Source => ({
    names: qualifiers,
    columns: columns.map((column) => (names.includes(column.name) ? { ...column, hidden: true } : column)),
  });
  const merged = pairs.map(({ name, a, b }) => {
    const sql = from.join === 'RIGHT' ? b.sql : from.join === 'FULL' ? `coalesce(${a.sql}, ${b.sql})` : a.sql;
    return { name, type: a.type, sql };
  });
  return {
    text,
    sources: [{ names: [], columns: merged }, ...left.sources.map(hide), ...right.sources.map(hide)],
  };
}

function translateView(from: Extract<From, { kind: 'lateral' }>, context: Context): Sources {
  const { view } = from;
  const base = translateFrom(from.from, context);
  const inside: Context = { ...context, sources: base.sources, plain: 'LATERAL VIEW' };
  const { columns, sql } = tableFunction(view.call, inside, translateExpression, view.outer);
  const names = view.columns.length ? view.columns : columns.map(({ name }) => name);
  const relation = renamed(columns, names, view.at, context);
  const alias = view.alias || newName(context);
  const list = names.map(identifier).join(', ');
  const text = `${base.text} CROSS JOIN LATERAL (${sql}) AS ${identifier(alias)}(${list})`;
  return { text, sources: [...base.sources, sourceOf(alias, [alias], relation.columns)] };
}
