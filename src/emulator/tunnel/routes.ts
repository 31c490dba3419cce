import type { RouteName } from '../control/control.ts';
import type { Call, Core, Route, Target } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import * as stream from './stream.ts';
import * as upload from './upload.ts';
import * as upsert from './upsert.ts';

/** A handler of calls about one table. */
type TableHandle = (core: Core, call: Call, name: string, schema?: string) => Promise<Reply> | Reply;

/** The handler of a tunnel call; undefined when there is none. */
export function tunnelRoute(target: Target): Route | undefined {
  if (target.kind === 'instances' && target.verb === 'POST') return noRows();
  if (target.kind !== 'tables' || !target.name) return undefined;
  switch (target.below) {
    case undefined:
      return uploadRoute(target);
    case 'streams':
      return streamRoute(target);
    case 'upserts':
      return upsertRoute(target);
    default:
      return undefined;
  }
}

function tableRoute(name: RouteName, target: Target, handle: TableHandle): Route {
  return { name, family: 'tunnel', handle: (core, call) => handle(core, call, target.name!, target.schema) };
}

function uploadRoute(target: Target): Route | undefined {
  const { verb, query } = target;
  if (verb === 'POST' && query.has('uploads'))
    return tableRoute('session_create', target, upload.createSession);
  if (!query.has('uploadid')) return undefined;
  if (verb === 'GET') return tableRoute('session_status', target, upload.sessionStatus);
  if (verb === 'PUT') return tableRoute('block', target, upload.putBlock);
  return verb === 'POST' ? tableRoute('commit', target, upload.commitSession) : undefined;
}

function streamRoute(target: Target): Route | undefined {
  const { verb, query } = target;
  if (!query.has('uploadid'))
    return verb === 'POST' ? tableRoute('stream_create', target, stream.createStream) : undefined;
  if (verb === 'GET') return tableRoute('stream_status', target, stream.streamStatus);
  if (verb === 'PUT') return tableRoute('stream_flush', target, stream.flushStream);
  return verb === 'POST' ? tableRoute('stream_abort', target, stream.abortStream) : undefined;
}

function upsertRoute(target: Target): Route | undefined {
  const { verb, query } = target;
  if (!query.has('upsertid'))
    return verb === 'POST' ? tableRoute('upsert_create', target, upsert.createUpsert) : undefined;
  if (verb === 'GET') return tableRoute('upsert_status', target, upsert.upsertStatus);
  if (verb === 'PUT') return tableRoute('upsert_flush', target, upsert.flushUpsert);
  if (verb === 'POST') return tableRoute('upsert_commit', target, upsert.commitUpsert);
  return verb === 'DELETE' ? tableRoute('upsert_abort', target, upsert.abortUpsert) : undefined;
}

/** PyODPS takes the code for a sign to read `?result` (requests 8). */
function noRows(): Route {
  const refusal = new Refusal(400, 'InstanceTypeNotSupported', 'Read the result of the instance instead.');
  const handle = () => {
    throw refusal;
  };
  return { name: 'other', family: 'tunnel', handle };
}
