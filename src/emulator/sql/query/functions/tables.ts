import type { ColumnType } from '../../../model/types.ts';
import { literal } from '../../../store/duckdb-sql.ts';
import { convert } from '../casts.ts';
import { type Context, semantic, type Translate, wrongType } from '../context.ts';
import { queryError } from '../errors.ts';
import type { Call } from '../syntax/ast.ts';
import { BIGINT, columnType, commonOf, type SqlType, STRING, type Typed } from '../types.ts';

/** A function that answers rows: the text of a lateral SELECT, and its columns. */
export interface TableFunction {
  readonly sql: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

type Make = (args: readonly Typed[], call: Call, context: Context, outer: boolean) => TableFunction;

export const isTableFunction = ({ name, over }: Call): boolean => over === undefined && name in FUNCTIONS;

/** `outer`: a value without elements answers one row of NULL. */
export function tableFunction(
  call: Call,
  context: Context,
  translate: Translate,
  outer: boolean,
): TableFunction {
  const make = FUNCTIONS[call.name];
  if (!make)
    throw semantic(
      context,
      call.at,
      `function or view '${call.name}' cannot be resolved as a table function`,
    );
  return make(
    call.args.map((argument) => translate(argument, context)),
    call,
    context,
    outer,
  );
}

/** A LEFT JOIN would do the same, but DuckDB makes a hash join of it, which loses the order of the elements. */
const unnested = (list: string, outer: boolean): string =>
  `unnest(${outer ? `CASE WHEN len(${list}) > 0 THEN ${list} ELSE [NULL] END` : list})`;

const explode =
  (withPlace: boolean): Make =>
  (args, call, context, outer) => {
    const value = single(args, call, context);
    const { type } = value;
    const place = withPlace ? [{ name: 'pos', type: BIGINT }] : [];
    if (type.name === 'ARRAY') {
      const numbers = withPlace ? `${unnested(`range(len(${value.sql}))`, outer)}, ` : '';
      return {
        sql: `SELECT ${numbers}${unnested(value.sql, outer)}`,
        columns: [...place, { name: 'col', type: type.element }],
      };
    }
    if (type.name !== 'MAP') throw wrongType(context, call.at, type, 1, call.name, 'ARRAY/MAP');
    const numbers = withPlace ? `${unnested(`range(len(map_keys(${value.sql})))`, outer)}, ` : '';
    const [keys, values] = ['map_keys', 'map_values'].map((each) => unnested(`${each}(${value.sql})`, outer));
    return {
      sql: `SELECT ${numbers}${keys}, ${values}`,
      columns: [...place, { name: 'key', type: type.key }, { name: 'value', type: type.value }],
    };
  };

function single(args: readonly Typed[], call: Call, context: Context): Typed {
  if (args.length === 1) return args[0]!;
  throw queryError(
    context.text,
    call.at,
    '0130221',
    `function ${call.name} needs 1 parameters, actually have ${args.length}`,
  );
}

const inline: Make = (args, call, context, outer) => {
  const value = single(args, call, context);
  const element = value.type.name === 'ARRAY' ? value.type.element : undefined;
  if (element?.name !== 'STRUCT')
    throw wrongType(context, call.at, value.type, 1, call.name, 'ARRAY<STRUCT>');
  const fields = element.fields
    .map(({ name }) => `struct_extract("each value", ${literal(name)})`)
    .join(', ');
  return {
    sql: `SELECT ${fields} FROM (SELECT ${unnested(value.sql, outer)} AS "each value")`,
    columns: element.fields,
  };
};

/** A text function for each key: `json_tuple(json, 'a', 'b')`. */
const tuple =
  (fixed: number, text: (fixed: readonly string[], key: string) => string): Make =>
  (args, call, context) => {
    if (args.length <= fixed) {
      const needs = `function ${call.name} needs at least ${fixed + 1} parameters, actually have ${args.length}`;
      throw queryError(context.text, call.at, '0130221', needs);
    }
    const texts = args.map((value) => convert(value, STRING));
    const list = texts.slice(fixed).map((key) => text(texts.slice(0, fixed), key));
    return {
      sql: `SELECT ${list.join(', ')}`,
      columns: list.map((_, index) => ({ name: `c${index}`, type: STRING })),
    };
  };

/** `stack(2, a, b, c, d)`: two rows of two columns. */
const stack: Make = (args, call, context) => {
  const rows = Number(args[0]?.constant);
  if (!Number.isInteger(rows) || rows < 1 || args.length < 2) {
    throw wrongType(context, call.at, args[0]?.type ?? STRING, 1, 'stack', 'a constant BIGINT');
  }
  const width = Math.ceil((args.length - 1) / rows);
  const missing: Typed = { sql: 'NULL', type: { name: 'VOID' } };
  const cells = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: width }, (__, column) => args[1 + row * width + column] ?? missing),
  );
  const types = Array.from({ length: width }, (_, column): ColumnType => {
    const type = commonOf(cells.map((row) => row[column]!.type));
    if (!type) throw semantic(context, call.at, `column ${column} of stack has values without a common type`);
    return columnType(type);
  });
  const lists = types.map(
    (type, column) => `unnest([${cells.map((row) => convert(row[column]!, type)).join(', ')}])`,
  );
  return {
    sql: `SELECT ${lists.join(', ')}`,
    columns: types.map((type, index) => ({ name: `col${index}`, type })),
  };
};

const FUNCTIONS: Record<string, Make> = {
  explode: explode(false),
  posexplode: explode(true),
  inline,
  stack,
  json_tuple: tuple(1, ([json], key) => `mc_json_key(${json}, ${key})`),
  keyvalue_tuple: tuple(
    3,
    ([text, between, inside], key) => `mc_keyvalue(${text}, ${between}, ${inside}, ${key})`,
  ),
  parse_url_tuple: tuple(1, ([url], part) => `mc_parse_url_part(${url}, ${part})`),
};
