import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './control/control.ts';
import { slowed } from './control/faults.ts';
import type { Reply } from './errors.ts';
import { IDLE_MS } from './request-body.ts';

/** One request and the place for its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

type Pieces = AsyncIterable<Uint8Array>;

const isStream = (body: Reply['body']): body is Pieces =>
  typeof body === 'object' && Symbol.asyncIterator in body;

/**
 * The reply with the first piece of a streaming body already made: what fails before it can still be
 * answered with a status. A body without any piece becomes an empty one.
 */
export async function begun(reply: Reply): Promise<Reply> {
  if (!isStream(reply.body)) return reply;
  const rest = reply.body[Symbol.asyncIterator]();
  const first = await rest.next();
  return { ...reply, body: first.done ? '' : resumed(first.value, rest) };
}

async function* resumed(first: Uint8Array, rest: AsyncIterator<Uint8Array>): Pieces {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Ends a streaming body that nobody will read; started first, for only then what it holds is given up. */
export async function dropBody(reply: Reply): Promise<void> {
  if (!isStream(reply.body)) return;
  const pieces = reply.body[Symbol.asyncIterator]();
  await pieces.next().catch(() => {});
  await pieces.return?.();
}

/**
 * Writes an answer, or what the fault leaves of it; never rejects. A streaming body is sent chunked, as
 * fast as the client takes it; when it fails in the middle the connection is cut instead of ended.
 */
export async function writeReply(exchange: Exchange, reply: Reply, fault?: Fault): Promise<void> {
  const { request, response } = exchange;
  const cut = fault?.action === 'cut' && fault.when !== 'before' ? fault.when : undefined;
  if (cut === 'after' || response.destroyed) {
    response.destroy();
    return dropBody(reply);
  }
  const whole = isStream(reply.body) ? undefined : Buffer.from(reply.body ?? '');
  writeHead(exchange, reply, whole && whole.length + (cut ? 2 : 0));
  if (request.method === 'HEAD') {
    response.end();
    return dropBody(reply);
  }
  const pieces = isStream(reply.body) ? reply.body : only(whole!);
  if (cut) return cutInside(response, pieces);
  if (fault?.action === 'slow') response.flushHeaders();
  await write(response, fault?.action === 'slow' ? slowed(pieces, fault.bytesPerSecond) : pieces);
}

function writeHead({ request, response, requestId }: Exchange, reply: Reply, length?: number): void {
  // An answer before the end of the body: what still comes is read and dropped, so that it can be seen.
  const isEarly = !request.complete;
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.type ? { 'Content-Type': reply.type } : {}),
    ...(length === undefined ? {} : { 'Content-Length': String(length) }),
    'x-odps-request-id': requestId,
    ...(isEarly ? { Connection: 'close' } : {}),
  });
  if (isEarly) request.resume();
}

async function* only(body: Buffer): Pieces {
  if (body.length) yield body;
}

async function write(response: ServerResponse, pieces: Pieces): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (response.destroyed) return;
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  } catch {
    response.destroy();
  }
}

/** Resolves when there is room again or nobody to write for. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = setTimeout(() => response.destroy(), IDLE_MS).unref();
    const done = () => {
      clearTimeout(giveUp);
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
    if (response.destroyed) done();
  });
}

/** Half of the first piece (of a body without any: one byte), then nothing more. */
async function cutInside(response: ServerResponse, pieces: Pieces): Promise<void> {
  let first: Uint8Array = Buffer.from(' ');
  try {
    for await (const piece of pieces) {
      first = piece;
      break;
    }
  } finally {
    response.write(first.subarray(0, Math.ceil(first.length / 2)), () => response.destroy());
  }
}
