import type { Call, Core } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import { schemaJson } from '../model/schema-json.ts';
import { schemaPart } from '../record/schema-part.ts';
import type { Instance } from '../sql/instances.ts';
import { resultOf, shownCount } from './instance-download.ts';
import { type RowRange, rowsReply } from './reading.ts';
import { quotaOf } from './target.ts';

/** How long an answer waits for the end of a query; clients ask again. */
const HOLD_MS = 60_000;

/**
 * `GET .../instances/ID?cached&data&taskname&queryid[&rowrange]`: the rows of a query of an interactive session, without
 * a download session: the count in a header, the schema in another or, with `schema_in_stream`, before the records.
 */
export async function sessionRows(core: Core, call: Call, id: string): Promise<Reply> {
  const query = queryNamed(core, core.instances.find(id), call.query.get('queryid') ?? '');
  await core.instances.ended(query, HOLD_MS);
  if (query.status === 'Running') throw new Refusal(400, 'OdpsTaskTimeout', 'Wait for cache data timeout');
  const rows = resultOf(query);
  const schema = schemaJson({ kind: 'MANAGED_TABLE', columns: rows.columns, tablePartitionColumns: [] });
  const range = rangeWithin(call.query.get('rowrange'), shownCount(call, rows));
  const download = core.downloads.create({
    key: `instance ${id}`,
    name: `instance ${id}`,
    tablePartition: '',
    schema,
    rows,
    count: rows.count,
    ownsRows: false,
    quota: quotaOf(call),
  });
  const isInStream = call.query.has('schema_in_stream');
  const head = isInStream ? { head: schemaPart(JSON.stringify(schema)) } : {};
  const reply = rowsReply(core.downloads, call, download, 'struct', { range, ...head });
  const told = {
    'odps-tunnel-record-count': String(range.count),
    ...(isInStream ? {} : { 'odps-tunnel-schema': asciiJson(schema) }),
  };
  return { ...reply, headers: { ...reply.headers, ...told } };
}

function queryNamed(core: Core, session: Instance, number: string): Instance {
  const at = number ? Number(number) : session.queries.length - 1;
  const id = session.queries[at];
  if (id !== undefined) return core.instances.find(id);
  if (at < 0 || !(at < session.queries.length))
    throw new Refusal(400, 'InvalidArgument', 'SubQuery not found');
  throw new Refusal(400, 'InstanceTypeNotSupported', 'Non select query not supported');
}

/** `(start,count)`: whatever is beyond the rows is left out. */
function rangeWithin(text: string | undefined, total: number): RowRange {
  const [, start = '0', count] = /^\((\d+),(\d+)\)$/.exec(text ?? '') ?? [];
  const first = Math.min(Number(start), total);
  return { start: first, count: Math.min(count === undefined ? total : Number(count), total - first) };
}

/** Headers are ASCII. */
const asciiJson = (value: object): string =>
  JSON.stringify(value).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
