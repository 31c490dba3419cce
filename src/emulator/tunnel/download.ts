import type { Call, Core } from '../core.ts';
import { tableOf } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import { OWNER, type Table } from '../model/catalog.ts';
import { noSuchTablePartition } from '../model/destination.ts';
import { schemaJson } from '../model/schema-json.ts';
import { specText } from '../model/spec.ts';
import { valuesKey } from '../model/table-partitions.ts';
import { httpDate } from '../times.ts';
import type { Download } from './downloads.ts';
import { rowsReply } from './reading.ts';
import { givenValues, namedValues, quotaOf } from './target.ts';

/** `POST ?downloads[&asyncmode]`: the rows are at hand at once, whichever mode is asked for (requests 12). */
export async function createDownload(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const table = tableOf(core, call, name, schema);
  if (table.kind !== 'MANAGED_TABLE') {
    throw new Refusal(400, 'MethodNotAllowed', `Table ${table.name} is a ${table.kind}: read it by SQL.`);
  }
  const values = namedValues(table, call);
  if (values.length && !table.tablePartitions.has(values)) throw noSuchTablePartition(table, values);
  const rows = await core.store.snapshot(table, values);
  const download = core.downloads.create({
    key: keyOf(table, values),
    name: table.name,
    tablePartition: specText(table, values),
    schema: schemaJson(table),
    rows,
    count: rows.count,
    ownsRows: true,
    quota: quotaOf(call),
  });
  return downloadReply(core, download);
}

const keyOf = (table: Table, values: readonly string[]): string => `table ${table.id} ${valuesKey(values)}`;

function findDownload(core: Core, call: Call, name: string, schema?: string): Download {
  const table = tableOf(core, call, name, schema);
  return core.downloads.findFor(
    call.query.get('downloadid') ?? '',
    keyOf(table, givenValues(table, call) ?? []),
  );
}

/** `GET ?downloadid` */
export const downloadStatus = (core: Core, call: Call, name: string, schema?: string): Reply =>
  downloadReply(core, findDownload(core, call, name, schema));

/** `GET ?data&downloadid&rowrange` */
export const downloadData = (core: Core, call: Call, name: string, schema?: string): Reply =>
  rowsReply(core.downloads, call, findDownload(core, call, name, schema), 'nanoseconds');

/** What a session is, for tables and instances alike. */
export function downloadReply(core: Core, download: Download): Reply {
  const { id, createdAt, count, schema, quota } = download;
  const content = {
    DownloadID: id,
    Status: core.downloads.wordOf(download),
    Owner: OWNER,
    Initiated: httpDate(createdAt),
    RecordCount: count,
    QuotaName: quota,
    Schema: schema,
  };
  return json(content);
}
