import type { Call, Core } from '../core.ts';

/** The bytes of a block or pack as they come: counted, and no faster than the quota allows. */
export async function* received(core: Core, call: Call): AsyncIterable<Buffer> {
  for await (const piece of core.quotas.pace(call.body)) {
    core.traffic.bytesIn += piece.length;
    yield piece;
  }
}
