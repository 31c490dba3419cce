/** One HTTP attempt and its deadlines. The only importer of undici. */
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { lingerOnWriteFailure } from './linger.ts';
import type { ClientLimits } from './options.ts';

export interface HttpRequest {
  readonly origin: string;
  /** Percent-encoded path and query. */
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  /** Text goes with Content-Length; pieces go chunked (protocol 4.3). */
  readonly body: string | readonly Uint8Array[];
  readonly signal: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; of a repeated header the values joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Http {
  /**
   * One attempt; redirects are not followed. Rejects with the signal's reason, a DeadlineError, or the
   * transport's error, and then the socket is destroyed. A request whose answer comes before its body is
   * sent gives that answer, unless it claims success.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export class DeadlineError extends Error {}

export interface HttpOptions {
  readonly proxy: string | null;
  readonly ca: string | null;
  readonly limits: ClientLimits;
}

export function openHttp(options: HttpOptions): Http {
  const dispatcher = openDispatcher(options);
  return {
    send: (request) => send(dispatcher, request, options.limits),
    close: () => dispatcher.destroy(),
  };
}

/** `https:` goes through CONNECT, `http:` in the proxy's absolute form, which every proxy allows. */
function openDispatcher({ proxy, ca, limits }: HttpOptions): Dispatcher {
  const tls = { timeout: limits.connectTimeoutMs, ...(ca === null ? {} : { ca: [...rootCertificates, ca] }) };
  const factory = (origin: string | URL, given: object) => {
    const connect = lingering((given as { connect: buildConnector.connector }).connect);
    return new Pool(origin, { ...poolOptions(limits), connect });
  };
  if (proxy === null) return new Agent({ factory, connect: buildConnector(tls) });
  return new ProxyAgent({ uri: proxy, factory, proxyTunnel: false, requestTls: tls, proxyTls: tls });
}

/** Deadlines are ours, see {@link send}; an idle connection ends before the service cuts it at 120 s. */
function poolOptions(limits: ClientLimits): Pool.Options {
  return {
    connections: limits.connectionsPerEndpoint,
    keepAliveTimeout: limits.keepAliveMs,
    keepAliveMaxTimeout: limits.keepAliveMaxMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: limits.answerBytes,
  };
}

function lingering(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...result) => {
      if (result[0] === null) lingerOnWriteFailure(result[1] as Socket);
      callback(...result);
    });
}

/**
 * A text request has one deadline for everything. An upload has three: for progress while it sends, for
 * the answer after its last byte, and for the whole, growing with its size.
 */
async function send(dispatcher: Dispatcher, request: HttpRequest, limits: ClientLimits): Promise<HttpAnswer> {
  const deadline = openDeadline(request.signal);
  const upload = typeof request.body === 'string' ? null : openUpload(request.body, deadline, limits);
  if (upload === null) deadline.arm(limits.requestTimeoutMs, 'no answer');
  const { signal } = deadline;
  try {
    const { origin, path, method } = request;
    const body = upload?.body ?? (request.body as string);
    const headers = { ...request.headers };
    const answer = await dispatcher.request({ origin, path, method, headers, body, signal });
    const text = await answer.body.text();
    if (upload?.sent() === false && answer.statusCode < 300)
      throw new Error('answered before the whole body was sent');
    return { status: answer.statusCode, headers: plainHeaders(answer.headers), text };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    deadline.end();
  }
}

interface Deadline {
  readonly signal: AbortSignal;
  /** Replaces the former deadline of this kind; `whole` is the one that is set once. */
  arm(ms: number, what: string, kind?: 'phase' | 'whole'): void;
  end(): void;
}

/** Aborts at its time, or with the outer signal. (AbortSignal.any would leave a trace in that for ever.) */
function openDeadline(outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const abort = () => controller.abort(outer?.reason);
  if (outer?.aborted) abort();
  // One signal ends many requests: Node would warn of a leak at the eleventh.
  if (outer !== undefined) setMaxListeners(0, outer);
  outer?.addEventListener('abort', abort, { once: true });
  const timers: { phase?: NodeJS.Timeout; whole?: NodeJS.Timeout } = {};
  return {
    signal: controller.signal,
    arm(ms, what, kind = 'phase') {
      clearTimeout(timers[kind]);
      timers[kind] = setTimeout(() => controller.abort(new DeadlineError(`${what} for ${ms} ms`)), ms);
    },
    end() {
      clearTimeout(timers.phase);
      clearTimeout(timers.whole);
      outer?.removeEventListener('abort', abort);
    },
  };
}

function openUpload(pieces: readonly Uint8Array[], deadline: Deadline, limits: ClientLimits) {
  const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const wholeMs = limits.uploadGraceMs + Math.ceil((1000 * bytes) / limits.uploadFloorBytesPerSecond);
  let sent = false;
  function* slices() {
    for (const slice of slicesOf(pieces, limits.uploadSliceBytes)) {
      deadline.arm(limits.uploadIdleMs, 'no byte taken');
      yield slice;
    }
    sent = true;
    deadline.arm(limits.requestTimeoutMs, 'no answer to the upload');
  }
  deadline.arm(wholeMs, 'upload not finished', 'whole');
  deadline.arm(limits.connectTimeoutMs + limits.uploadIdleMs, 'upload not begun');
  // undici takes iterables, its types do not say so. Unlike a stream it pulls the end when all is written.
  return { body: slices() as unknown as Readable, sent: () => sent };
}

function* slicesOf(pieces: readonly Uint8Array[], bytes: number): Generator<Uint8Array> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; at += bytes) yield piece.subarray(at, at + bytes);
  }
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const pairs = Object.entries(headers).map(([name, value]) => [name, String(value ?? '')] as const);
  return Object.fromEntries(pairs);
}
