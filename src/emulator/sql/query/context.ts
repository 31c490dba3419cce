import type { StatementError } from '../../errors.ts';
import type { Table, TableName } from '../../model/catalog.ts';
import { queryError } from './errors.ts';
import type { Expression, Grouping, Window } from './syntax/ast.ts';
import { type SqlType, type Typed, typeName } from './types.ts';

/** What a query may refer to, and the settings that change its meaning. */
export interface QueryScope {
  readonly project: string;
  /** The schema of names that give none. */
  readonly schema: string;
  readonly settings: ReadonlyMap<string, string>;
  isSchema(name: string): boolean;
  find(name: TableName): Table | undefined;
  /** Of a script: `@name` by its name. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** Why a table cannot be read here, if so. */
  refusal(table: Table): string | undefined;
}

/** A query in DuckDB's dialect that others name. */
export interface Variable extends Relation {
  readonly sql: string;
}

export interface SourceColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly sql: string;
  /** A pseudo column or a side of USING that `*` leaves out. */
  readonly hidden?: boolean;
}

/** One table, subquery or view behind FROM. */
export interface Source {
  /** Names that may stand before its columns, lower case: alias, or table and project.table. */
  readonly names: readonly string[];
  readonly columns: readonly SourceColumn[];
}

/** A query under a name: WITH. */
export interface Relation {
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

/** Where an expression stands. */
export interface Context {
  readonly text: string;
  readonly scope: QueryScope;
  readonly tables: ReadonlyMap<string, Relation>;
  readonly sources: readonly Source[];
  /** The query around a subquery. */
  readonly outer: Context | undefined;
  readonly lambdas: ReadonlyMap<string, Typed>;
  /** Names of the select list, where they count: GROUP BY, HAVING, QUALIFY, ORDER BY. */
  readonly aliases: ReadonlyMap<string, Typed>;
  readonly aliasesFirst: boolean;
  readonly windows: ReadonlyMap<string, Window>;
  /** GROUP BY of this query, aliases and places of the select list written out, and those aliases. */
  readonly grouped: {
    readonly by: readonly Grouping[];
    readonly aliases: ReadonlyMap<string, Expression>;
  };
  /** Where no aggregate or window function may stand, in words; undefined where they may. */
  readonly plain: string | undefined;
  /** Names made up for what has none. */
  readonly names: { next: number };
}

export function startContext(text: string, scope: QueryScope): Context {
  return {
    text,
    scope,
    tables: new Map(),
    sources: [],
    outer: undefined,
    lambdas: new Map(),
    aliases: new Map(),
    aliasesFirst: false,
    windows: new Map(),
    grouped: { by: [], aliases: new Map() },
    plain: undefined,
    names: { next: 0 },
  };
}

export const setting = (context: Context, name: string): boolean | undefined => {
  const value = context.scope.settings.get(name)?.toLowerCase();
  return value === undefined ? undefined : value === 'true' || value === '1';
};

export function newName(context: Context): string {
  context.names.next += 1;
  return `_q${context.names.next}`;
}

export const semantic = (context: Context, at: number, text: string): StatementError =>
  queryError(context.text, at, '0130071', text);

export function wrongType(
  context: Context,
  at: number,
  type: SqlType,
  argument: number,
  name: string,
  expected?: string,
): StatementError {
  const hint = expected ? `, expect ${expected}` : '';
  const text = `invalid type ${typeName(type)} of argument ${argument} for function ${name}${hint}`;
  return queryError(context.text, at, '0130121', text);
}

/** How expressions are translated; handed on because functions and queries need each other. */
export type Translate = (expression: Expression, context: Context) => Typed;
