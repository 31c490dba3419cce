import type { ColumnType } from '../../../model/types.ts';
import { identifier } from '../../../store/duckdb-sql.ts';
import { convert } from '../casts.ts';
import { semantic } from '../context.ts';
import { truth } from '../operators.ts';
import type { Expression } from '../syntax/ast.ts';
import {
  BIGINT,
  BOOLEAN,
  columnType,
  duckName,
  type SqlType,
  sameType,
  type Typed,
  typeName,
} from '../types.ts';
import type { FunctionCall } from './calls.ts';
import type { Special } from './special.ts';

/** A lambda's body with its parameters' types known; `sql` is how each parameter is written. */
function body(
  given: FunctionCall,
  index: number,
  parameters: readonly { sql: string; type: SqlType }[],
): Typed {
  const lambda = given.call.args[index] as Expression;
  if (lambda?.kind !== 'lambda')
    throw semantic(
      given.context,
      lambda?.at ?? given.call.at,
      `argument ${index + 1} of ${given.call.name} must be a lambda expression`,
    );
  if (lambda.names.length !== parameters.length) {
    throw semantic(
      given.context,
      lambda.at,
      `the lambda expression needs ${parameters.length} parameters, it has ${lambda.names.length}`,
    );
  }
  return given.translate(
    lambda.body,
    new Map(lambda.names.map((name, place): [string, Typed] => [name, parameters[place]!])),
  );
}

function argument<N extends 'ARRAY' | 'MAP'>(given: FunctionCall, index: number, name: N) {
  const value = given.translate(given.call.args[index]!);
  if (value.type.name !== name) throw given.wrong(index, value.type, name);
  return { sql: value.sql, type: value.type as Extract<ColumnType, { name: N }> };
}

/** Unlike those of a lambda around it, and the same each time: GROUP BY finds the select list by its text. */
const parameter = (given: FunctionCall, name: string): string =>
  identifier(`${name} ${given.context.lambdas.size}`);

const condition = (
  given: FunctionCall,
  index: number,
  parameters: readonly { sql: string; type: SqlType }[],
): string => {
  const value = body(given, index, parameters);
  return truth(value, given.call.args[index]!.at, given.context);
};

const transform: Special = (given) => {
  given.count(2, 2);
  const list = argument(given, 0, 'ARRAY');
  const x = parameter(given, 'x');
  const lambda = given.call.args[1];
  const places = lambda?.kind === 'lambda' && lambda.names.length === 2;
  const i = parameter(given, 'i');
  const value = body(given, 1, [
    { sql: x, type: list.type.element },
    ...(places ? [{ sql: `CAST(${i} - 1 AS BIGINT)`, type: BIGINT }] : []),
  ]);
  const element = columnType(value.type);
  return {
    sql: `list_transform(${list.sql}, lambda ${x}${places ? `, ${i}` : ''}: ${convert(value, element)})`,
    type: { name: 'ARRAY', element },
  };
};

const filter: Special = (given) => {
  given.count(2, 2);
  const list = argument(given, 0, 'ARRAY');
  const x = parameter(given, 'x');
  return {
    sql: `list_filter(${list.sql}, lambda ${x}: ${condition(given, 1, [{ sql: x, type: list.type.element }])})`,
    type: list.type,
  };
};

const match =
  (all: boolean): Special =>
  (given) => {
    given.count(2, 2);
    const list = argument(given, 0, 'ARRAY');
    const x = parameter(given, 'x');
    const tests = `list_transform(${list.sql}, lambda ${x}: ${condition(given, 1, [{ sql: x, type: list.type.element }])})`;
    const found = `coalesce(list_contains(${tests}, ${all ? 'FALSE' : 'TRUE'}), FALSE)`;
    const unknown = `len(list_filter(${tests}, lambda ${x}: ${x} IS NULL)) > 0`;
    const sql = `CASE WHEN ${list.sql} IS NULL THEN NULL WHEN ${found} THEN ${all ? 'FALSE' : 'TRUE'} WHEN ${unknown} THEN NULL ELSE ${all ? 'TRUE' : 'FALSE'} END`;
    return { sql, type: BOOLEAN };
  };

/** `aggregate(a, start, (state, x) -> ..., state -> ...)`. */
const reduce: Special = (given) => {
  given.count(3, 4);
  const list = argument(given, 0, 'ARRAY');
  const start = given.translate(given.call.args[1]!);
  const state = columnType(start.type);
  const [s, x] = [parameter(given, 's'), parameter(given, 'x')];
  const merged = body(given, 2, [
    { sql: s, type: state },
    { sql: x, type: list.type.element },
  ]);
  const type = columnType(merged.type);
  const first = `CAST(${convert(start, type)} AS ${duckName(type)})`;
  const step = body(given, 2, [
    { sql: s, type },
    { sql: x, type: list.type.element },
  ]);
  const items = `list_transform(${list.sql}, lambda ${x}: struct_pack(s := ${first}, x := ${x}))`;
  const pair = [
    { sql: `struct_extract(${s}, 's')`, type },
    { sql: `struct_extract(${x}, 'x')`, type: list.type.element },
  ];
  const folded = convert(body(given, 2, pair), type);
  // The start as the first pair: list_reduce wants states and items of one type.
  const seed = `struct_pack(s := ${first}, x := CAST(NULL AS ${duckName(list.type.element)}))`;
  const sql = `struct_extract(list_reduce(list_concat([${seed}], ${items}), lambda ${s}, ${x}: struct_pack(s := ${folded}, x := struct_extract(${x}, 'x'))), 's')`;
  const whole = `CASE WHEN ${list.sql} IS NOT NULL THEN ${sql} END`;
  if (!given.call.args[3]) return { sql: whole, type: step.type };
  const end = body(given, 3, [{ sql: whole, type }]);
  return end;
};

