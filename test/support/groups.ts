import path from 'node:path';
import type { describeGroup, GroupFacts } from '../../src/source/admin/group.ts';
import { ROOT } from './project.ts';
import { leaders } from './topics.ts';
import { until } from './until.ts';

/** One question; then it is asked again. */
const ASK_MS = 20_000;

/**
 * The group as its coordinator sees it; one that never was is `DEAD` without members. Asked as the built command asks,
 * in a process of its own: the client library ends its process (SIGSEGV) with every answer that is an error, such as
 * that of a coordinator that is not there yet.
 */
export async function groupState(bootstrap: string, group: string): Promise<GroupFacts> {
  const built = path.join(ROOT, 'dist', 'source', 'admin', 'group.js');
  const { describeGroup: describe } = (await import(built)) as { describeGroup: typeof describeGroup };
  const properties = { 'bootstrap.servers': bootstrap };
  const ask = () => describe({ properties, groupId: group, timeoutMs: ASK_MS }).catch(() => null);
  return until(ask, { what: `the state of the group ${group}` });
}

const OFFSETS = '__consumer_offsets';

/** Number of the broker that coordinates the group: the leader of the topic partition that holds its offsets. */
export async function groupCoordinator(bootstrap: string, group: string): Promise<number> {
  const known = await until(() => leaders(bootstrap, OFFSETS), { what: 'the topic of the offsets' });
  return known[Math.abs(hash(group)) % known.length]!;
}

/** Java's hash of a string, by which the brokers choose. */
const hash = (text: string): number =>
  [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 0);
