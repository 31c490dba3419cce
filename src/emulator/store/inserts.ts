import { StatementError } from '../errors.ts';
import { createLanes } from '../lanes.ts';
import type { Table } from '../model/catalog.ts';
import { sameColumns } from '../model/destination.ts';
import { newTablePartition, valuesKey } from '../model/table-partitions.ts';
import type { ColumnType } from '../model/types.ts';
import { dropEmpty, type Parts, removeRows, viewOf } from './changes.ts';
import type { Change, DuckDBValue } from './duckdb.ts';
import { literal } from './duckdb-sql.ts';
import { kept } from './kept.ts';
import { saveCleared, saveEachAdded, saveTablePartitions } from './own-tables.ts';
import type { Load, Portions } from './portions.ts';
import type { Result } from './queries.ts';
import { FATE, type Inserted, type InsertPlan, type Store } from './store.ts';

/** Writes the rows of queries: the queries run first, beside everything else, then all their rows go over in one transaction. */
export function createInserts(parts: Parts): Pick<Store, 'insert'> {
  const { database, queries, snapshots, figures, portions } = parts;
  const inTurn = createLanes();

  /** Plans that read what they replace, one after the other for each table: they would only disturb each other. */
  function insert(...plans: readonly InsertPlan[]): Promise<readonly Inserted[]> {
    const rewritten = new Set(plans.flatMap(({ rewrites, table }) => (rewrites ? [table.id] : [])));
    // In one order for all, so that two of them never wait for each other.
    const lanes = [...rewritten].sort();
    const start = () => write(plans);
    return lanes.reduce((work, id) => () => inTurn(id, work), start)();
  }

  async function write(plans: readonly InsertPlan[]): Promise<readonly Inserted[]> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const versions = plans.map(({ table }) => figures.version(table));
      const results: Result[] = [];
      try {
        for (const plan of plans) results.push(await resultOf(plan));
        const written = await database.exclusive(async (change) =>
          plans.some(({ rewrites, table }, index) => rewrites && figures.version(table) !== versions[index])
            ? undefined
            : insertResults(change, plans, results),
        );
        if (written) return written;
      } finally {
        for (const result of results) await result.drop();
      }
    }
    const names = plans.map(({ table }) => table.name).join(', ');
    throw new StatementError(
      `ODPS-0110141:Data version exception - other jobs changed table ${names} ${ATTEMPTS} times meanwhile`,
    );
  }

  function resultOf(plan: InsertPlan): Promise<Result> {
    const columns = [...plan.columns.map((name) => columnOf(plan.table, name)), ...dynamicColumns(plan)];
    const given = columns.map(({ type }) => type);
    if (plan.rewrites) given.push({ name: 'TINYINT' });
    return queries.run(plan.sql, plan, (shape) => {
      if (shape.names.length !== given.length)
        throw new StatementError(
          `ODPS-0130071:[1,1] Semantic analysis exception - wrong columns count ${shape.names.length} in data source, requires ${given.length} columns (includes dynamic partitions if any)`,
        );
      return given.map((type, index) => kept(database.api, `c${index}`, type, shape.types[index]!));
    });
  }

  /** The query has run beside other changes: its columns may not be the table's any more. */
  function checkUnchanged(table: Table): void {
    const current = figures.find(table);
    if (current && sameColumns(current.columns, table.columns)) return;
    const what = current ? 'changed its columns' : 'dropped it';
    throw new StatementError(
      `ODPS-0110141:Data version exception - another job ${what} while rows for table ${table.name} were made`,
    );
  }

  async function insertResults(
    change: Change,
    plans: readonly InsertPlan[],
    results: readonly Result[],
  ): Promise<readonly Inserted[]> {
    const at = figures.timeOf(...plans.map(({ table }) => table));
    const made = new Set<string>();
    const steps: Step[] = [];
    for (const [index, plan] of plans.entries())
      steps.push(await stepOf(change, plan, results[index]!, made, at));
    const tables = placesOf(portions, steps);
    await change.run(...tables.flatMap((one) => statementsOf(one, figures.newest(one.table))));
    for (const { placed } of tables) placed.done();
    for (const { done } of steps) done();
    for (const { table, own } of tables)
      if (own.some(({ overwrite }) => overwrite)) await dropEmpty(parts, change, table);
    return steps.flatMap(({ table, written }) =>
      written.flatMap(({ values, changed }) => (changed ? [{ table, values, ...changed }] : [])),
    );
  }

  /** What one plan writes; `made`: table partitions that a plan before it makes. */
  async function stepOf(
    change: Change,
    plan: InsertPlan,
    { source }: Result,
    made: Set<string>,
    at: number,
  ): Promise<Step> {
    const { table, overwrite } = plan;
    checkUnchanged(table);
    const written = await groups(change, plan, source, dynamicColumns(plan).length);
    const replaced = overwrite ? replacedBy(plan, written) : [];
    if (replaced.length) await snapshots.keep(change, table, replaced);
    const missing = written.map(({ values }) => values).filter((values) => isMissing(table, values, made));
    const columns = table.columns.map(({ name }) => {
      const place = plan.columns.indexOf(name);
      return place < 0 ? 'NULL' : `c${place}`;
    });
    const levels = tablePartitionExpressions(plan);
    const statements = (into: string, all: readonly string[]) => [
      ...(replaced.length ? [...removeRows(all, table, replaced), ...saveCleared(table, replaced, at)] : []),
      ...(missing.length ? [saveTablePartitions(table, missing, at)] : []),
      `INSERT INTO ${into} SELECT ${[...columns, ...levels].join(', ')} FROM ${source}${where(isLeft(plan))}`,
      ...(written.length ? [saveEachAdded(table, written, at)] : []),
    ];
    const done = () => {
      database.grown(table.columns);
      for (const values of missing) table.tablePartitions.add(newTablePartition(values, at));
      for (const values of replaced) figures.clear(table, values, at);
      for (const { values, rows, bytes } of written) figures.add(table, values, { rows, bytes }, at);
    };
    return { table, overwrite, statements, written, done };
  }

  return { insert };
}

