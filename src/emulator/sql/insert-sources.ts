import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { typeText } from '../model/types.ts';
import { givenColumns, isOrigin, withGenerated } from './generated.ts';
import { castsImplicitly } from './implicit-cast.ts';
import { countingQuery, type Source } from './insert-sql.ts';
import type { Run } from './run.ts';
import { failed, onlyRow, queryColumns, translated, translatedDefault } from './run-query.ts';
import { exactValue, insertedValue } from './select.ts';
import { illegalCast, semantic } from './statement-errors.ts';
import type { Insert, QueryText, Spec } from './statements.ts';
import { checkHasLevels, valuesOf } from './table-partitions.ts';
import { position } from './tokens.ts';

/** Static values by column; every table partition column must be named, static ones before dynamic ones. */
export function constantsOf(table: Table, spec: Spec | undefined, at: string): Map<string, string> {
  const levels = table.tablePartitionColumns;
  if (!spec) {
    if (levels.every(({ generated }) => generated)) return new Map();
    throw semantic(
      at,
      `table ${table.name} is partitioned by ${names(levels)}: a PARTITION clause is needed`,
    );
  }
  checkHasLevels(table, spec.at);
  const own = levels.find(({ generated }) => generated);
  if (own)
    throw semantic(
      spec.at,
      `partition column ${own.name} has its values from column ${own.generated!.column}: no PARTITION clause can give them`,
    );
  const unknown = [...spec.values.keys()].find((name) => !levels.some((column) => column.name === name));
  if (unknown) throw semantic(spec.at, `${unknown} is no partition column of table ${table.name}`);
  const missing = levels.find(({ name }) => !spec.values.has(name));
  if (missing) throw semantic(spec.at, `partition column ${missing.name} is missing in the PARTITION clause`);
  return staticValues(table, spec);
}

const names = (columns: readonly ColumnDefinition[]): string => columns.map(({ name }) => name).join(', ');

function staticValues(table: Table, spec: Spec): Map<string, string> {
  // Dynamic ones get a value here that passes the checks, and are left out afterwards.
  const filled = new Map([...spec.values].map(([name, value]) => [name, value ?? '1']));
  const values = valuesOf(table, { at: spec.at, values: filled });
  const constants = new Map<string, string>();
  let dynamic = '';
  for (const [index, column] of table.tablePartitionColumns.entries()) {
    if (spec.values.get(column.name) === undefined) dynamic = column.name;
    else if (dynamic) {
      throw semantic(
        spec.at,
        `static partition column ${column.name} stands behind dynamic column ${dynamic}`,
      );
    } else constants.set(column.name, values[index]!);
  }
  return constants;
}

/** Where each column of the table comes from; throws for a wrong number of columns and for wrong types. */
export async function sourcesOf(
  run: Run,
  table: Table,
  { columns: listed, query, name, spec }: Insert,
  constants: ReadonlyMap<string, string>,
): Promise<{ sources: Source[]; width: number }> {
  const given = queryColumns(run, query);
  const written = [...(spec?.values.keys() ?? [])].filter((level) => !constants.has(level));
  checkListed(table, listed, name.at);
  const targets = listed.length ? [...listed] : table.columns.map((column) => column.name);
  targets.push(...written.filter((level) => !targets.includes(level)));
  if (given.length !== targets.length) {
    const text = `wrong columns count ${given.length} in data source, requires ${targets.length} columns`;
    throw semantic(name.at, `${text} (includes dynamic partitions if any)`);
  }
  const all = [...table.columns, ...table.tablePartitionColumns.filter((one) => !constants.has(one.name))];
  const empty = await emptyColumns(
    run,
    query,
    given,
    (index) => all.find((one) => one.name === targets[index])!,
  );
  const sources = all.map((column) => {
    const index = targets.indexOf(column.name);
    const value =
      index < 0
        ? defaultOf(run, column, name.at)
        : empty.has(index)
          ? 'NULL'
          : (isOrigin(table, column) ? exactValue : insertedValue)(
              `c${index}`,
              given[index]!.type,
              column.type,
            );
    return { column, value, level: table.tablePartitionColumns.includes(column) };
  });
  return { sources: withGenerated(sources), width: given.length };
}

/**
 * Checks the types. What would not be converted may be NULL in every row, as a bare NULL is: the numbers of
 * such columns of the query.
 */
async function emptyColumns(
  run: Run,
  query: QueryText,
  given: readonly ColumnDefinition[],
  target: (index: number) => ColumnDefinition,
): Promise<ReadonlySet<number>> {
  const wrong = given.flatMap(({ type }, index) =>
    castsImplicitly(type, target(index).type) ? [] : [index],
  );
  if (!wrong.length) return new Set();
  const filled = await filledColumns(run, query, given.length);
  const [first] = wrong.filter((index) => filled.has(index));
  if (first === undefined) return new Set(wrong);
  const [from, to] = [given[first]!, target(first)].map(({ type }) => typeText(type).toUpperCase());
  throw illegalCast(position(run.sql, query.start), from!, to!);
}

/** Columns of a query that are not NULL in some row. */
async function filledColumns(run: Run, query: QueryText, width: number): Promise<ReadonlySet<number>> {
  const counting = countingQuery(translated(run, query), width);
  try {
    const counts = await onlyRow(run, counting);
    return new Set(counts.flatMap((count, index) => (count ? [index] : [])));
  } catch (error) {
    throw failed(run, query, error);
  }
}

function checkListed(table: Table, listed: readonly string[], at: string): void {
  const known = givenColumns(table).map(({ name }) => name);
  for (const [index, name] of listed.entries()) {
    if (!known.includes(name)) throw semantic(at, `column ${name} cannot be resolved`);
    if (listed.indexOf(name) !== index) throw semantic(at, `column ${name} is repeated`);
  }
}

/** A column that the statement does not give. */
export function defaultOf(run: Run, column: ColumnDefinition, at: string): string {
  if (column.defaultValue !== undefined) return translatedDefault(run, column.defaultValue, column.type);
  if (column.nullable) return 'NULL';
  throw semantic(at, `column ${column.name} is NOT NULL, has no default value and is not given`);
}
