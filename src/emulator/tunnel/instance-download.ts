import type { Call, Core } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import { schemaJson } from '../model/schema-json.ts';
import type { Instance } from '../sql/instances.ts';
import type { Rows } from '../store/store.ts';
import { downloadReply } from './download.ts';
import type { Download } from './downloads.ts';
import { rowsReply } from './reading.ts';
import { quotaOf } from './target.ts';

/** Rows that are to be had with `instance_tunnel_limit_enabled` (requests 8). */
const LIMIT = 10_000;

/** `POST /projects/P/instances/ID?downloads[&instance_tunnel_limit_enabled]` */
export function createInstanceDownload(core: Core, call: Call, id: string): Reply {
  const instance = core.instances.find(id);
  const rows = resultOf(instance);
  const schema = schemaJson({ kind: 'MANAGED_TABLE', columns: rows.columns, tablePartitionColumns: [] });
  const download = core.downloads.create({
    key: keyOf(id),
    name: `instance ${id}`,
    tablePartition: '',
    schema,
    rows,
    count: shownCount(call, rows),
    ownsRows: false,
    quota: quotaOf(call),
  });
  return downloadReply(core, download);
}

/** Rows that the call may see. */
export const shownCount = ({ query }: Call, { count }: Rows): number =>
  query.has('instance_tunnel_limit_enabled') ? Math.min(count, LIMIT) : count;

const keyOf = (id: string): string => `instance ${id}`;

/** The rows of a statement that has ended well and answers rows; PyODPS reads `?result` when there are none. */
export function resultOf({ id, status, rows, outcome }: Instance): Rows {
  if (status === 'Running') throw new Refusal(400, 'InstanceNotTerminate', `Instance ${id} still runs.`);
  if (status === 'Failed') throw new Refusal(400, 'TaskFailed', outcome.text);
  if (status === 'Cancelled') throw new Refusal(400, 'TaskFailed', `Instance ${id} was cancelled.`);
  if (rows === 'given up') {
    const text = `The rows of instance ${id} are no longer kept: many others have ended since; ?result answers its CSV.`;
    throw new Refusal(400, 'InstanceResultExpired', text);
  }
  if (rows) return rows;
  const text = `Instance ${id} has no rows: only the result of a query can be downloaded.`;
  throw new Refusal(400, 'InstanceTypeNotSupported', text);
}

function findDownload(core: Core, call: Call, id: string): Download {
  resultOf(core.instances.find(id));
  return core.downloads.findFor(call.query.get('downloadid') ?? '', keyOf(id));
}

/** `GET .../instances/ID?downloadid` */
export const instanceDownloadStatus = (core: Core, call: Call, id: string): Reply =>
  downloadReply(core, findDownload(core, call, id));

/** `GET .../instances/ID?data&downloadid&rowrange`: here Arrow holds a TIMESTAMP as seconds and nanoseconds. */
export const instanceDownloadData = (core: Core, call: Call, id: string): Reply =>
  rowsReply(core.downloads, call, findDownload(core, call, id), 'struct');
