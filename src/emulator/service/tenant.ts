import type { Call, Core } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import { OWNER } from '../model/catalog.ts';
import { seconds } from '../times.ts';
import { fields } from '../xml.ts';
import { listing, text, xml } from './answers.ts';

/** `GET /tenants`: PyODPS reads the three-layer model from here, Java the rest. */
export function getTenant(core: Core): Reply {
  const names = { Name: 'local', OwnerId: OWNER, TenantId: 'local', TenantMeta: '{}' };
  // Java and PyODPS name the state differently.
  const state = { State: 'NORMAL', TenantState: 'NORMAL' };
  const time = seconds(core.catalog.createdAt());
  const times = { CreateTime: time, UpdateTime: time };
  const Parameters = core.threeLayers ? { 'odps.namespace.schema': 'true' } : {};
  return json({ Tenant: { ...names, ...state, ...times, Parameters } });
}

/** The name under which sessions answer their quota, too. */
const QUOTA = 'default';

/** `GET /quotas?project=P&version=wlm` (protocol 1.4). */
export const listQuotas = (): Reply => listing('Quotas', [quota()]);

/** `GET /quotas/Q`. */
export function getQuota(name: string): Reply {
  if (name.toLowerCase() !== QUOTA)
    throw new Refusal(404, 'NoSuchObject', `The quota ${name} does not exist.`);
  return xml(quota());
}

function quota(): string {
  const names = { Name: QUOTA, Nickname: QUOTA, ID: QUOTA };
  const kind = { IsEnabled: 'true', ResourceSystemType: 'FUXI_OFFLINE' };
  const amounts = { CPU: 100, MinCPU: 100, Memory: 4096 };
  const place = { TenantId: 'local', Region: 'local', Status: 'ON' };
  return `<Quota>${fields({ ...names, ...kind, ...amounts, ...place, Properties: '{}' })}</Quota>`;
}

/** `GET /logview/host`: the links that clients print for an instance lead to the page. */
export const logviewHost = (_core: Core, call: Call): Reply => text(`http://${call.address}`);