/** Those of one table find their places together: each has to know of the others. */
function placesOf(portions: Portions, steps: readonly Step[]) {
  return [...new Set(steps.map(({ table }) => table))].map((table) => {
    const own = steps.filter((step) => step.table === table);
    const loads = own.map(({ written }) => loadOf(written));
    const placed = portions.place(table, loads);
    // A plan that overwrites finds the rows of those before it in new portions, too.
    return { table, own, placed, all: [...new Set([...portions.of(table), ...placed.into])] };
  });
}

function statementsOf({ own, placed, all }: ReturnType<typeof placesOf>[number], newest: Table): string[] {
  const written = own.flatMap(({ statements }, index) => statements(placed.into[index]!, all));
  return [...placed.statements, ...written, ...viewOf(newest, placed)];
}

interface Step {
  readonly table: Table;
  readonly overwrite: boolean;
  /** With the DuckDB table of its rows, and with all of the table that there are by then. */
  readonly statements: (into: string, all: readonly string[]) => readonly string[];
  readonly written: readonly Group[];
  /** To be called when the transaction of the statements is committed. */
  done(): void;
}

function isMissing(table: Table, values: readonly string[], made: Set<string>): boolean {
  const key = `${table.id} ${valuesKey(values)}`;
  if (!values.length || table.tablePartitions.has(values) || made.has(key)) return false;
  made.add(key);
  return true;
}

/** The rows of a query, which DuckDB had memory for: taken for as long as each other. */
function loadOf(written: readonly Group[]): Load {
  const rows = written.reduce((sum, group) => sum + group.rows, 0);
  const bytes = written.reduce((sum, group) => sum + group.bytes, 0);
  return { rows, densest: Math.min(bytes, (2 * 2048 * bytes) / Math.max(1, rows)) };
}

/** Times that a plan which reads what it replaces is tried while others change the table. */
const ATTEMPTS = 20;

const dynamicColumns = ({ table, constants }: InsertPlan) =>
  table.tablePartitionColumns.filter(({ name }) => !constants.has(name));

function columnOf(table: Table, name: string) {
  const column = table.columns.find((one) => one.name === name);
  if (!column)
    throw new StatementError(
      `ODPS-0130071:[1,1] Semantic analysis exception - column ${name} cannot be resolved`,
    );
  return column;
}

