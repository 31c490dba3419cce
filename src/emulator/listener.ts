import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { begun, dropBody, type Exchange, writeReply } from './answer.ts';
import { type Account, authenticate } from './auth.ts';
import type { Control, Fault } from './control/control.ts';
import { beforeEffect, faultyBody, replyAfter } from './control/faults.ts';
import { manage } from './control/manage.ts';
import type { Call, Core, Route } from './core.ts';
import { errorReply, type Reply, replyOf } from './errors.ts';
import { createLanes } from './lanes.ts';
import { answerNoRequests, newRequestId } from './no-request.ts';
import { answerPage, isForPage, type PageOf } from './page/page.ts';
import { readBody } from './request-body.ts';
import { findRoute } from './routes.ts';
import { httpDate } from './times.ts';

/** What the server answers for. */
export interface Served extends PageOf {
  readonly core: Core;
  readonly control: Control;
  readonly account: Account;
  /** See `readBody`. */
  readonly idleMs: number | undefined;
}

/** Bytes of the request line and the headers: a download names up to 1,200 columns in its query. */
const LONGEST_HEAD = 1024 * 1024;

/** Starts listening; rejects with the system's error (EADDRINUSE, EACCES ...). */
export async function listen(served: Served, host: string, port: number): Promise<Server> {
  const options = { maxHeaderSize: LONGEST_HEAD, requireHostHeader: false };
  // What a client sends ahead of an answer must not overtake it (RFC 9112, 9.3.2).
  const inTurn = createLanes();
  const server = createServer(
    options,
    (request, response) => void inTurn(request.socket, () => respond(served, request, response)),
  );
  answerNoRequests(server);
  server.requestTimeout = 0;
  server.headersTimeout = 60_000;
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function respond(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = newRequestId();
  const exchange = { request, response, requestId };
  request.on('error', () => {});
  response.on('error', () => {});
  try {
    const address = parseAddress(request);
    if (!address) {
      const text = 'The address cannot be decoded.';
      return writeReply(exchange, errorReply('service', 400, 'InvalidURI', text, requestId));
    }
    const { path, query } = address;
    if (isForPage(request.method ?? 'GET', path))
      return writeReply(exchange, await answerPage(served, request, path, query));
    if (address.path.startsWith('/_')) {
      return writeReply(exchange, await manage(served, request, address.path, address.query));
    }
    await answer(served, exchange, address);
  } catch (error) {
    if (!request.destroyed) await writeReply(exchange, replyOf(error, 'service', requestId));
  }
}

interface Address {
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
}

/** Path without `/api` and parameters, all decoded; undefined when an escape is broken. */
function parseAddress(request: IncomingMessage): Address | undefined {
  const [rawPath = '/', ...rest] = withoutAuthority(request.url ?? '/').split('?');
  try {
    const path = decodeURIComponent(rawPath).replace(/^\/api(?=\/|$)/, '') || '/';
    const query = new Map<string, string>();
    for (const pair of rest.join('?').split('&').filter(Boolean)) {
      const split = pair.indexOf('=');
      const name = split < 0 ? pair : pair.slice(0, split);
      query.set(decodeURIComponent(name), split < 0 ? '' : parameterText(pair.slice(split + 1)));
    }
    return { path, query };
  } catch {
    return undefined;
  }
}

/** Proxies may leave `http://host:port` before the path (RFC 9112, 3.2.2); no client signs it. */
const withoutAuthority = (target: string): string => target.replace(/^https?:\/\/[^/?]*/i, '') || '/';

/** PyODPS writes a blank as `+`, as forms do; a plus sign comes as `%2B` from every client. */
const parameterText = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

async function answer(served: Served, exchange: Exchange, address: Address): Promise<void> {
  const { core, control } = served;
  const { request, requestId } = exchange;
  const method = request.method ?? 'GET';
  const asked = { method, path: address.path, query: withoutProject(address.query, core) };
  const isTunnel = request.headers['x-odps-tunnel-version'] !== undefined;
  const route = findRoute({ ...asked, isTunnel }, core.project);
  core.traffic.requests[route.name] += 1;
  const match = control.match({ route: route.name, ...asked });
  const fault = match?.fault;
  const now = core.now() + (fault?.action === 'clock' ? fault.ms : 0);
  const early = match && (await beforeEffect(core, match, route, exchange, asked.query));
  if (early === 'gone' || request.destroyed) return;
  const call = {
    ...asked,
    request,
    requestId,
    address: served.addressOf(request),
    ...inCall(served, request, fault),
  };
  const done = early ?? (await handled(served, route, call, address.query, now));
  if (done === 'gone') return;
  const other = match && replyAfter(match, route, requestId);
  if (other) await dropBody(done);
  await writeReply(exchange, dated(other ?? done, fault, now), fault);
}

/** The body of a call and the delay of its commit, as the fault wants them. */
function inCall(
  { idleMs }: Served,
  request: IncomingMessage,
  fault: Fault | undefined,
): Pick<Call, 'body' | 'closing'> {
  const body = faultyBody(readBody(request, idleMs), request, fault);
  return fault?.action === 'closing'
    ? { body, closing: { ms: fault.ms, word: fault.word ?? 'closing' } }
    : { body };
}

/** What the handler answers or fails with. The parameters are signed as they came. */
async function handled(
  { core, account }: Served,
  route: Route,
  call: Call,
  signed: Address['query'],
  now: number,
): Promise<Reply | 'gone'> {
  const { method, path, request, requestId } = call;
  try {
    authenticate({ method, path, query: signed, headers: request.headers }, account, now);
    return await begun(await route.handle(core, call));
  } catch (error) {
    // A client that gives up closes the socket in the middle of the body: nobody is left to answer.
    if (request.socket.destroyed) return 'gone';
    return replyOf(error, route.family, requestId);
  }
}

/** A clock that is off shows in the Date of the answer too. */
const dated = (reply: Reply, fault: Fault | undefined, now: number): Reply =>
  fault?.action === 'clock' ? { ...reply, headers: { ...reply.headers, Date: httpDate(now) } } : reply;

/** Where names have two parts the project stands in the place of the schema: SQLAlchemy names it there. */
function withoutProject(query: Address['query'], core: Core): Address['query'] {
  const schema = query.get('curr_schema')?.toLowerCase();
  if (core.threeLayers || schema !== core.project.toLowerCase()) return query;
  if (core.catalog.schemas.has(schema)) return query;
  return new Map([...query].filter(([name]) => name !== 'curr_schema'));
}
