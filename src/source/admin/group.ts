import { fork } from 'node:child_process';
import { SinkError } from '../../errors.ts';
import type { Rights } from './admin.ts';

/** A consumer group as its coordinator sees it. */
export interface GroupFacts {
  /** `STABLE`, `EMPTY`, ... `DEAD`: there is none of this name. */
  readonly state: string;
  readonly members: readonly GroupMember[];
  /** What this client may do with it; null: the brokers do not tell. */
  readonly rights: Rights | null;
}

export interface GroupMember {
  readonly clientId: string;
  readonly host: string;
  readonly topicPartitions: number;
}

/** What the process is asked; secrets travel through its channel, not through arguments. */
export interface GroupQuestion {
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  readonly groupId: string;
  readonly timeoutMs: number;
}

export type GroupAnswer = { readonly facts: GroupFacts } | { readonly problem: string };

/** Starting a process, beside the question itself. */
const START_MS = 3_000;

/**
 * Asks the group's coordinator; joins nothing. In a process of its own, because the client library crashes
 * on every answer that is an error. Throws `kafka_unreachable`.
 */
export async function describeGroup(question: GroupQuestion): Promise<GroupFacts> {
  const child = fork(new URL('./group-process.js', import.meta.url), { stdio: 'ignore', execArgv: [] });
  const deadline = setTimeout(() => child.kill('SIGKILL'), question.timeoutMs + START_MS);
  try {
    const answer = await new Promise<GroupAnswer>((resolve) => {
      child.once('message', (message) => resolve(message as GroupAnswer));
      child.once('error', (error) => resolve({ problem: error.message }));
      child.once('exit', () =>
        resolve({ problem: 'the coordinator refused the question or did not answer' }),
      );
      child.send(question, () => undefined);
    });
    if ('facts' in answer) return answer.facts;
    throw new SinkError('kafka_unreachable', `group ${question.groupId}: ${answer.problem}`);
  } finally {
    clearTimeout(deadline);
    child.kill('SIGKILL');
  }
}
