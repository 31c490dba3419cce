import type { IncomingMessage } from 'node:http';
import { Refusal } from '../errors.ts';
import { wholeText } from '../request-body.ts';

const LIMIT = 4 * 1024 * 1024;

/** The JSON object in a body; refuses what is larger than 4 MiB or no object. */
export async function readJson(request: IncomingMessage): Promise<object> {
  const tooLong = new Refusal(413, 'InvalidArgument', 'The body is larger than 4 MiB.');
  const text = await wholeText(request.iterator({ destroyOnReturn: false }), LIMIT, tooLong);
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {}
  throw new Refusal(400, 'InvalidArgument', 'The body is no JSON object.');
}
