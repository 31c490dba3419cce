import type { Call, Core } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { sameColumns, schemaModified } from '../model/destination.ts';
import { schemaJson } from '../model/schema-json.ts';
import { cellReader, readCell } from '../record/cells.ts';
import { Scan } from '../record/scan.ts';
import { requiredColumns } from '../record/value-checks.ts';
import { type PackPlan, stagePack } from './pack.ts';
import { slotAddress, slotHeaders } from './slots.ts';
import type { Stream } from './streams.ts';
import {
  checkDestination,
  givenValues,
  namedValues,
  needTablePartition,
  numberParameter,
  quotaOf,
  writableTable,
} from './target.ts';

const MOST_SLOTS = 1024;

/** `POST .../streams` without an id: protocol 8.1. */
export async function createStream(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const table = appendTable(core, call, name, schema);
  const { schemaVersion, columns } = wantedSchema(core, call, table);
  const slots = wantedSlots(call);
  const dynamic = isDynamic(call, table);
  const values = dynamic ? [] : namedValues(table, call);
  await needTablePartition(core, { table, values }, call.query.has('create_partition'));
  const plan = { table, values, dynamic, slots, schemaVersion, columns, quotaName: quotaOf(call) };
  return streamReply(core.streams.create(plan), call);
}

/** A stream appends: it never overwrites and knows no keys (protocol 8.4). */
function appendTable(core: Core, call: Call, name: string, schema?: string): Table {
  const table = writableTable(core, call, name, schema);
  if (call.query.get('overwrite') === 'true') {
    throw new Refusal(400, 'OverwriteModeNotAllowed', 'A stream upload adds rows: it cannot overwrite.');
  }
  if (!table.primaryKey.length) return table;
  const text = `Table ${table.name} has a primary key: write to it with upserts, not with a stream.`;
  throw new Refusal(400, 'MethodNotAllowed', text);
}

/** Java gives a table partition with every flush, none here (protocol 3.7). */
const isDynamic = (call: Call, table: Table): boolean =>
  call.query.get('dynamic_partition') === 'true' &&
  table.tablePartitionColumns.length > 0 &&
  !call.query.get('partition');

/** Java and Go ask by the one header, PyODPS by the other (protocol 8.1). */
function wantedSlots({ request }: Call): number {
  const text = request.headers['odps-tunnel-slot-num'] ?? request.headers['odps-slot-num'] ?? '1';
  const slots = /^\d{1,5}$/.test(String(text)) ? Number(text) : 0;
  if (slots >= 1 && slots <= MOST_SLOTS) return slots;
  throw new Refusal(
    400,
    'InvalidArgument',
    `${String(text)} slots are asked for: 1 to ${MOST_SLOTS} can be.`,
  );
}

/**
 * The schema that the client has in mind: the latest unless it names a version. One that is not known, or
 * not the latest where that is insisted on, is NoSuchSchema: clients then read the version again.
 */
function wantedSchema(core: Core, call: Call, table: Table) {
  const latest = { schemaVersion: table.schemaVersion, columns: table.columns };
  const version = numberParameter(call, 'schema_version', 0, Number.MAX_SAFE_INTEGER);
  if (version === undefined || version === table.schemaVersion) return latest;
  const columns = insistsOnLatest(call) ? undefined : core.catalog.columnsAt(table, version);
  if (columns) return { schemaVersion: version, columns };
  const text = `Schema version ${version} of table ${table.name} is unknown or outdated: it is at ${table.schemaVersion}.`;
  throw new Refusal(404, 'NoSuchSchema', text);
}

const insistsOnLatest = (call: Call): boolean => call.query.get('check_latest_schema') === 'true';

/** The session of a call and its table as it is now; for a dynamic one the table partition may be any. */
function findStream(core: Core, call: Call, name: string, schema?: string) {
  const table = appendTable(core, call, name, schema);
  const stream = core.streams.use(call.query.get('uploadid') ?? '');
  const values = stream.dynamic ? undefined : givenValues(table, call);
  checkDestination('Stream', stream.id, stream, table, values);
  return { stream, table };
}

/** `GET .../streams?uploadid`: protocol 8.2. */
export const streamStatus = (core: Core, call: Call, name: string, schema?: string): Reply =>
  streamReply(findStream(core, call, name, schema).stream, call);

/** `POST .../streams?uploadid`: PyODPS aborts, with the routed server's header; Go reloads, without (protocol 8.2). */
export function abortStream(core: Core, call: Call, name: string, schema?: string): Reply {
  const { stream } = findStream(core, call, name, schema);
  if (call.request.headers['odps-tunnel-routed-server'] === undefined) return streamReply(stream, call);
  core.streams.end(stream, 'gone');
  return { status: 200 };
}

/** `PUT .../streams?uploadid&slotid`: protocol 8.3. Answers when the rows are visible and durable. */
export async function flushStream(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const { stream, table } = findStream(core, call, name, schema);
  numberParameter(call, 'slotid', 0, stream.slots - 1);
  if (insistsOnLatest(call) && stream.schemaVersion !== table.schemaVersion) {
    throw schemaModified(table, `stream ${stream.id}`);
  }
  const values = stream.dynamic ? namedValues(table, call) : stream.values;
  await needTablePartition(core, { table, values }, stream.dynamic);
  const pack = await stagePack(core, call, packPlan(stream, table));
  try {
    await core.store.commit({ table, values, blocks: [pack], overwrite: false });
  } catch (error) {
    await core.store.discard([pack]);
    throw error;
  }
  const batch = core.streams.note(stream, pack.rows);
  const headers = { ...slotHeaders(call, stream.slots), 'odps-tunnel-batch-id': String(batch) };
  return { status: 200, headers };
}

/**
 * How records of the stream's schema become rows of the table: columns that are new since stay NULL
 * (protocol 8.3). Refuses when one of the old columns is gone or of another type.
 */
function packPlan(stream: Stream, table: Table): PackPlan {
  const { columns } = stream;
  const plan = { columns, staged: table.columns, required: requiredColumns(columns, table.primaryKey) };
  if (sameColumns(columns, table.columns)) return { ...plan, recordHandler: ({ onRecord }) => onRecord };
  const isKept = (column: ColumnDefinition) => table.columns.some((other) => sameColumns([column], [other]));
  if (!columns.every(isKept)) throw schemaModified(table, `stream ${stream.id}`);
  const from = table.columns.map(({ name }) => columns.findIndex((column) => column.name === name));
  return {
    ...plan,
    recordHandler: ({ onRow }) => {
      const readers = columns.map((column) => cellReader(column.type));
      const scan = new Scan();
      return (bytes, starts) => {
        scan.bytes = bytes;
        onRow(from.map((at) => (at < 0 ? null : readCell(scan, readers[at]!, starts[at]!))));
      };
    },
  };
}

function streamReply(stream: Stream, call: Call): Reply {
  const address = slotAddress(call);
  const content = {
    session_name: stream.id,
    schema: schemaJson({ ...stream.table, columns: stream.columns }),
    schema_version: stream.schemaVersion,
    status: 'normal',
    // Numbers: Go reads nothing else.
    slots: Array.from({ length: stream.slots }, (_, slot) => [slot, address]),
    quota_name: stream.quotaName,
    QuotaName: stream.quotaName,
    last_batch_id: stream.lastBatch,
    last_batch_commit_time: stream.lastBatchAt,
  };
  return json(content);
}
