import { arrowStream } from '../arrow/arrow-writer.ts';
import type { Call, Core } from '../core.ts';
import { tableOf } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { noSuchTablePartition } from '../model/destination.ts';
import { parseSpec, specTest, specValues } from '../model/spec.ts';
import { inOrder } from '../model/table-partitions.ts';
import { describeQueryError } from '../sql/select.ts';
import { visible } from '../store/duckdb-sql.ts';
import type { Rows } from '../store/store.ts';
import { chosenColumns, OCTETS, type RowPieces } from './reading.ts';

/**
 * `GET TBL/preview?limit[&partition][&columns]`: an Arrow stream, table partition columns last (requests 13).
 * Plain whatever is accepted: the names that PyODPS sends here (ZSTD, LZ4_FRAME) mean buffers inside of Arrow.
 */
export async function previewTable(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const table = tableOf(core, call, name, schema);
  const { query } = call;
  const plan = { spec: query.get('partition'), names: query.get('columns'), limit: query.get('limit') };
  const { columns, read } = await previewRows(core, table, plan);
  return { status: 200, type: OCTETS, body: arrowStream(columns, read()) };
}

/** What of a table is looked at, as written in the parameters. */
export interface PreviewPlan {
  /** One table partition, or the first columns of several. */
  readonly spec: string | undefined;
  readonly names: string | undefined;
  /** -1 or nothing: all rows. */
  readonly limit: string | undefined;
}

export interface Preview {
  readonly columns: readonly ColumnDefinition[];
  /** Once. */
  readonly read: () => RowPieces;
}

/** The first rows of a table, a view or some of its table partitions; `most` of them. */
export async function previewRows(
  core: Core,
  table: Table,
  plan: PreviewPlan,
  most = Number.POSITIVE_INFINITY,
): Promise<Preview> {
  const limit = Math.min(parseLimit(plan.limit), most);
  if (table.kind === 'VIRTUAL_VIEW') return previewView(core, table, plan, limit);
  const columns = chosenColumns(plan.names, [...table.columns, ...table.tablePartitionColumns]);
  const open = previewedValues(table, plan.spec).map(
    (values) => () => core.store.snapshot(table, values, { withTablePartitionColumns: true }),
  );
  return { columns, read: () => firstRows(open, columns, limit) };
}

async function previewView(core: Core, view: Table, plan: PreviewPlan, limit: number): Promise<Preview> {
  if (plan.spec) throw new Refusal(400, 'InvalidPartitionSpec', `View ${view.name} is not partitioned.`);
  const columns = chosenColumns(plan.names, view.columns);
  const sql = `SELECT * FROM ${visible(view)}${Number.isFinite(limit) ? ` LIMIT ${limit}` : ''}`;
  const scope = { schema: view.schema, timeZone: core.timeZone, resultColumns: view.columns };
  const rows = await core.store.query(sql, scope).catch((error: unknown) => {
    throw describeQueryError(error, view.query);
  });
  return { columns, read: () => firstRows([async () => rows], columns, limit) };
}

function parseLimit(text = '-1'): number {
  const limit = /^-1$|^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (limit === undefined) throw new Refusal(400, 'InvalidArgument', `"${text}" is no number of rows.`);
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}

/** Values of the table partitions to read, by name; undefined for all rows at once. */
function previewedValues(table: Table, text: string | undefined): readonly (readonly string[] | undefined)[] {
  if (!text) return [undefined];
  const spec = parseSpec(text);
  if (spec.size >= table.tablePartitionColumns.length) {
    const values = specValues(table, spec);
    if (!table.tablePartitions.has(values)) throw noSuchTablePartition(table, values);
    return [values];
  }
  return inOrder(table.tablePartitions.all().filter(specTest(table, spec))).map(({ values }) => values);
}

/** One source of rows after the other, each held only while it is read. */
async function* firstRows(
  open: readonly (() => Promise<Rows>)[],
  columns: readonly ColumnDefinition[],
  limit: number,
): RowPieces {
  const names = columns.map((column) => column.name);
  let left = limit;
  for (const next of open) {
    const rows = await next();
    try {
      const count = Math.min(left, rows.count);
      if (count > 0) yield* rows.read({ columns: names, start: 0, count });
      left -= count;
    } finally {
      await rows.release();
    }
    if (left === 0) return;
  }
}
