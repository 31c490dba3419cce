import type { Core, Target } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import { listing, notImplemented, xml } from './answers.ts';
import { known } from './schemas.ts';

/** What a project of the service can hold and this one never does: root element of its list, and its name. */
const EMPTY: Readonly<Record<string, readonly [root: string, title: string]>> = {
  functions: ['Functions', 'functions'],
  events: ['Events', 'events'],
  resources: ['Resources', 'resources'],
  volumes: ['Volumes', 'volumes'],
  xflows: ['xflows', 'XFlows'],
  offlinemodels: ['OfflineModels', 'offline models'],
  streams: ['Streams', 'streams'],
  roles: ['Roles', 'roles'],
  tags: ['Tags', 'tags'],
  classifications: ['Classifications', 'classifications'],
};

/**
 * The answer for a kind of object that is not kept here: an empty list, 404 for one, 400 for a change. PyODPS learns
 * from the functions of a schema whether there is that schema.
 */
export function emptyCollection(target: Target): ((core: Core) => Reply) | undefined {
  // Functions and events stand one level lower: `/registration/functions[/F]`.
  const nested = target.kind === 'registration';
  const kind = (nested ? target.name : target.kind) ?? '';
  const name = nested ? target.below : target.name;
  const held = EMPTY[kind];
  if (!held) return undefined;
  const [root, title] = held;
  const schema = target.query.get('curr_schema');
  return (core) => {
    if (schema) known(core, schema);
    if (target.verb !== 'GET') throw notImplemented(`Storage for ${title}`);
    if (name !== undefined)
      throw new Refusal(404, 'NoSuchObject', `There is no ${name}: this local MaxCompute holds no ${title}.`);
    return root === 'Roles' ? xml('<Roles/>') : listing(root, []);
  };
}
