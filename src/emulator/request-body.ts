import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refusal } from './errors.ts';

/** The service cuts an upload after 120 s without data (protocol 4.5); so do we where a client takes nothing. */
export const IDLE_MS = 120_000;

/**
 * The request body as it comes; a reader that stops early leaves the connection open for the answer. The
 * connection is cut when nothing comes for `idleMs`. A Content-MD5 (protocol 1.5: hex) that is not that of
 * the body is refused as CorruptedDataStream when the body has come.
 */
export async function* readBody(request: IncomingMessage, idleMs = IDLE_MS): AsyncIterable<Buffer> {
  const wanted = request.headers['content-md5'];
  const digest = wanted ? createHash('md5') : undefined;
  request.setTimeout(idleMs, () => request.destroy());
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    digest?.update(piece as Buffer);
    yield piece as Buffer;
  }
  request.setTimeout(0);
  if (!digest || digest.digest('hex') === String(wanted).toLowerCase()) return;
  throw new Refusal(400, 'CorruptedDataStream', `The body is not the one of Content-MD5 ${String(wanted)}.`);
}

/** A whole body as text; throws `tooLong` for one of more than `most` bytes. */
export async function wholeText(
  body: AsyncIterable<Uint8Array>,
  most: number,
  tooLong: Refusal,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > most) throw tooLong;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
