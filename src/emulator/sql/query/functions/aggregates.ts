import type { ColumnType } from '../../../model/types.ts';
import { convert, converts } from '../casts.ts';
import { semantic } from '../context.ts';
import { groupingOf } from '../group-keys.ts';
import {
  asDecimal,
  BIGINT,
  BOOLEAN,
  columnType,
  DOUBLE,
  decimalType,
  duckName,
  isInteger,
  isNumber,
  isText,
  type SqlType,
  STRING,
  type Typed,
} from '../types.ts';
import type { FunctionCall } from './calls.ts';
import type { Special } from './special.ts';

/** NULLs are left out of lists. */
const collect =
  (distinct: boolean): Special =>
  (given) => {
    given.count(1, 1);
    const value = given.args()[0]!;
    const element = (value.type.name === 'VOID' ? STRING : value.type) as ColumnType;
    const call = { ...given.call, distinct: distinct || given.call.distinct };
    const list = aggregateOf(given, call.distinct)('list', [value.sql], `${value.sql} IS NOT NULL`);
    return {
      sql: `coalesce(${distinct ? `list_sort(${list})` : list}, [])`,
      type: { name: 'ARRAY', element },
    };
  };

/** The call with DISTINCT switched on where the function itself means it. */
function aggregateOf(given: FunctionCall, distinct: boolean) {
  return (name: string, args: readonly string[], filter?: string): string => {
    const argument = distinct && !given.call.distinct ? [`DISTINCT ${args[0]}`, ...args.slice(1)] : args;
    return given.aggregate(name, argument, given.call.withinGroup ?? [], filter);
  };
}

function numeric(given: FunctionCall): Typed {
  given.count(1, 1);
  const value = given.args()[0]!;
  if (isNumber(value.type)) return value;
  if (isText(value.type) || value.type.name === 'VOID') return { sql: convert(value, DOUBLE), type: DOUBLE };
  throw given.wrong(0, value.type, 'BIGINT/DOUBLE/DECIMAL');
}

const sum: Special = (given) => {
  const value = numeric(given);
  if (isInteger(value.type))
    return { sql: `CAST(${given.aggregate('sum', [value.sql])} AS BIGINT)`, type: BIGINT };
  if (value.type.name !== 'DECIMAL')
    return { sql: given.aggregate('sum', [convert(value, DOUBLE)]), type: DOUBLE };
  const type = decimalType(38, value.type.scale);
  return { sql: `CAST(${given.aggregate('sum', [value.sql])} AS ${duckName(type)})`, type };
};

/** DOUBLE, of decimals a decimal with four more digits. */
const avg: Special = (given) => {
  const value = numeric(given);
  if (value.type.name !== 'DECIMAL')
    return { sql: given.aggregate('avg', [convert(value, DOUBLE)]), type: DOUBLE };
  const { precision, scale } = asDecimal(value.type);
  const type = decimalType(precision + 4, Math.min(18, scale + 4)) as SqlType & { scale: number };
  const [total, rows] = ['sum', 'count'].map(
    (name) => `CAST(${given.aggregate(name, [value.sql])} AS VARCHAR)`,
  );
  return {
    sql: `TRY_CAST(mc_divide(${total}, ${rows}, CAST(${type.scale} AS BIGINT)) AS ${duckName(type)})`,
    type,
  };
};

/** `count(*)`, `count(a)`, `count(DISTINCT a, b)`: rows with a NULL in one of them do not count. */
const count: Special = (given) => {
  const { call } = given;
  if (call.star) return { sql: given.aggregate('count', ['*']), type: BIGINT };
  given.count(1, Number.POSITIVE_INFINITY);
  const args = given.args().map(({ sql }) => sql);
  if (args.length === 1) return { sql: given.aggregate('count', args), type: BIGINT };
  const filled = args.map((sql) => `${sql} IS NOT NULL`).join(' AND ');
  return {
    sql: given.aggregate('count', [`CASE WHEN ${filled} THEN (${args.join(', ')}) END`]),
    type: BIGINT,
  };
};

/** `wm_concat(separator, text)` with an order of WITHIN GROUP. */
const concatenate: Special = (given) => {
  given.count(2, 2);
  const [separator, value] = given.args() as [Typed, Typed];
  if (separator.constant === undefined || !isText(separator.type))
    throw given.wrong(0, separator.type, 'a constant STRING');
  if (!converts(value.type, STRING)) throw given.wrong(1, value.type, 'STRING');
  const text = convert(value, STRING);
  return {
    sql: given.aggregate('string_agg', [text, separator.sql], given.call.withinGroup ?? []),
    type: STRING,
  };
};

const ends =
  (name: 'first_value' | 'last_value'): Special =>
  (given) => {
    given.count(1, 2);
    const { call, context } = given;
    if (!call.over) throw semantic(context, call.at, `function ${call.name} needs an OVER clause`);
    const [value, ignore] = given.args() as [Typed, Typed | undefined];
    if (ignore && ignore.type.name !== 'BOOLEAN') throw given.wrong(1, ignore.type, 'BOOLEAN');
    const nulls = ignore?.constant === 'true' ? ' IGNORE NULLS' : '';
    return { sql: given.aggregate(name, [`${value.sql}${nulls}`]), type: value.type };
  };

