import type {
  Clustering,
  ColumnDefinition,
  NameParts,
  Properties,
  TableDefinition,
} from '../model/catalog.ts';
import type { ColumnType } from '../model/types.ts';

/** A name as written, and its `line,column`. */
export interface NameRef {
  readonly parts: NameParts;
  readonly at: string;
}

/** A query inside a statement: `start` and `end` are places in the script. */
export interface QueryText {
  readonly text: string;
  readonly start: number;
}

/** `PARTITION (a='x', b)`: undefined values are dynamic. */
export interface Spec {
  readonly at: string;
  readonly values: ReadonlyMap<string, string | undefined>;
}

/** Which table partitions a statement means: a condition over their columns. */
export type Filter =
  | { readonly op: 'and'; readonly parts: readonly Filter[] }
  | { readonly op: 'or'; readonly parts: readonly Filter[] }
  | { readonly op: 'not'; readonly part: Filter }
  | Comparison;

export interface Comparison {
  readonly op: '=' | '<>' | '<' | '<=' | '>' | '>=' | 'in' | 'like';
  readonly column: string;
  readonly values: readonly string[];
}

export interface FilterAt {
  readonly at: string;
  readonly filter: Filter;
}

export type IfPresent = 'fail' | 'keep' | 'replace';

export interface CreateTable {
  readonly kind: 'create_table';
  readonly name: NameRef;
  readonly ifPresent: IfPresent;
  readonly table: TableDefinition;
  /** CREATE TABLE ... LIKE. */
  readonly like?: NameRef;
  /** CREATE TABLE ... AS. */
  readonly as?: QueryText;
}

export interface CreateView {
  readonly kind: 'create_view';
  readonly name: NameRef;
  readonly ifPresent: IfPresent;
  /** Names and comments; empty: those of the query. */
  readonly columns: readonly { readonly name: string; readonly comment: string }[];
  readonly comment: string;
  readonly properties: Properties;
  readonly query: QueryText;
}

export type Alteration =
  | {
      readonly do: 'add_columns';
      readonly columns: readonly AddedColumn[];
      readonly ifNotExists: boolean;
    }
  | { readonly do: 'drop_columns'; readonly names: readonly string[] }
  | ChangeColumn
  | { readonly do: 'rename'; readonly to: NameRef }
  | { readonly do: 'set'; readonly what: TableChange }
  /** `of`: of one table partition alone. */
  | { readonly do: 'enable_lifecycle'; readonly enabled: boolean; readonly of?: Spec }
  | { readonly do: 'touch'; readonly filters: readonly FilterAt[] }
  | { readonly do: 'add_table_partitions'; readonly ifNotExists: boolean; readonly specs: readonly Spec[] }
  | {
      readonly do: 'drop_table_partitions';
      readonly ifExists: boolean;
      readonly filters: readonly FilterAt[];
    }
  | { readonly do: 'rename_table_partition'; readonly from: Spec; readonly to: Spec }
  | {
      readonly do: 'merge_table_partitions';
      readonly ifExists: boolean;
      readonly from: readonly FilterAt[];
      readonly to: Spec;
    }
  /** MERGE SMALLFILES, COMPACT, ARCHIVE: there are no files to rearrange. */
  | { readonly do: 'nothing' };

/** A column, or a field of a STRUCT in one: `within` is the way to it then. */
export interface AddedColumn extends ColumnDefinition {
  readonly within: readonly string[];
}

export interface ChangeColumn {
  readonly do: 'change_column';
  readonly from: string;
  readonly to?: string;
  readonly type?: ColumnType;
  readonly comment?: string;
  readonly nullable?: boolean;
  /** Null: to the front; a name: behind that column. */
  readonly after?: string | null;
}

export interface TableChange {
  readonly comment?: string;
  readonly lifecycle?: number;
  readonly owner?: string;
  /** Added to those that there are. */
  readonly properties?: Properties;
  readonly dropProperties?: readonly string[];
  /** Null: NOT CLUSTERED. */
  readonly clustering?: Clustering | null;
}

export interface Insert {
  readonly kind: 'insert';
  readonly name: NameRef;
  readonly overwrite: boolean;
  readonly spec: Spec | undefined;
  /** Empty: all of them. */
  readonly columns: readonly string[];
  readonly query: QueryText;
}

export type Show =
  | {
      readonly kind: 'show_tables';
      readonly in: NameRef | undefined;
      readonly like: string;
      readonly only?: 'views' | 'external';
    }
  | { readonly kind: 'show_schemas'; readonly in: NameRef | undefined; readonly like: string }
  | { readonly kind: 'show_table_partitions'; readonly name: NameRef; readonly filters: readonly FilterAt[] }
  | { readonly kind: 'show_create'; readonly name: NameRef }
  | { readonly kind: 'show_columns'; readonly name: NameRef }
  | {
      readonly kind: 'describe';
      readonly name: NameRef;
      readonly extended: boolean;
      readonly spec: Spec | undefined;
    }
  | { readonly kind: 'describe_schema'; readonly name: NameRef }
  | { readonly kind: 'describe_project'; readonly name: NameRef | undefined }
  | { readonly kind: 'explain'; readonly statement: Statement };

export type Statement =
  | CreateTable
  | CreateView
  | {
      readonly kind: 'create_schema';
      readonly name: NameRef;
      readonly ifNotExists: boolean;
      readonly comment: string;
    }
  | {
      readonly kind: 'drop_table';
      readonly name: NameRef;
      readonly ifExists: boolean;
      readonly view: boolean;
    }
  | { readonly kind: 'drop_schema'; readonly name: NameRef; readonly ifExists: boolean }
  | { readonly kind: 'truncate'; readonly name: NameRef; readonly filters: readonly FilterAt[] }
  | { readonly kind: 'alter'; readonly name: NameRef; readonly change: Alteration }
  | { readonly kind: 'multi_insert'; readonly inserts: readonly Insert[] }
  | Insert
  | Show
  | Rewrite
  | Assignment
  | ({ readonly kind: 'query' } & QueryText);

/** `@name := SELECT ...`: the queries behind it read the variable as a table. */
export interface Assignment {
  readonly kind: 'assign';
  /** Lower case. */
  readonly name: string;
  readonly query: QueryText;
}

/** UPDATE, DELETE and MERGE INTO. */
export interface Rewrite {
  readonly kind: 'update' | 'delete' | 'merge';
  readonly name: NameRef;
  readonly alias: string | undefined;
  /** What stands behind USING or FROM, with its alias, and the condition of the join. */
  readonly source: QueryText | undefined;
  readonly on: QueryText | undefined;
  /** The first whose condition holds is done to a row. */
  readonly clauses: readonly RewriteClause[];
}

export interface RewriteClause {
  readonly when: 'matched' | 'not matched' | 'not matched by source';
  readonly condition: QueryText | undefined;
  readonly change: RowChange;
}

export type RowChange =
  | { readonly do: 'update'; readonly set: readonly ColumnValue[] }
  | { readonly do: 'delete' }
  /** Without columns: all of them, table partition columns last. */
  | {
      readonly do: 'insert';
      readonly columns: readonly string[];
      readonly values: readonly QueryText[];
      readonly at: string;
    };

export interface ColumnValue {
  readonly column: string;
  readonly at: string;
  readonly value: QueryText;
  /** Of `SET (a, b) = (SELECT ...)`: which column of the subquery. */
  readonly item?: number;
}
