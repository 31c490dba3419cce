import { isPassing } from './error.ts';
import type { MaxComputeOptions } from './options.ts';
import { parseEndpoint } from './wire.ts';

/** An address that could not be confirmed is good for this long, ms. */
const AGAIN_MS = 60_000;

/** Where the tunnel is (protocol 1.2): never kept on disk, asked again after failures. */
export interface Discovery {
  /** The tunnel endpoint; asks the service endpoint when nothing fresh is known. */
  endpoint(signal?: AbortSignal): Promise<string>;
  /** After a failure of the connection: the next call asks again. */
  doubt(): void;
}

/**
 * `ask` returns `host[:port]`. A fixed endpoint of the options is returned as it is. While the service
 * endpoint is away, the address that was known last serves on.
 */
export function openDiscovery(
  options: Pick<MaxComputeOptions, 'endpoint' | 'tunnelEndpoint' | 'clock'>,
  cacheMs: number,
  ask: (signal?: AbortSignal) => Promise<string>,
): Discovery {
  const { endpoint, tunnelEndpoint, clock } = options;
  if (tunnelEndpoint !== null) return { endpoint: async () => tunnelEndpoint, doubt: () => {} };
  let known: { endpoint: string; at: number } | null = null;
  return {
    async endpoint(signal) {
      if (known !== null && clock.now() - known.at < cacheMs) return known.endpoint;
      try {
        known = { endpoint: withScheme(await ask(signal), endpoint), at: clock.now() };
        return known.endpoint;
      } catch (error) {
        if (known === null || !isPassing(error)) throw error;
        known = { ...known, at: clock.now() - cacheMs + AGAIN_MS };
        return known.endpoint;
      }
    },
    doubt() {
      if (known !== null) known = { ...known, at: Number.NEGATIVE_INFINITY };
    },
  };
}

/** The answer has no scheme: that of the service endpoint is meant. */
function withScheme(address: string, serviceEndpoint: string): string {
  return `${new URL(parseEndpoint(serviceEndpoint).origin).protocol}//${address}`;
}
