import { identifier, literal } from '../../store/duckdb-sql.ts';
import { type Context, type Source, type SourceColumn, semantic } from './context.ts';
import type { NamePart } from './syntax/ast.ts';
import type { SqlType, Typed } from './types.ts';

/** A column, a lambda's parameter or an alias of the select list, with struct fields behind it. */
export function resolveName(parts: readonly NamePart[], context: Context): Typed {
  const first = parts[0]!;
  const name = first.text.toLowerCase();
  const parameter = context.lambdas.get(name);
  if (parameter) return fieldsOf(parameter, parts.slice(1), context);
  const alias = context.aliases.get(name);
  if (alias && context.aliasesFirst) return fieldsOf(alias, parts.slice(1), context);
  const column = findColumn(parts, context);
  if (column) return column;
  if (alias) return fieldsOf(alias, parts.slice(1), context);
  throw notResolved(parts, context);
}

function notResolved(parts: readonly NamePart[], context: Context) {
  const written = parts.map(({ text }) => text).join('.');
  const [first] = parts;
  const known = allSources(context).some(({ names }) => names.includes(first!.text.toLowerCase()));
  const what = parts.length > 1 && !known ? `table or column ${written}` : `column ${written}`;
  return semantic(
    context,
    parts.length > 1 && known ? parts[1]!.at : first!.at,
    `${what} cannot be resolved`,
  );
}

const allSources = (context: Context): readonly Source[] =>
  context.outer ? [...context.sources, ...allSources(context.outer)] : context.sources;

/** Looks in this query first, then in those around it. */
function findColumn(parts: readonly NamePart[], context: Context): Typed | undefined {
  for (let length = Math.min(parts.length - 1, 3); length >= 0; length -= 1) {
    const qualifier = parts
      .slice(0, length)
      .map(({ text }) => text.toLowerCase())
      .join('.');
    const found = columnsNamed(context.sources, qualifier, parts[length]!.text.toLowerCase());
    if (found.length > 1) {
      throw semantic(
        context,
        parts[length]!.at,
        `column ${parts[length]!.text} is ambiguous, can be from several tables`,
      );
    }
    if (found[0]) return fieldsOf(found[0], parts.slice(length + 1), context);
  }
  return context.outer && findColumn(parts, { ...context.outer, aliases: new Map() });
}

function columnsNamed(sources: readonly Source[], qualifier: string, name: string): SourceColumn[] {
  const columns: SourceColumn[] = [];
  for (const source of sources) {
    if (qualifier && !source.names.includes(qualifier)) continue;
    columns.push(...source.columns.filter((column) => column.name === name && (qualifier || !column.hidden)));
  }
  return columns;
}

function fieldsOf(
  value: { sql: string; type: SqlType },
  fields: readonly NamePart[],
  context: Context,
): Typed {
  let typed: Typed = value;
  for (const { text, at } of fields) typed = fieldOf(typed, text, at, context);
  return typed;
}

/** `s.f` of a STRUCT; of an ARRAY of STRUCTs the array of the field. */
export function fieldOf(value: Typed, name: string, at: number, context: Context): Typed {
  const { type } = value;
  if (type.name === 'STRUCT') {
    const field = type.fields.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!field) throw semantic(context, at, `field ${name} cannot be resolved in the struct`);
    return { sql: `struct_extract(${value.sql}, ${literal(field.name)})`, type: field.type };
  }
  if (type.name === 'ARRAY' && type.element.name === 'STRUCT') {
    const parameter = { sql: identifier('each value'), type: type.element };
    const field = fieldOf(parameter, name, at, context);
    if (field.type.name === 'VOID') return field;
    return {
      sql: `list_transform(${value.sql}, lambda "each value": ${field.sql})`,
      type: { name: 'ARRAY', element: field.type },
    };
  }
  throw semantic(context, at, `column ${name} cannot be resolved`);
}

/** The columns that `*` or `a.*` stands for. */
export function starColumns(qualifier: readonly NamePart[], at: number, context: Context): SourceColumn[] {
  const name = qualifier.map(({ text }) => text.toLowerCase()).join('.');
  const sources = name ? context.sources.filter(({ names }) => names.includes(name)) : context.sources;
  if (!sources.length && !name) throw semantic(context, at, 'wildcard without a table');
  if (!sources.length) throw semantic(context, at, `table ${name} cannot be resolved`);
  return sources.flatMap(({ columns }) => columns.filter(({ hidden }) => name !== '' || !hidden));
}
