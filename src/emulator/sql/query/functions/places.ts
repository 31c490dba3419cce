import { resolveName, type Table } from '../../../model/catalog.ts';
import { parseSpec, specValues } from '../../../model/spec.ts';
import { literal } from '../../../store/duckdb-sql.ts';
import { convert } from '../casts.ts';
import { semantic } from '../context.ts';
import { BIGINT, BOOLEAN, isInteger, STRING, type Typed } from '../types.ts';
import type { FunctionCall } from './calls.ts';
import type { Special } from './special.ts';

function constant(given: FunctionCall, value: Typed | undefined, index: number): string {
  if (value?.constant === undefined) throw given.wrong(index, value?.type ?? STRING, 'a constant STRING');
  return value.constant;
}

function tableNamed(given: FunctionCall, name: string): Table | undefined {
  const { project, schema, isSchema } = given.context.scope;
  const parts = resolveName(name.replaceAll('`', '').split('.'), project, schema, isSchema);
  return parts && given.context.scope.find(parts);
}

/** The largest value of the first table partition column among table partitions with rows. */
const maxPt: Special = (given) => {
  given.count(1, 1);
  const name = constant(given, given.args()[0], 0);
  const table = tableNamed(given, name);
  if (!table) throw semantic(given.context, given.call.args[0]!.at, `table ${name} cannot be resolved`);
  if (!table.tablePartitionColumns.length)
    throw semantic(given.context, given.call.args[0]!.at, `table ${name} is not partitioned`);
  const values = table.tablePartitions
    .all()
    .filter(({ rows }) => rows > 0)
    .map((known) => known.values[0]!);
  if (!values.length)
    throw semantic(given.context, given.call.at, `max_pt: table ${name} has no partition with data`);
  return { sql: literal(values.sort().at(-1)!), type: STRING };
};

const tablePartitionExists: Special = (given) => {
  const args = given.args();
  given.count(2, Number.POSITIVE_INFINITY);
  const table = tableNamed(given, constant(given, args[0], 0));
  if (!table)
    throw semantic(given.context, given.call.args[0]!.at, `table ${args[0]!.constant} cannot be resolved`);
  const values = args.slice(1).map((value, index) => constant(given, value, index + 1));
  const columns = table.tablePartitionColumns;
  const isSpec = values.length === 1 && columns.some(({ name }) => values[0]!.startsWith(`${name}=`));
  const written = isSpec ? parseSpec(values[0]!) : undefined;
  const complete =
    written ?? new Map(columns.map((column, index): [string, string] => [column.name, values[index] ?? '']));
  const exists = table.tablePartitions.has(specValues(table, complete));
  return { sql: exists ? 'TRUE' : 'FALSE', type: BOOLEAN };
};

export const PLACES: Record<string, Special> = {
  max_pt: maxPt,
  partition_exists: tablePartitionExists,
  table_exists: (given) => {
    given.count(1, 1);
    const found = tableNamed(given, constant(given, given.args()[0], 0));
    return { sql: found ? 'TRUE' : 'FALSE', type: BOOLEAN };
  },
  /** Every row belongs to one of `total` parts: by its columns, or by chance. */
  sample: (given) => {
    given.count(2, Number.POSITIVE_INFINITY);
    const [total, part, ...columns] = given.args() as [Typed, Typed, ...Typed[]];
    for (const [index, { type }] of [total, part].entries()) {
      if (!isInteger(type)) throw given.wrong(index, type, 'BIGINT');
    }
    const key = columns.length ? `hash(${columns.map(({ sql }) => sql).join(', ')})` : 'hash(random())';
    return { sql: `(${key} % ${convert(total, BIGINT)} = ${convert(part, BIGINT)} - 1)`, type: BOOLEAN };
  },
};
