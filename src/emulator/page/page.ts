import type { IncomingMessage } from 'node:http';
import type { Account } from '../auth.ts';
import type { Control } from '../control/control.ts';
import { refuseOtherNames, refuseOtherSites, refuseWithoutKey } from '../control/guard.ts';
import { readJson } from '../control/json-body.ts';
import type { Core } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import { DEFAULT_SCHEMA } from '../model/catalog.ts';
import { asset, PAGE_HEADERS } from './assets.ts';
import { runQuery } from './query.ts';
import { pageState, tableDetail } from './state.ts';

export interface PageOf {
  readonly core: Core;
  readonly control: Control;
  readonly account: Account;
  /** The listener can be reached from other machines: the page asks for the access key. */
  readonly needsKey: boolean;
  /** `host:port` for addresses in answers. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Where rows are: `in memory`, a folder, or why only counts are kept. */
  readonly kept: string;
}

/** Whether a request is for the page: its own calls, the root in a browser, links of instances. */
export const isForPage = (method: string, path: string): boolean =>
  path === '/_page' || path.startsWith('/_page/') || (method === 'GET' && /^\/(?:logview\/?)?$/.test(path));

const answered = (status: number, content: unknown): Reply =>
  json(content, { status, headers: PAGE_HEADERS });

/** The page (`/`), its files and its calls (`/_page/...`). Errors are JSON `{error}`. */
export async function answerPage(
  page: PageOf,
  request: IncomingMessage,
  path: string,
  query: ReadonlyMap<string, string>,
): Promise<Reply> {
  try {
    refuseOtherNames(request, page.core.publicAddress);
    refuseOtherSites(request);
    return await answer(page, request, path, query);
  } catch (error) {
    if (error instanceof Refusal) return answered(error.status, { error: error.message });
    throw error;
  }
}

async function answer(
  page: PageOf,
  request: IncomingMessage,
  path: string,
  query: ReadonlyMap<string, string>,
): Promise<Reply> {
  if (path === '/' || path === '/_page') return asset('page.html');
  // Clients print such a link for an instance.
  if (path.startsWith('/logview')) {
    const id = encodeURIComponent(query.get('i') ?? '');
    return { status: 302, headers: { ...PAGE_HEADERS, Location: `/#instance-${id}` } };
  }
  const name = path.slice('/_page/'.length);
  if (name.includes('.')) return asset(name);
  if (page.needsKey) refuseWithoutKey(request, page.account.accessKey);
  return data(page, request, name, query);
}

async function data(
  { core, control, account, kept, addressOf }: PageOf,
  request: IncomingMessage,
  name: string,
  query: ReadonlyMap<string, string>,
): Promise<Reply> {
  switch (`${request.method} ${name}`) {
    case 'GET state': {
      const tunnel = `http://${addressOf(request)}`;
      const started = { endpoint: `${tunnel}/api`, tunnel, accessId: account.accessId, kept };
      return answered(200, pageState(core, control, started));
    }
    case 'GET table': {
      const found = tableDetail(core, query.get('schema') ?? DEFAULT_SCHEMA, query.get('name') ?? '');
      return found
        ? answered(200, found)
        : answered(404, { error: `There is no table ${query.get('name')}.` });
    }
    case 'POST sql':
      return answered(200, await runQuery(core, await asked(request), () => request.socket.destroyed));
    default:
      return answered(404, { error: `There is nothing at ${request.method} /_page/${name}.` });
  }
}

const LIMIT = 10_000;

async function asked(request: IncomingMessage) {
  if (!request.headers['content-type']?.startsWith('application/json'))
    throw new Refusal(400, 'InvalidArgument', 'The body has to be application/json.');
  const { sql, schema = DEFAULT_SCHEMA, limit = 100 } = (await readJson(request)) as Record<string, unknown>;
  if (typeof sql !== 'string' || typeof schema !== 'string' || typeof limit !== 'number')
    throw new Refusal(
      400,
      'InvalidArgument',
      'The body has to be {"sql": text, "schema": text, "limit": number}.',
    );
  return { sql, schema, limit: Math.min(Math.max(1, Math.floor(limit)), LIMIT) };
}
