import type { RouteName } from '../control/control.ts';
import type { Call, Core, Route, Target } from '../core.ts';
import type { Reply } from '../errors.ts';
import * as service from './service.ts';

type Handle = (core: Core, call: Call) => Promise<Reply> | Reply;

const route = (name: RouteName, handle: Handle): Route => ({ name, family: 'service', handle });

/** The handler of a service call; undefined when there is none. */
export function serviceRoute(target: Target): Route | undefined {
  const isGet = target.verb === 'GET';
  switch (target.kind) {
    case undefined:
      return isGet ? route('project', service.getProject) : undefined;
    case 'tunnel':
      return isGet ? route('discovery', service.getTunnel) : undefined;
    case 'authorization':
      return route('other', service.authorize);
    case 'logs':
      return route('other', () => ({ status: 200 }));
    case 'instances':
      return instanceRoute(target);
    case 'tables':
      return isGet ? tableRoute(target) : undefined;
    default:
      return undefined;
  }
}

function tableRoute({ name, query, schema, below }: Target): Route | undefined {
  if (below) return undefined;
  if (!name) return route('table', (core, call) => service.listTables(core, call, schema));
  if (query.has('partitions')) {
    return route('table', (core, call) => service.listTablePartitions(core, call, name, schema));
  }
  const handle = query.has('partition') ? service.getTablePartition : service.getTable;
  return route('table', (core, call) => handle(core, call, name, schema));
}

function instanceRoute({ verb, name: id, below }: Target): Route | undefined {
  if (below) return undefined;
  if (id === undefined) return verb === 'POST' ? route('instance', service.submitInstance) : undefined;
  if (verb === 'GET') return route('instance', (core, call) => service.getInstance(core, call, id));
  return verb === 'PUT' ? route('instance', (core) => service.stopInstance(core, id)) : undefined;
}
