import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { connectMaxCompute, connectRegistry } from '../connections.ts';
import { SinkError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { TableSchema } from '../mapping/compile.ts';
import { draftSchema } from '../mapping/create-table.ts';
import { tableName } from '../maxcompute/wire.ts';
import { createMetrics } from '../ops/metrics.ts';
import { matchTable, refuseUnsupported } from '../plan.ts';
import { openReader, type ReadFrom, type Reading, type ReadLog } from '../source/read/reader.ts';
import type { TopicPartition } from '../source/source.ts';
import { orMissing } from '../table.ts';
import type { Value } from './nested-value.ts';
import { type PlacedRow, type PreviewRejection, runRecords } from './run-records.ts';

export interface PreviewOptions {
  /** Records to read at most. */
  readonly records: number;
  readonly from: ReadFrom;
  /** Longest wait for each: the table, the records, the schemas. */
  readonly timeoutMs: number;
}

/** What `maxsink preview` shows; with `--json` this document as it is. */
export interface Preview {
  readonly table: PreviewTable;
  readonly read: {
    readonly from: string;
    readonly records: number;
    /** `records`: as many as asked for; `log_end`: there are no more; `deadline`: time was up. */
    readonly ended: Reading['ended'];
    readonly ms: number;
    /** Offsets: where the log begins, where reading began, where the log ends. */
    readonly topicPartitions: readonly ReadLog[];
    /** The last complaint of the Kafka client; null: none. */
    readonly trouble: string | null;
  };
  readonly rows: readonly PreviewRow[];
  readonly rejections: readonly PreviewRejection[];
  /** Records that the configuration leaves out: by the filter, and dirty ones by reason. */
  readonly filtered: number;
  readonly skipped: Readonly<Record<string, number>>;
  /** Of the mapping, as the service logs them at its start. */
  readonly warnings: readonly string[];
}

export interface PreviewTable {
  /** Project, schema and name with dots between. */
  readonly name: string;
  /** False: it would be created, and these are the types of the configuration. */
  readonly exists: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly partitionKeys: readonly { readonly name: string; readonly type: string }[];
}

export interface PreviewRow extends TopicPartition {
  readonly offset: number;
  /** `dt=20261121,hr=09`; empty: the table has no table partitions. */
  readonly tablePartition: string;
  /** Every column of the table; null is NULL. */
  readonly row: Readonly<Record<string, Value | null>>;
}

/** Reads some records and shows what the service would make of them. Writes nothing anywhere. */
export async function preview(
  config: Config,
  options: PreviewOptions,
  log: Log,
  clock: Clock,
): Promise<Preview> {
  const { timeoutMs } = options;
  const { table, plan, warnings } = await within(timeoutMs, (signal) => loadTable(config, log, signal));
  const startedAt = clock.now();
  const reading = await readRecords(config, options, clock);
  const ms = clock.now() - startedAt;
  const registry = connectRegistry(config, createMetrics(), log);
  const { rows, ...others } = await within(timeoutMs, (signal) =>
    runRecords(reading, plan, startedAt, (id) => registry.schema(id, signal)),
  );
  const { messages, ended, logs, trouble } = reading;
  const from =
    typeof options.from === 'string' ? options.from : new Date(options.from.timestamp).toISOString();
  return {
    table,
    read: { from, records: messages.length, ended, ms, topicPartitions: logs, trouble },
    rows: rows.map((row) => named(row, table)),
    ...others,
    warnings,
  };
}

/** The table as it is, or as it would be created. */
async function loadTable(config: Config, log: Log, signal: AbortSignal) {
  const { table, maxcompute } = config;
  const client = connectMaxCompute(config, createMetrics(), log);
  try {
    const read = client.table(table.name, signal);
    const found = table.create === 'never' ? await read : await orMissing(read);
    if (found) refuseUnsupported(config, found);
    const schema: TableSchema = found ?? draftSchema(table);
    const name = tableName(maxcompute, table.name);
    return { table: { name, exists: found !== null, ...described(schema) }, ...matchTable(config, schema) };
  } finally {
    await client.close();
  }
}

const described = ({ columns, partitionKeys }: TableSchema) => ({
  columns: columns.map(({ name, type }) => ({ name, type: type.toUpperCase() })),
  partitionKeys: partitionKeys.map(({ name, type }) => ({ name, type: type.toUpperCase() })),
});

async function readRecords(
  { kafka }: Config,
  { records, from, timeoutMs }: PreviewOptions,
  clock: Clock,
): Promise<Reading> {
  const reader = await openReader(kafka, clock, timeoutMs);
  try {
    return await reader.read(records, from, timeoutMs);
  } finally {
    await reader.close();
  }
}

/** Column numbers are places in the table, from 1. */
const named = ({ values, ...place }: PlacedRow, { columns }: PreviewTable): PreviewRow => ({
  ...place,
  row: Object.fromEntries(columns.map(({ name }, i) => [name, values.get(i + 1) ?? null])),
});

/** Only the table call throws the signal's reason; the registry has words of its own. */
async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = new SinkError('maxcompute_unreachable', `the table could not be read within ${ms / 1000} s`);
  const timer = setTimeout(() => stop.abort(late), ms);
  try {
    return await work(stop.signal);
  } finally {
    clearTimeout(timer);
  }
}
