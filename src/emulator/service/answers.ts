import type { Call } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import { OWNER } from '../model/catalog.ts';
import { ascending } from '../order.ts';
import { httpDate } from '../times.ts';
import { element } from '../xml.ts';

export const xml = (body: string, headers: Record<string, string> = {}): Reply => ({
  status: 200,
  type: 'application/xml',
  headers,
  body: `<?xml version="1.0" encoding="UTF-8"?>${body}`,
});

export const text = (body: string): Reply => ({ status: 200, type: 'text/plain', body });

/** Three headers that PyODPS and Java read of projects and schemas (requests 3). */
export const ownership = (createdAt: number, modifiedAt: number): Record<string, string> => ({
  'x-odps-owner': OWNER,
  'x-odps-creation-time': httpDate(createdAt),
  'Last-Modified': httpDate(modifiedAt),
});

const PAGE = 1000;

/** `<Name><Marker/><MaxItems/>items</Name>`: an empty marker ends a listing; Java needs the element. */
export function listing(name: string, items: readonly string[], marker = '', size = PAGE): Reply {
  const head = `${element('Marker', marker)}${element('MaxItems', size)}`;
  return xml(`<${name}>${head}${items.join('')}</${name}>`);
}

/** How items are listed. */
interface Order<T> {
  /** What no other item has, and what they are in order by. */
  readonly keyOf: (item: T) => string;
  readonly order?: (a: string, b: string) => number;
}

/**
 * One page of items that are in the order of their listing, from behind `marker` on. The marker is the key of
 * the last item, not its place: what comes and goes between two pages moves no other item out of them.
 */
export function page<T>(
  { query }: Pick<Call, 'query'>,
  name: string,
  items: readonly T[],
  { keyOf, order = ascending }: Order<T>,
  xmlOf: (item: T) => string,
): Reply {
  const size = pageSize(query.get('maxitems'));
  const marker = query.get('marker');
  const after = marker ? Buffer.from(marker, 'base64url').toString('utf8') : undefined;
  const rest = after === undefined ? items : items.filter((item) => order(keyOf(item), after) > 0);
  const shown = rest.slice(0, size);
  const last = rest.length > size ? Buffer.from(keyOf(shown.at(-1)!)).toString('base64url') : '';
  return listing(name, shown.map(xmlOf), last, size);
}

function pageSize(given: string | undefined): number {
  if (!given) return PAGE;
  if (!/^\d{1,9}$/.test(given) || Number(given) < 1)
    throw new Refusal(400, 'InvalidArgument', `maxitems=${given} is no number from 1 on.`);
  return Math.min(Number(given), PAGE);
}

/** A part of the service that is not here: a status that no client repeats, and which part. */
export const notImplemented = (what: string): Refusal =>
  new Refusal(400, 'NotImplemented', `${what} is not part of this local MaxCompute.`);
