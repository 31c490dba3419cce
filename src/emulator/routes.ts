import type { RouteName } from './control/control.ts';
import type { Call, Core, Route } from './core.ts';
import { type Family, Refusal, type Reply } from './errors.ts';
import * as service from './service/service.ts';
import * as tunnel from './tunnel/upload.ts';

type Handle = (core: Core, call: Call) => Promise<Reply> | Reply;

const route = (name: RouteName, family: Family, handle: Handle): Route => ({ name, family, handle });

/** Parameters that only tunnel calls have; both families use the same paths. */
const TUNNEL_WORDS = ['uploads', 'uploadid', 'downloads', 'downloadid', 'upsertid', 'slotnum'];

function familyOf(path: string, query: ReadonlyMap<string, string>): Family {
  const byPath = /\/tables\/[^/]+\/(streams|upserts|preview)$/.test(path);
  return byPath || TUNNEL_WORDS.some((word) => query.has(word)) ? 'tunnel' : 'service';
}

/**
 * The handler of a call, by path, method and the presence of parameters (never their value). A call that
 * is not known answers 400 (tunnel: with a code that no client repeats) or 404.
 */
export function findRoute(
  method: string,
  path: string,
  query: ReadonlyMap<string, string>,
  project: string,
): Route {
  const family = familyOf(path, query);
  const parts = path.split('/').filter(Boolean);
  if (parts[0] !== 'projects' || !parts[1]) return unknown(family, method, path);
  if (parts[1].toLowerCase() !== project.toLowerCase()) return noProject(family, parts[1]);
  const inSchema = parts[2] === 'schemas' && parts.length > 3;
  const schema = inSchema ? parts[3]!.toLowerCase() : undefined;
  const rest = parts.slice(inSchema ? 4 : 2);
  const found =
    family === 'tunnel'
      ? tunnelRoute(method, query, rest, schema)
      : serviceRoute(method, query, rest, schema);
  return found ?? unknown(family, method, path);
}

function tunnelRoute(
  method: string,
  query: ReadonlyMap<string, string>,
  [kind, name, below]: readonly string[],
  schema: string | undefined,
): Route | undefined {
  if (kind !== 'tables' || !name || below !== undefined) return undefined;
  const make = (routeName: RouteName, handle: typeof tunnel.createSession | typeof tunnel.sessionStatus) =>
    route(routeName, 'tunnel', (core, call) => handle(core, call, name, schema));
  if (method === 'POST' && query.has('uploads')) return make('session_create', tunnel.createSession);
  if (!query.has('uploadid')) return undefined;
  if (method === 'GET') return make('session_status', tunnel.sessionStatus);
  if (method === 'PUT') return make('block', tunnel.putBlock);
  return method === 'POST' ? make('commit', tunnel.commitSession) : undefined;
}

function serviceRoute(
  method: string,
  query: ReadonlyMap<string, string>,
  [kind, name]: readonly string[],
  schema: string | undefined,
): Route | undefined {
  const make = (routeName: RouteName, handle: Handle) => route(routeName, 'service', handle);
  const isGet = method === 'GET' || method === 'HEAD';
  if (kind === undefined) return isGet ? make('project', service.getProject) : undefined;
  if (kind === 'tunnel') return isGet ? make('discovery', service.getTunnel) : undefined;
  if (kind === 'authorization') return make('other', service.authorize);
  if (kind === 'logs') return make('other', () => ({ status: 200 }));
  if (kind === 'instances') return instanceRoute(method, name);
  if (kind !== 'tables' || !isGet) return undefined;
  if (!name) return make('table', (core, call) => service.listTables(core, call, schema));
  if (query.has('partitions')) {
    return make('table', (core, call) => service.listTablePartitions(core, call, name, schema));
  }
  const handle = query.has('partition') ? service.getTablePartition : service.getTable;
  return make('table', (core, call) => handle(core, call, name, schema));
}

function instanceRoute(method: string, id: string | undefined): Route | undefined {
  const make = (handle: Handle) => route('instance', 'service', handle);
  if (method === 'POST' && id === undefined) return make(service.submitInstance);
  if (id === undefined) return undefined;
  if (method === 'GET') return make((core, call) => service.getInstance(core, call, id));
  return method === 'PUT' ? make((core) => service.stopInstance(core, id)) : undefined;
}

function unknown(family: Family, method: string, path: string): Route {
  return route('other', family, () => {
    if (path === '/tenants') return { status: 404 };
    if (family === 'service')
      throw new Refusal(404, 'NoSuchObject', `There is nothing at ${method} ${path}.`);
    const instance = /\/instances\//.test(path);
    const text = `${method} ${path} is not supported by this local MaxCompute.`;
    throw new Refusal(400, instance ? 'InstanceTypeNotSupported' : 'MethodNotAllowed', text);
  });
}

function noProject(family: Family, project: string): Route {
  return route('other', family, () => {
    const text = `ODPS-0420095: Project not found - ${project}`;
    throw new Refusal(404, family === 'service' ? 'NoSuchObject' : 'NoSuchProject', text);
  });
}
