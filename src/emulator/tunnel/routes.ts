import type { RouteName } from '../control/control.ts';
import type { Call, Core, Route, Target } from '../core.ts';
import type { Reply } from '../errors.ts';
import * as download from './download.ts';
import * as results from './instance-download.ts';
import { withMetrics } from './metrics.ts';
import { previewTable } from './preview.ts';
import { sessionRows } from './session-download.ts';
import * as stream from './stream.ts';
import * as upload from './upload.ts';
import * as upsert from './upsert.ts';

type InstanceHandle = (core: Core, call: Call, id: string) => Promise<Reply> | Reply;
/** A handler of calls about one table. */
type TableHandle = (core: Core, call: Call, name: string, schema?: string) => Promise<Reply> | Reply;

/** The handler of a tunnel call; undefined when there is none. */
export function tunnelRoute(target: Target): Route | undefined {
  if (target.kind === 'instances') return instanceRoute(target);
  if (target.kind !== 'tables' || !target.name) return undefined;
  switch (target.below) {
    case undefined:
      return uploadRoute(target) ?? downloadRoute(target);
    case 'streams':
      return streamRoute(target);
    case 'upserts':
      return upsertRoute(target);
    case 'preview':
      return target.verb === 'GET' ? tableRoute('preview', target, previewTable) : undefined;
    default:
      return undefined;
  }
}

function tableRoute(name: RouteName, target: Target, handle: TableHandle): Route {
  return { name, family: 'tunnel', handle: (core, call) => handle(core, call, target.name!, target.schema) };
}

/** A call with rows in its body. */
function rowsRoute(name: RouteName, target: Target, handle: TableHandle): Route {
  const { handle: answer, ...route } = tableRoute(name, target, handle);
  return { ...route, handle: (core, call) => withMetrics(answer, core, call) };
}

function uploadRoute(target: Target): Route | undefined {
  const { verb, query } = target;
  if (verb === 'POST' && query.has('uploads'))
    return tableRoute('session_create', target, upload.createSession);
  if (!query.has('uploadid')) return undefined;
  if (verb === 'GET') return tableRoute('session_status', target, upload.sessionStatus);
  if (verb === 'PUT') return rowsRoute('block', target, upload.putBlock);
  return verb === 'POST' ? tableRoute('commit', target, upload.commitSession) : undefined;
}

function streamRoute(target: Target): Route | undefined {
  const { verb, query } = target;
  if (!query.has('uploadid'))
    return verb === 'POST' ? tableRoute('stream_create', target, stream.createStream) : undefined;
  if (verb === 'GET') return tableRoute('stream_status', target, stream.streamStatus);
  if (verb === 'PUT') return rowsRoute('stream_flush', target, stream.flushStream);
  return verb === 'POST' ? tableRoute('stream_abort', target, stream.abortStream) : undefined;
}

function upsertRoute(target: Target): Route | undefined {
  const { verb, query } = target;
  if (!query.has('upsertid'))
    return verb === 'POST' ? tableRoute('upsert_create', target, upsert.createUpsert) : undefined;
  if (verb === 'GET') return tableRoute('upsert_status', target, upsert.upsertStatus);
  if (verb === 'PUT') return rowsRoute('upsert_flush', target, upsert.flushUpsert);
  if (verb === 'POST') return tableRoute('upsert_commit', target, upsert.commitUpsert);
  return verb === 'DELETE' ? tableRoute('upsert_abort', target, upsert.abortUpsert) : undefined;
}

function downloadRoute(target: Target): Route | undefined {
  const { verb, query } = target;
  if (verb === 'POST' && query.has('downloads'))
    return tableRoute('download_create', target, download.createDownload);
  if (verb !== 'GET' || !query.has('downloadid')) return undefined;
  return query.has('data')
    ? tableRoute('download_data', target, download.downloadData)
    : tableRoute('download_status', target, download.downloadStatus);
}

/** Downloads of the result of an instance (requests 8). */
function instanceRoute({ verb, query, name: id, below }: Target): Route | undefined {
  if (!id || below) return undefined;
  const make = (name: RouteName, handle: InstanceHandle): Route => ({
    name,
    family: 'tunnel',
    handle: (core, call) => handle(core, call, id),
  });
  if (verb === 'POST' && query.has('downloads'))
    return make('download_create', results.createInstanceDownload);
  if (verb === 'GET' && query.has('cached') && query.has('data')) return make('download_data', sessionRows);
  if (verb !== 'GET' || !query.has('downloadid')) return undefined;
  return query.has('data')
    ? make('download_data', results.instanceDownloadData)
    : make('download_status', results.instanceDownloadStatus);
}
