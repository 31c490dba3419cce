import type { Route, Target } from './core.ts';
import { type Family, Refusal } from './errors.ts';
import { outerRoute, serviceRoute } from './service/routes.ts';
import { tunnelRoute } from './tunnel/routes.ts';

/** Parameters that only tunnel calls have; both families use the same paths. */
const TUNNEL_WORDS = [
  'uploads',
  'uploadid',
  'blockid',
  'downloads',
  'downloadid',
  'rowrange',
  'upsertid',
  'slotnum',
  'slotid',
  'bucketid',
];

/** One request line, decoded; `isTunnel`: the client says that it speaks the tunnel's protocol. */
export interface Requested {
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly isTunnel: boolean;
}

/** By what is asked for first, by the header only where that leaves it open (protocol 1.5). */
function familyOf({ path, query, isTunnel }: Requested): Family {
  if (TUNNEL_WORDS.some((word) => query.has(word))) return 'tunnel';
  if (/\/tables\/[^/]+\/[^/]+$/.test(path)) return 'tunnel';
  return isTunnel ? 'tunnel' : 'service';
}

const routeOf = { service: serviceRoute, tunnel: tunnelRoute };
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

/**
 * The handler of a call, by path, method and the presence of parameters (never their value). A call that
 * is not known is answered with a status that no client repeats, in the shape of its family.
 */
export function findRoute(requested: Requested, project: string): Route {
  const { method, path, query } = requested;
  const family = familyOf(requested);
  const parts = path.split('/').filter(Boolean);
  const [root, name, ...rest] = parts;
  const verb = method === 'HEAD' ? 'GET' : method;
  if (root !== 'projects' || !name) return outerRoute(verb, parts) ?? unknown(family, requested);
  if (name.toLowerCase() !== project.toLowerCase()) return noProject(family, name);
  const named = resource(rest);
  if (!named) return unknown(family, requested);
  const target = { verb, query, ...named };
  const found = routeOf[family](target);
  if (found) return found;
  const others = METHODS.filter((other) => other !== verb && routeOf[family]({ ...target, verb: other }));
  return others.length ? wrongMethod(family, requested, others) : unknown(family, requested);
}

/** What stands below the project; undefined when it is more than anything has. */
function resource(parts: readonly string[]): Omit<Target, 'verb' | 'query'> | undefined {
  const inSchema = parts[0] === 'schemas' && parts.length > 2;
  const [kind, name, below, ...more] = inSchema ? parts.slice(2) : parts;
  if (more.length) return undefined;
  return { schema: inSchema ? parts[1]!.toLowerCase() : undefined, kind, name, below };
}

const refuse = (family: Family, refusal: Refusal): Route => ({
  name: 'other',
  family,
  handle: () => {
    throw refusal;
  },
});

function unknown(family: Family, { method, path }: Requested): Route {
  const text = `There is nothing at ${method} ${path} in this local MaxCompute.`;
  if (family === 'tunnel') return refuse(family, new Refusal(400, 'InvalidURI', text));
  return refuse(family, new Refusal(404, 'NoSuchObject', text));
}

function wrongMethod(family: Family, { method, path }: Requested, others: readonly string[]): Route {
  const text = `${method} is not allowed on ${path} with these parameters, but ${others.join(', ')}.`;
  return refuse(family, new Refusal(405, 'MethodNotAllowed', text));
}

function noProject(family: Family, project: string): Route {
  const code = family === 'service' ? 'NoSuchObject' : 'NoSuchProject';
  return refuse(family, new Refusal(404, code, `ODPS-0420095: Project not found - ${project}`));
}
