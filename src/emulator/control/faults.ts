import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Core, Route } from '../core.ts';
import { errorReply, type Reply } from '../errors.ts';
import { sleep } from '../sleep.ts';
import type { Fault, Match } from './control.ts';
import { forceSession } from './session-control.ts';

type FaultedRoute = Pick<Route, 'name' | 'family'>;

const CODES: Record<number, string> = {
  400: 'InvalidArgument',
  401: 'Unauthorized',
  403: 'NoPermission',
  409: 'StatusConflict',
  429: 'FlowExceeded',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};

/** What a tunnel call does not find that names a session, by the first word of its route. */
const MISSING: Readonly<Record<string, string>> = {
  session: 'NoSuchUpload',
  block: 'NoSuchUpload',
  commit: 'NoSuchUpload',
  download: 'NoSuchDownload',
  stream: 'StreamSessionNotFound',
  upsert: 'UpsertSessionNotFound',
};

function missing({ name, family }: FaultedRoute): string {
  if (family === 'service') return 'NoSuchObject';
  const [word = '', what] = name.split('_');
  return (what === 'create' ? undefined : MISSING[word]) ?? 'NoSuchTable';
}

/** A gateway in front of the service knows nothing of the protocol. */
function gatewayPage(status: number): string {
  const title = `${status} ${STATUS_CODES[status]}`;
  return `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
}

/** What happens before the call takes effect: an answer instead of it, `gone` for a cut connection, or nothing. */
export async function beforeEffect(
  core: Core,
  { fault, released }: Match,
  route: FaultedRoute,
  { request, requestId }: { readonly request: IncomingMessage; readonly requestId: string },
  query: ReadonlyMap<string, string>,
): Promise<Reply | 'gone' | undefined> {
  switch (fault.action) {
    case 'status':
      return fault.when === 'after' ? undefined : statusReply(fault, route, requestId);
    case 'delay':
      await sleep(fault.ms);
      return undefined;
    case 'hang':
      await Promise.race([released, closed(request)]);
      return request.socket.destroyed ? 'gone' : undefined;
    case 'cut':
      if (fault.when !== 'before') return undefined;
      request.socket.destroy();
      return 'gone';
    case 'session':
      forceSession(core, route.name, query, fault.state);
      return undefined;
    case 'lose_block':
      await core.uploads.loseBlock(query.get('uploadid'));
      await core.upserts.losePack(query.get('upsertid'));
      return undefined;
    default:
      return undefined;
  }
}

/** The answer in place of the true one, once the call has taken effect. */
export const replyAfter = ({ fault }: Match, route: FaultedRoute, requestId: string): Reply | undefined =>
  fault.action === 'status' ? statusReply(fault, route, requestId) : undefined;

function statusReply(
  fault: Extract<Fault, { action: 'status' }>,
  route: FaultedRoute,
  requestId: string,
): Reply {
  const { status, code, message, body, retryAfter } = fault;
  const headers = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  // 502 and 504 are pages unless a code is asked for.
  const page = body ?? ((status === 502 || status === 504) && !code ? gatewayPage(status) : undefined);
  if (page !== undefined) return { status, headers, type: 'text/html', body: page };
  const known = code ?? (status === 404 ? missing(route) : CODES[status]) ?? `HTTP${status}`;
  return {
    ...errorReply(route.family, status, known, message ?? `fault on request: ${known}`, requestId),
    headers,
  };
}

const closed = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => request.socket.once('close', () => resolve()));

/** The body of a request as the fault lets it come. */
export function faultyBody(
  body: AsyncIterable<Buffer>,
  request: IncomingMessage,
  fault: Fault | undefined,
): AsyncIterable<Buffer> {
  if (fault?.action === 'slow') return slowBody(body, fault.bytesPerSecond);
  const isCut = fault?.action === 'cut' && fault.when === 'body' && request.method === 'PUT';
  return isCut ? cutBody(body, request) : body;
}

async function* slowBody(body: AsyncIterable<Buffer>, bytesPerSecond: number): AsyncIterable<Buffer> {
  for await (const piece of body) {
    await sleep((1000 * piece.length) / bytesPerSecond);
    yield piece;
  }
}

/** Takes the first piece, then cuts the connection. */
async function* cutBody(body: AsyncIterable<Buffer>, request: IncomingMessage): AsyncIterable<Buffer> {
  for await (const piece of body) {
    request.socket.destroy();
    yield piece.subarray(0, Math.floor(piece.length / 2));
    throw new Error('the connection was cut on request');
  }
}

/** The pieces of an answer at this speed, ten times a second. */
export async function* slowed(
  pieces: AsyncIterable<Uint8Array>,
  bytesPerSecond: number,
): AsyncIterable<Uint8Array> {
  const size = Math.max(1, Math.floor(bytesPerSecond / 10));
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += size) {
      await sleep(100);
      yield piece.subarray(at, at + size);
    }
  }
}
