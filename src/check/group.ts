import type { Config } from '../config/schema.ts';
import { SinkError } from '../errors.ts';
import type { GroupFacts, GroupMember } from '../source/admin/group.ts';
import type { Probe } from '../source/admin/probe.ts';
import type { RawPosition } from '../source/client/client.ts';
import type { TopicPartition } from '../source/source.ts';
import { plural, some } from '../terminal/words.ts';
import { fail, failed, type Item, notChecked, ok, warn } from './report.ts';
import { withinStep } from './step.ts';
import { grant } from './topic-rights.ts';

export interface GroupOutcome {
  readonly items: readonly Item[];
  readonly rights: readonly Item[];
  /** Null: they could not be read. */
  readonly committed: readonly RawPosition[] | null;
  readonly members: readonly GroupMember[];
}

/** Asks the group's coordinator for offsets and members; joins nothing, so no member notices. */
export async function checkGroup(
  config: Config,
  probe: Probe,
  list: readonly TopicPartition[],
): Promise<GroupOutcome> {
  const { kafka } = config;
  const what = `group ${kafka.groupId}`;
  let committed: readonly RawPosition[];
  try {
    committed = await withinStep('kafka_unreachable', what, () => probe.committed(list));
  } catch (error) {
    return refused(config, error);
  }
  try {
    const facts = await withinStep('kafka_unreachable', what, () => probe.group());
    const { members } = facts;
    return { items: [membersItem(config, facts)], rights: [readRight(config, facts)], committed, members };
  } catch (error) {
    const known = list.length > 0 ? 'Describe is proven by the committed offsets, Read is not: ' : '';
    const why = `${known}${(error as Error).message}`;
    const items = [notChecked(`${what} members`, why)];
    return { items, rights: [notChecked(`${what} Read`, why)], committed, members: [] };
  }
}

function refused(config: Config, error: unknown): GroupOutcome {
  const what = `group ${config.kafka.groupId}`;
  const denied = error instanceof SinkError && error.code === 'kafka_denied';
  const right = denied
    ? fail(
        `${what} Read`,
        error.message,
        grant(config, 'Read', `--group ${config.kafka.groupId}`),
        error.code,
      )
    : failed(`${what} Read`, coordinatorError(what, error));
  return {
    items: [notChecked(`${what} members`, 'its coordinator did not answer')],
    rights: [right],
    committed: null,
    members: [],
  };
}

function coordinatorError(what: string, error: unknown): SinkError {
  if (error instanceof SinkError) return error;
  return new SinkError(
    'kafka_unreachable',
    `${what}: its coordinator did not answer: ${(error as Error).message}`,
    error,
  );
}

function readRight(config: Config, { state, rights }: GroupFacts): Item {
  const { groupId } = config.kafka;
  const what = `group ${groupId} Read`;
  const where = `its coordinator answered with offsets and rights${state === 'DEAD' ? '; the group does not exist yet' : ''}`;
  if (rights === null) return warn(what, `${where}, but old brokers tell no rights: only Describe is proven`);
  if (rights.read) return ok(what, `${where}: Read allowed`);
  return fail(what, `${where}: Read denied`, grant(config, 'Read', `--group ${groupId}`), 'kafka_denied');
}

function membersItem({ kafka }: Config, { state, members }: GroupFacts): Item {
  const what = `group ${kafka.groupId} members`;
  if (members.length === 0) {
    return ok(
      what,
      state === 'DEAD' ? 'none: the group does not exist yet' : `none at the moment (${state.toLowerCase()})`,
    );
  }
  const own = String(kafka.options['client.id'] ?? 'maxsink');
  const named = members.map(
    ({ clientId, host, topicPartitions }) => `${clientId} at ${host} (${topicPartitions})`,
  );
  const text = `${plural(members.length, 'active member')}, not disturbed by this check: ${some(named, 5)}`;
  if (members.every(({ clientId }) => clientId === own)) return ok(what, text);
  return warn(
    what,
    text,
    'Some member is another application: give this pipeline a kafka.groupId of its own.',
  );
}
