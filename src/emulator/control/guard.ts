import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { Refusal } from '../errors.ts';

/**
 * Calls about the emulator carry no signature, and any web page that the user has open can make the browser send
 * some. A browser names the page that sends: a change is taken only from the emulator's own page, or from what is no
 * browser (curl).
 */
export function refuseOtherSites({ method, headers }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD') return;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isForeign = origin !== undefined && origin !== `http://${headers.host}`;
  if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none'))
    throw new Refusal(403, 'Forbidden', 'This call comes from the page of another site.');
}

/**
 * Refuses a Host header that is a name somebody else may own: a site whose name is made to lead here afterwards could
 * read the answers. Addresses, `localhost` and the public name that was given lead nowhere else.
 */
export function refuseOtherNames({ headers }: IncomingMessage, publicAddress: string | undefined): void {
  const name = hostOf(headers.host ?? '');
  const own = isIP(name) > 0 || name === 'localhost' || name.endsWith('.localhost');
  if (own || (publicAddress !== undefined && name === hostOf(publicAddress))) return;
  throw new Refusal(
    403,
    'Forbidden',
    `The page is not served under the name "${name.slice(0, 100)}": use the address, or start with --public NAME:PORT.`,
  );
}

/** `[::1]:80` and `::1` are `::1`. */
function hostOf(address: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(address)?.[1];
  return (bracketed ?? address.replace(/:\d+$/, '')).toLowerCase();
}

/** Beyond this machine the page shows and runs nothing without the access key. */
export function refuseWithoutKey({ headers }: IncomingMessage, accessKey: string): void {
  const given = Buffer.from(String(headers['x-access-key'] ?? ''));
  const wanted = Buffer.from(accessKey);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new Refusal(401, 'Unauthorized', 'The access key is missing or wrong.');
}

/**
 * For calls that tools make under any name, as containers do: only a browser can be misled by one. It says so of
 * itself; the headers that tell more are not sent to plain HTTP.
 */
export function refuseMisledBrowsers(request: IncomingMessage, publicAddress: string | undefined): void {
  const { headers } = request;
  const isBrowser = headers.origin !== undefined || /^Mozilla\//.test(headers['user-agent'] ?? '');
  if (isBrowser) refuseOtherNames(request, publicAddress);
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\./.test(host);
