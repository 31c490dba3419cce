import { SinkError } from '../errors.ts';
import { callError, few, requestIdOf } from './call.ts';
import { type CommitJob, decideCommit } from './commit.ts';
import { localFailure } from './error.ts';
import { askSession } from './session-calls.ts';

type Job = Pick<CommitJob, 'client' | 'status' | 'difference' | 'signal'>;

/**
 * Looks whether the session is open and holds exactly the wanted blocks, by the table of `decideCommit`. Throws
 * `block_mismatch`, `session_lost` (it is gone or can take no commit) or `commit_unknown` (it is committed,
 * though not by us); for the caller to ask again: `maxcompute_transient` (a word that decides nothing), and
 * as `create`.
 */
export async function verifySession({ client, status: call, signal, ...job }: Job): Promise<void> {
  const asked = { ...call, patience: few(client.limits), signal };
  const { state, answer } = await askSession(client, asked);
  const difference = job.difference(state.blocks);
  const step = decideCommit(state.status, 'no', difference === null);
  if (step === 'post') return;
  const what = `the session is ${state.status}`;
  if (step === 'wait') throw callError(call, localFailure('UNREADABLE', what), client.limits);
  const code = REFUTED[step];
  const why = code === 'block_mismatch' ? difference : what;
  throw new SinkError(code, `${call.name} (${call.about}): ${why} [request id ${requestIdOf(answer)}]`);
}

const REFUTED = {
  mismatch: 'block_mismatch',
  lost: 'session_lost',
  done: 'commit_unknown',
  unknown: 'commit_unknown',
} as const;
