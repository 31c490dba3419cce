import type { IncomingMessage } from 'node:http';
import { Refusal } from '../errors.ts';

const LIMIT = 4 * 1024 * 1024;

/** The JSON object in a body; refuses what is larger than 4 MiB or no object. */
export async function readJson(request: IncomingMessage): Promise<object> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    size += (piece as Buffer).length;
    if (size > LIMIT) throw new Refusal(413, 'InvalidArgument', 'The body is larger than 4 MiB.');
    pieces.push(piece as Buffer);
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {}
  throw new Refusal(400, 'InvalidArgument', 'The body is no JSON object.');
}