const neighbour =
  (name: 'lag' | 'lead'): Special =>
  (given) => {
    given.count(1, 3);
    const { call, context } = given;
    if (!call.over) throw semantic(context, call.at, `function ${call.name} needs an OVER clause`);
    const [value, offset, otherwise] = given.args() as [Typed, Typed | undefined, Typed | undefined];
    if (offset && !isInteger(offset.type)) throw given.wrong(1, offset.type, 'BIGINT');
    const rest = [
      ...(offset ? [convert(offset, BIGINT)] : []),
      ...(otherwise ? [convert(otherwise, value.type)] : []),
    ];
    return { sql: given.aggregate(name, [value.sql, ...rest]), type: value.type };
  };

/** Of even counts the mean of the two in the middle. */
const median: Special = (given) => {
  const value = numeric(given);
  return { sql: given.aggregate('median', [convert(value, DOUBLE)]), type: DOUBLE };
};

/** A MAP made of the keys and values of all rows; rows without a key are left out. */
const pairs =
  (make: string, valueType: (value: ColumnType) => ColumnType): Special =>
  (given) => {
    given.count(2, 2);
    const { call, context } = given;
    if (call.over)
      throw semantic(context, call.at, `this local MaxCompute has no window function ${call.name}`);
    const [key, value] = given.args() as [Typed, Typed];
    const lists = [key, value].map(({ sql }) => given.aggregate('list', [sql], [], `${key.sql} IS NOT NULL`));
    const type: SqlType = {
      name: 'MAP',
      key: columnType(key.type),
      value: valueType(columnType(value.type)),
    };
    return { sql: `${make}(${lists[0]}, ${lists[1]})`, type };
  };

/** Values of one key are added up, NULL as 0. */
const mapUnionSum: Special = (given) => {
  given.count(1, 1);
  const value = given.args()[0]!;
  const { type } = value;
  if (type.name !== 'MAP' || !isNumber(type.value)) throw given.wrong(0, type, 'a MAP with numbers');
  const decimal =
    type.value.name === 'DECIMAL' ? (decimalType(38, type.value.scale) as ColumnType) : undefined;
  const total = decimal ?? (isInteger(type.value) ? BIGINT : DOUBLE);
  const [keys, values] = ['map_keys', 'map_values'].map(
    (part) =>
      `flatten(${given.aggregate('list', [`${part}(${value.sql})`], [], `${value.sql} IS NOT NULL`)})`,
  );
  const result: SqlType = { ...type, value: total };
  return { sql: `CAST(mc_map_sum(${keys}, ${values}) AS ${duckName(result)})`, type: result };
};

export const SPECIAL_AGGREGATES: Record<string, Special> = {
  sum,
  avg,
  count,
  median,
  wm_concat: concatenate,
  collect_list: collect(false),
  collect_set: collect(true),
  first_value: ends('first_value'),
  last_value: ends('last_value'),
  lag: neighbour('lag'),
  lead: neighbour('lead'),
  approx_distinct: (given) => {
    given.count(1, 1);
    return { sql: aggregateOf(given, true)('count', [given.args()[0]!.sql]), type: BIGINT };
  },
  map_agg: pairs('mc_map', (value) => value),
  multimap_agg: pairs('mc_multimap', (value) => ({ name: 'ARRAY', element: value })),
  map_union: (given) => {
    given.count(1, 1);
    const value = given.args()[0]!;
    if (value.type.name !== 'MAP') throw given.wrong(0, value.type, 'MAP');
    const maps = given.aggregate('list', [value.sql], [], `${value.sql} IS NOT NULL`);
    return {
      sql: `list_reduce(${maps}, lambda "a map", "next map": map_concat("a map", "next map"))`,
      type: value.type,
    };
  },
  map_union_sum: mapUnionSum,
  histogram: (given) => {
    given.count(1, 1);
    const value = given.args()[0]!;
    const type: SqlType = { name: 'MAP', key: columnType(value.type), value: BIGINT };
    return { sql: `CAST(${given.aggregate('histogram', [value.sql])} AS ${duckName(type)})`, type };
  },
  /** A sample of about `n / N` of the window's rows: which ones is by chance. */
  cluster_sample: (given) => {
    given.count(1, 2);
    const { call, context } = given;
    if (!call.over) throw semantic(context, call.at, `function ${call.name} needs an OVER clause`);
    const [first, second] = given.args() as [Typed, Typed | undefined];
    for (const [index, { type }] of [first, ...(second ? [second] : [])].entries()) {
      if (!isInteger(type)) throw given.wrong(index, type, 'BIGINT');
    }
    const number = given.aggregate('row_number', []);
    const rows = second
      ? `CAST(ceil(${given.aggregate('count', ['*'])} * ${second.sql} * 1.0 / ${first.sql}) AS BIGINT)`
      : convert(first, BIGINT);
    return { sql: `(${number} <= ${rows})`, type: BOOLEAN };
  },
  grouping: (given) => {
    given.count(1, 1);
    return { sql: groupingOf(given.call.args, given.context), type: BIGINT };
  },
  grouping_id: (given) => {
    given.count(1, Number.POSITIVE_INFINITY);
    return { sql: groupingOf(given.call.args, given.context), type: BIGINT };
  },
};