const zipWith: Special = (given) => {
  given.count(3, 3);
  const [a, b] = [argument(given, 0, 'ARRAY'), argument(given, 1, 'ARRAY')];
  const i = parameter(given, 'i');
  const value = body(given, 2, [
    { sql: `(${a.sql})[${i}]`, type: a.type.element },
    { sql: `(${b.sql})[${i}]`, type: b.type.element },
  ]);
  const element = columnType(value.type);
  const sql = `list_transform(range(1, greatest(len(${a.sql}), len(${b.sql})) + 1), lambda ${i}: ${convert(value, element)})`;
  return { sql, type: { name: 'ARRAY', element } };
};

/** A comparator sorts by insertion: below, between, above. */
const arraySort: Special = (given) => {
  given.count(1, 2);
  const list = argument(given, 0, 'ARRAY');
  if (!given.call.args[1]) return { sql: `list_sort(${list.sql}, 'ASC', 'NULLS LAST')`, type: list.type };
  const [s, x, y] = [parameter(given, 's'), parameter(given, 'x'), parameter(given, 'y')];
  const item = `${x}[1]`;
  const order = body(given, 1, [
    { sql: y, type: list.type.element },
    { sql: item, type: list.type.element },
  ]);
  const side = (test: string) => `list_filter(${s}, lambda ${y}: ${convert(order, BIGINT)} ${test} 0)`;
  const inserted = `list_concat(list_concat(${side('<=')}, ${x}), ${side('>')})`;
  const single = `list_transform(${list.sql}, lambda ${y}: [${y}])`;
  return {
    sql: `CASE WHEN len(${list.sql}) = 0 THEN ${list.sql} ELSE list_reduce(${single}, lambda ${s}, ${x}: ${inserted}) END`,
    type: list.type,
  };
};

const onMap =
  (
    make: (
      entries: string,
      e: string,
      value: (parameters: readonly { sql: string; type: SqlType }[]) => Typed,
      type: Extract<ColumnType, { name: 'MAP' }>,
    ) => Typed,
  ): Special =>
  (given) => {
    given.count(2, 2);
    const map = argument(given, 0, 'MAP');
    const e = parameter(given, 'e');
    return make(`map_entries(${map.sql})`, e, (parameters) => body(given, 1, parameters), map.type);
  };

const keyAndValue = (e: string, type: Extract<ColumnType, { name: 'MAP' }>) => [
  { sql: `struct_extract(${e}, 'key')`, type: type.key },
  { sql: `struct_extract(${e}, 'value')`, type: type.value },
];

export const LAMBDAS: Record<string, Special> = {
  transform,
  filter,
  all_match: match(true),
  any_match: match(false),
  aggregate: reduce,
  array_reduce: reduce,
  reduce,
  zip_with: zipWith,
  array_sort: arraySort,
  map_filter: onMap((entries, e, value, type) => {
    const test = value(keyAndValue(e, type));
    return { sql: `map_from_entries(list_filter(${entries}, lambda ${e}: ${test.sql}))`, type };
  }),
  transform_keys: onMap((entries, e, value, type) => {
    const key = value(keyAndValue(e, type));
    const result: SqlType = { ...type, key: columnType(key.type) };
    return {
      sql: `mc_map(list_transform(${entries}, lambda ${e}: ${key.sql}), list_transform(${entries}, lambda ${e}: struct_extract(${e}, 'value')))`,
      type: result,
    };
  }),
  transform_values: onMap((entries, e, value, type) => {
    const item = value(keyAndValue(e, type));
    const result: SqlType = { ...type, value: columnType(item.type) };
    return {
      sql: `mc_map(list_transform(${entries}, lambda ${e}: struct_extract(${e}, 'key')), list_transform(${entries}, lambda ${e}: ${item.sql}))`,
      type: result,
    };
  }),
  map_zip_with: (given) => {
    given.count(3, 3);
    const [a, b] = [argument(given, 0, 'MAP'), argument(given, 1, 'MAP')];
    if (!sameType(a.type.key, b.type.key))
      throw given.wrong(1, b.type, `a MAP with keys of ${typeName(a.type.key)}`);
    const k = parameter(given, 'k');
    const value = body(given, 2, [
      { sql: k, type: a.type.key },
      { sql: `map_extract_value(${a.sql}, ${k})`, type: a.type.value },
      { sql: `map_extract_value(${b.sql}, ${k})`, type: b.type.value },
    ]);
    const keys = `mc_distinct(list_concat(map_keys(${a.sql}), map_keys(${b.sql})))`;
    return {
      sql: `mc_map(${keys}, list_transform(${keys}, lambda ${k}: ${value.sql}))`,
      type: { name: 'MAP', key: a.type.key, value: columnType(value.type) },
    };
  },
};
