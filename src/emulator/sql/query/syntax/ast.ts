import type { ColumnType } from '../../../model/types.ts';

/** `at`: where it begins in the text of the query. */
export interface Located {
  readonly at: number;
}

export type LiteralType = 'string' | 'integer' | 'decimal' | 'double' | 'boolean' | 'null';

export type Expression =
  | (Located & {
      readonly kind: 'literal';
      readonly type: LiteralType | ColumnType;
      readonly text: string;
    })
  | (Located & { readonly kind: 'name'; readonly parts: readonly NamePart[] })
  | Call
  | (Located & { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression })
  | Binary
  | (Located & { readonly kind: 'test'; readonly operand: Expression; readonly test: Test })
  | (Located & {
      readonly kind: 'case';
      readonly subject: Expression | undefined;
      readonly branches: readonly (readonly [Expression, Expression])[];
      readonly otherwise: Expression | undefined;
    })
  | (Located & { readonly kind: 'cast'; readonly operand: Expression; readonly to: ColumnType })
  | (Located & { readonly kind: 'index'; readonly operand: Expression; readonly index: Expression })
  | (Located & { readonly kind: 'field'; readonly operand: Expression; readonly name: string })
  | (Located & { readonly kind: 'query'; readonly query: Query })
  | (Located & { readonly kind: 'exists'; readonly query: Query })
  | (Located & { readonly kind: 'lambda'; readonly names: readonly string[]; readonly body: Expression })
  | (Located & { readonly kind: 'interval'; readonly amount: Expression; readonly unit: string })
  | (Located & { readonly kind: 'tuple'; readonly items: readonly Expression[] });

export interface NamePart extends Located {
  readonly text: string;
  readonly quoted: boolean;
}

export interface Binary extends Located {
  readonly kind: 'binary';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

export type Test = { readonly not: boolean } & (
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'between'; readonly low: Expression; readonly high: Expression }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'member'; readonly query: Query }
  | {
      readonly kind: 'like';
      readonly operator: 'LIKE' | 'RLIKE' | 'ILIKE';
      readonly pattern: Expression;
      readonly escaping: Expression | undefined;
    }
  | { readonly kind: 'distinct'; readonly from: Expression }
);

export interface Call extends Located {
  readonly kind: 'call';
  /** Lower case. */
  readonly name: string;
  readonly args: readonly Expression[];
  readonly star: boolean;
  readonly distinct: boolean;
  readonly ignoreNulls: boolean;
  readonly filter: Expression | undefined;
  readonly withinGroup: readonly SortItem[] | undefined;
  readonly over: Window | string | undefined;
}

export interface SortItem {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nulls: 'FIRST' | 'LAST' | undefined;
}

export interface Window {
  readonly base: string | undefined;
  readonly groupedBy: readonly Expression[];
  readonly orderBy: readonly SortItem[];
  /** `ROWS BETWEEN 1 PRECEDING AND CURRENT ROW`, checked and as written. */
  readonly frame: string;
}

export type SelectItem =
  | (Located & {
      readonly kind: 'star';
      readonly qualifier: readonly NamePart[];
      readonly except: readonly string[];
    })
  | (Located & {
      readonly kind: 'expression';
      readonly expression: Expression;
      /** Several for a table function: `explode(m) AS (k, v)`. */
      readonly aliases: readonly string[];
    });

export interface LateralView extends Located {
  readonly outer: boolean;
  readonly call: Call;
  readonly alias: string;
  readonly columns: readonly string[];
}

export type From =
  | (Located & {
      readonly kind: 'table';
      readonly parts: readonly string[];
      readonly alias: string | undefined;
      readonly columns: readonly string[];
      readonly sample: Sample | undefined;
    })
  | (Located & {
      readonly kind: 'subquery';
      /** Undefined: one row without columns. */
      readonly query: Query | undefined;
      readonly alias: string | undefined;
      readonly columns: readonly string[];
    })
  | (Located & {
      readonly kind: 'variable';
      /** Lower case, without the sign. */
      readonly name: string;
      readonly alias: string | undefined;
      readonly columns: readonly string[];
    })
  | (Located & { readonly kind: 'lateral'; readonly from: From; readonly view: LateralView })
  | (Located & {
      readonly kind: 'join';
      readonly join: string;
      readonly left: From;
      readonly right: From;
      readonly on: Expression | undefined;
      readonly using: readonly string[];
      readonly natural: boolean;
    });

export type Sample =
  | {
      readonly kind: 'bucket';
      readonly bucket: number;
      readonly of: number;
      readonly on: readonly Expression[];
    }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'rows'; readonly rows: number };

export type Grouping =
  | { readonly kind: 'plain'; readonly expressions: readonly Expression[] }
  | { readonly kind: 'rollup' | 'cube'; readonly sets: readonly (readonly Expression[])[] }
  | {
      readonly kind: 'sets';
      readonly sets: readonly (readonly Expression[])[];
      /** `GROUP BY a, b GROUPING SETS (...)`: the keys that are named before; none without. */
      readonly keys: readonly Expression[];
    };

export interface Select extends Located {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: From | undefined;
  readonly where: Expression | undefined;
  readonly groupBy: readonly Grouping[];
  readonly having: Expression | undefined;
  readonly qualify: Expression | undefined;
  readonly windows: ReadonlyMap<string, Window>;
}

export type Body =
  | Select
  | (Located & { readonly kind: 'values'; readonly rows: readonly (readonly Expression[])[] })
  | (Located & { readonly kind: 'nested'; readonly query: Query })
  | (Located & {
      readonly kind: 'set';
      readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
      readonly all: boolean;
      readonly left: Body;
      readonly right: Body;
    });

export interface CommonTable extends Located {
  readonly name: string;
  readonly columns: readonly string[];
  readonly query: Query;
}

export interface Query extends Located {
  readonly with: readonly CommonTable[];
  readonly recursive: boolean;
  readonly body: Body;
  readonly orderBy: readonly SortItem[];
  /** DISTRIBUTE BY and CLUSTER BY: checked, without an effect on one machine. */
  readonly distributeBy: readonly Expression[];
  readonly sortBy: readonly SortItem[];
  readonly limit: number | undefined;
  readonly offset: number | undefined;
}
