import type { RouteName } from '../control/control.ts';
import type { Call, Core, Route, Target } from '../core.ts';
import type { Reply } from '../errors.ts';
import { notImplemented } from './answers.ts';
import { emptyCollection } from './collections.ts';
import * as instances from './instance-calls.ts';
import { previewCsv } from './preview.ts';
import * as project from './project.ts';
import * as schemas from './schemas.ts';
import * as tablePartitions from './table-partitions.ts';
import * as tables from './tables.ts';
import * as tenant from './tenant.ts';

type Handle = (core: Core, call: Call) => Promise<Reply> | Reply;

const route = (name: RouteName, handle: Handle): Route => ({ name, family: 'service', handle });

/** The handler of a service call beside the projects; undefined when there is none. */
export function outerRoute(verb: string, parts: readonly string[]): Route | undefined {
  if (verb !== 'GET') return undefined;
  const [root = '', name] = parts;
  switch (parts.join('/')) {
    case 'projects':
      return route('project', project.listProjects);
    case 'tenants':
      return route('other', tenant.getTenant);
    case 'quotas':
      return route('other', tenant.listQuotas);
    case 'logview/host':
      return route('other', tenant.logviewHost);
    default:
      return root === 'quotas' && parts.length === 2
        ? route('other', () => tenant.getQuota(name!))
        : undefined;
  }
}

/** The handler of a service call; undefined when there is none. */
export function serviceRoute(target: Target): Route | undefined {
  const { verb, kind, name } = target;
  const isGet = verb === 'GET';
  switch (kind) {
    case undefined:
      if (isGet) return route('project', project.getProject);
      return verb === 'PUT' ? route('project', project.changeProject) : undefined;
    case 'tunnel':
      return isGet ? route('discovery', project.getTunnel) : undefined;
    case 'authorization':
      return verb === 'POST' ? route('other', project.authorize) : undefined;
    case 'logs':
      return route('other', () => ({ status: 200 }));
    case 'system':
      return isGet ? route('other', project.getSystem) : undefined;
    case 'users':
      return isGet ? route('other', () => project.getUsers(name, target.query.has('roles'))) : undefined;
    case 'schemas':
      return schemaRoute(target);
    case 'instances':
      return instanceRoute(target);
    case 'cachedinstances':
      return isGet && !name ? route('instance', instances.listQueue) : undefined;
    case 'tables':
      return tableRoute(target);
    default: {
      const handle = emptyCollection(target);
      return handle && route('other', handle);
    }
  }
}

function schemaRoute({ verb, name, below }: Target): Route | undefined {
  if (below) return undefined;
  if (!name && verb === 'GET') return route('schema', schemas.listSchemas);
  if (!name) return verb === 'POST' ? route('schema', schemas.createSchema) : undefined;
  if (verb === 'GET') return route('schema', (core) => schemas.getSchema(core, name));
  return verb === 'DELETE' ? route('schema', (core) => schemas.dropSchema(core, name)) : undefined;
}

function tableRoute({ verb, name, query, schema, below }: Target): Route | undefined {
  if (below) return undefined;
  if (!name && verb === 'POST' && query.has('query')) return route('table', tables.loadTables);
  if (verb === 'PUT' && name && query.has('op'))
    return route('table', () => {
      throw notImplemented(`The table operation "${query.get('op')}"`);
    });
  if (verb !== 'GET') return undefined;
  if (!name) return route('table', (core, call) => tables.listTables(core, call, schema));
  if (query.has('partitions'))
    return route('table', (core, call) => tablePartitions.listTablePartitions(core, call, name, schema));
  if (query.has('data')) return route('preview', (core, call) => previewCsv(core, call, name, schema));
  const handle = query.has('partition') ? tablePartitions.getTablePartition : tables.getTable;
  return route('table', (core, call) => handle(core, call, name, schema));
}

function instanceRoute({ verb, name: id, below }: Target): Route | undefined {
  if (below) return undefined;
  if (id === undefined && verb === 'POST') return route('instance', instances.submitInstance);
  if (id === undefined) return verb === 'GET' ? route('instance', instances.listInstances) : undefined;
  if (verb === 'GET') return route('instance', (core, call) => instances.getInstance(core, call, id));
  return verb === 'PUT'
    ? route('instance', (core, call) => instances.stopInstance(core, call, id))
    : undefined;
}
