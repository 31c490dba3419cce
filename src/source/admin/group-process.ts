/** Describes one consumer group for `describeGroup`, in a process that may crash. */

import { createAdmin, promised } from '../client/client.ts';
import { rightsOf } from './admin.ts';
import type { GroupAnswer, GroupFacts, GroupQuestion } from './group.ts';

/** In the order of the client's numbers for them. */
const STATES = ['UNKNOWN', 'PREPARING_REBALANCE', 'COMPLETING_REBALANCE', 'STABLE', 'DEAD', 'EMPTY'];

interface Described {
  readonly state: number;
  readonly error?: { readonly message: string };
  readonly members: readonly {
    readonly clientId: string;
    readonly clientHost: string;
    readonly assignment?: { readonly topicPartitions?: readonly unknown[] };
  }[];
  readonly authorizedOperations?: readonly number[];
}

async function ask({ properties, groupId, timeoutMs }: GroupQuestion): Promise<GroupFacts> {
  const admin = createAdmin(properties);
  const options = { timeout: timeoutMs, includeAuthorizedOperations: true };
  const answer = await promised<{ groups: readonly Described[] }>((done) =>
    admin.describeGroups([groupId], options, done as never),
  );
  const group = answer.groups[0]!;
  if (group.error) throw new Error(group.error.message);
  const members = group.members.map(({ clientId, clientHost, assignment }) => ({
    clientId,
    host: clientHost.replace(/^\//, ''),
    topicPartitions: assignment?.topicPartitions?.length ?? 0,
  }));
  return { state: STATES[group.state] ?? 'UNKNOWN', members, rights: rightsOf(group.authorizedOperations) };
}

/** The process ends at once: closing the client could hang, and exiting beside it could crash. */
function reply(answer: GroupAnswer): void {
  process.send?.(answer, () => process.kill(process.pid, 'SIGKILL'));
}

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (question: GroupQuestion) => {
  ask(question).then(
    (facts) => reply({ facts }),
    (error: Error) => reply({ problem: error.message }),
  );
});