function tablePartitionExpressions({ table, constants, columns }: InsertPlan): string[] {
  let at = columns.length;
  return table.tablePartitionColumns.map(({ name }) => {
    const constant = constants.get(name);
    if (constant !== undefined) return literal(constant);
    at += 1;
    return `c${at - 1}`;
  });
}

/** Rows of a result by table partition; what a statement names is there even when no row goes to it. */
async function groups(change: Change, plan: InsertPlan, source: string, dynamic: number): Promise<Group[]> {
  const { table, constants } = plan;
  const sizes = plan.columns.map((name, at) => sizeOf(`c${at}`, columnOf(table, name).type));
  const parts = tablePartitionExpressions(plan).map((part) => `CAST(${part} AS VARCHAR), `);
  const size = `sum(list_sum([${sizes.join(', ')}]))`;
  const figures = [`count(*)${filter(isLeft(plan))}`, `coalesce(${size}${filter(isLeft(plan))}, 0)`];
  if (plan.rewrites)
    figures.push(
      `count(*)${filter(isFate(plan, '<>', 'stays'))}`,
      `coalesce(${size}${filter(isFate(plan, '=', 'written'))}, 0)`,
    );
  const sql = `SELECT ${parts.join('')}${figures.join(', ')} FROM ${source} GROUP BY ALL`;
  const found = (await change.rows(sql)).map((row) => groupOf(row, figures.length));
  if (found.length > plan.limit) throw new StatementError(TOO_MANY(plan.limit));
  if (found.length || dynamic) return found;
  const none = { rows: 0, bytes: 0 };
  const values = table.tablePartitionColumns.map(({ name }) => constants.get(name)!);
  return [{ values, ...none, changed: none }];
}

/** A row of values and figures: rows and bytes that are left, then those that changed where not all did. */
function groupOf(row: readonly DuckDBValue[], figures: number): Group {
  const values = row.slice(0, -figures).map(checkedValue);
  const [rows = 0, bytes = 0, ...told] = row.slice(-figures).map(Number);
  const [changed = rows, written = bytes] = told;
  const isTold = changed > 0 || !told.length || !values.length;
  return { values, rows, bytes, changed: isTold ? { rows: changed, bytes: written } : undefined };
}

const isFate = (plan: InsertPlan, operator: string, fate: keyof typeof FATE): string =>
  `c${plan.columns.length + dynamicColumns(plan).length} ${operator} ${FATE[fate]}`;

const isLeft = (plan: InsertPlan): string | undefined =>
  plan.rewrites ? isFate(plan, '<>', 'removed') : undefined;

const where = (condition: string | undefined): string => (condition ? ` WHERE ${condition}` : '');
const filter = (condition: string | undefined): string => (condition ? ` FILTER (${condition})` : '');

const TOO_MANY = (limit: number): string =>
  `ODPS-0123031:Partition exception - a single instance cannot output data to more than ${limit} partitions`;

/** What an overwrite empties: what it writes, and what it names besides. */
function replacedBy({ replaced = [] }: InsertPlan, written: readonly Group[]): (readonly string[])[] {
  const all = [...written.map(({ values }) => values), ...replaced];
  return [...new Map(all.map((values) => [valuesKey(values), values])).values()];
}

interface Group {
  readonly values: readonly string[];
  /** That are there afterwards. */
  readonly rows: number;
  readonly bytes: number;
  /** None where all rows stay as they were. */
  readonly changed: { readonly rows: number; readonly bytes: number } | undefined;
}

function checkedValue(value: DuckDBValue): string {
  if (value !== null && value !== '') return String(value);
  const text = 'a value of a dynamic partition column is NULL or empty';
  throw new StatementError(`ODPS-0123031:Partition exception - ${text}`);
}

/** As the blocks of uploads count it: 8 for what has a fixed width, bytes for the rest. */
function sizeOf(value: string, { name }: ColumnType): string {
  if (/^(STRING|VARCHAR|CHAR|JSON)$/.test(name)) return `coalesce(strlen(${value}), 0)`;
  if (name === 'BINARY') return `coalesce(octet_length(${value}), 0)`;
  if (/^(DECIMAL|ARRAY|MAP|STRUCT)$/.test(name)) return `coalesce(strlen(CAST(${value} AS VARCHAR)), 0)`;
  return `CASE WHEN ${value} IS NULL THEN 0 ELSE 8 END`;
}
