/**
 * The commit of an upload session (protocol 12.2). Its outcome can be in doubt: a lost reply says nothing.
 * So the status is asked after everything that was not clearly answered, and before anything is sent,
 * unless this process has just verified the session, which nobody else knows.
 */
import { SinkError } from '../errors.ts';
import { type Call, ONCE, requestIdOf } from './call.ts';
import type { Client } from './client.ts';
import { failureOf, isPassing } from './error.ts';
import type { SessionState } from './session.ts';
import { askSession } from './session-calls.ts';

export interface CommitJob {
  readonly client: Client;
  /** Asks for the status, blocks included. */
  readonly status: Call;
  readonly post: Call;
  /** Whether a commit may have been sent already: `maybe` by another process. */
  readonly posted: 'no' | 'maybe';
  /** Whether the session was seen open with exactly the wanted blocks, and no block was sent since. */
  readonly verified: boolean;
  /** How the server's blocks (id to rows) differ from what is to become visible; null: they do not. */
  difference(theirs: SessionState['blocks']): string | null;
  readonly signal: AbortSignal | undefined;
}

type Posted = 'no' | 'maybe' | 'yes';
type Step = 'post' | 'wait' | 'done' | 'mismatch' | 'lost' | 'unknown';

/**
 * status                      | no commit sent   | maybe, by another | sent by us
 * not asked, verified         | post             | ask               | ask
 * not asked, not verified     | ask              | ask               | ask
 * NORMAL, blocks as ours      | post             | post              | post
 * NORMAL, other blocks        | mismatch         | mismatch          | unknown
 * COMMITTING, CLOSING         | wait             | wait              | wait
 * CLOSED, blocks as ours      | done             | done              | done
 * CLOSED, other or no blocks  | unknown          | done              | done
 * EXPIRED CANCELED CRITICAL   | lost             | unknown           | unknown
 * GONE (no such upload)       | lost             | unknown           | unknown
 * any other word              | wait             | wait              | wait
 *
 * A second POST is harmless: the official clients send it blindly (protocol 12.1). What CLOSED lists is up
 * to the server, which may have dropped the blocks of a commit that was verified when it was sent.
 * `status` null: not asked; then `blocksEqual` says whether they were verified before.
 */
export function decideCommit(status: null, posted: Posted, blocksEqual: boolean): 'ask' | 'post';
export function decideCommit(status: string, posted: Posted, blocksEqual: boolean): Step;
export function decideCommit(status: string | null, posted: Posted, blocksEqual: boolean): Step | 'ask' {
  switch (status) {
    case null:
      return blocksEqual && posted === 'no' ? 'post' : 'ask';
    case 'NORMAL':
      if (blocksEqual) return 'post';
      return posted === 'yes' ? 'unknown' : 'mismatch';
    case 'CLOSED':
      return blocksEqual || posted !== 'no' ? 'done' : 'unknown';
    case 'EXPIRED':
    case 'CANCELED':
    case 'CRITICAL':
    case 'GONE':
      return posted === 'no' ? 'lost' : 'unknown';
    default:
      return 'wait';
  }
}

/** Waits between two looks at the session, ms; the last one repeats. */
const POLL_MS = [200, 500, 1000, 2000, 5000];

type Seen = SessionState & { readonly requestId: string | null };

interface Progress {
  posted: Posted;
  /** A commit was sent whose effect is not known: not even NORMAL afterwards excludes that it still runs. */
  doubt: boolean;
  readonly startedAt: number;
  /** Last time that nothing was in doubt, ms. */
  since: number;
  /** The service clearly refused the commit. */
  refusal: SinkError | null;
  error: SinkError | null;
  /** What the session was last seen as, and the request that showed it. */
  status: string;
  requestId: string | null;
}

/**
 * Commits exactly the wanted blocks. Throws `block_mismatch` (the server holds others: nothing was sent),
 * `session_lost` (it is gone, and nothing was sent), `commit_unknown` (a commit was sent and its outcome
 * stays undecided for `commitDecisionMs`, or can no longer be read), or what the service refuses it with.
 * While the service only throttles the commit, it is repeated until the signal aborts.
 */
export async function commitSession(job: CommitJob): Promise<void> {
  const { clock } = job.client.options;
  const startedAt = clock.now();
  const progress: Progress = {
    posted: job.posted,
    doubt: false,
    startedAt,
    since: startedAt,
    refusal: null,
    error: null,
    status: 'UNKNOWN',
    requestId: null,
  };
  for (let turn = 0; ; turn++) {
    const unasked = decideCommit(null, progress.posted, job.verified);
    const step = unasked === 'ask' ? await look(job, progress) : unasked;
    if (step === 'done' || (step === 'post' && (await post(job, progress)))) return;
    if (clock.now() - progress.since >= job.client.limits.commitDecisionMs) throw undecided(job, progress);
    tellWait(job, progress);
    await clock.sleep(pollMs(turn), job.signal);
  }
}

/** Words of a commit that runs: nothing to tell of for a while. */
const RUNNING = ['COMMITTING', 'CLOSING'];

/** What passes by itself is told by the client, attempt by attempt. */
function tellWait({ client, post }: CommitJob, { error, status, startedAt }: Progress): void {
  if (isPassing(error)) return;
  const forMs = client.options.clock.now() - startedAt;
  if (error === null && RUNNING.includes(status) && forMs < client.limits.slowMs) return;
  const { name: call, about } = post;
  const code = failureOf(error)?.code ?? status;
  const what = error?.message ?? `the session is ${status}`;
  client.options.onWait?.({ call, about, code, what, forMs });
}

/** Asks for the status; throws where the table ends in an error. */
async function look(job: CommitJob, progress: Progress): Promise<'post' | 'wait' | 'done'> {
  const seen = await ask(job, job.status);
  const failed = seen instanceof SinkError;
  progress.error = failed ? seen : null;
  if (failed && failureOf(seen)?.reaction.action !== 'session_lost') return waitOrThrow(seen, progress);
  progress.status = failed ? 'GONE' : seen.status;
  progress.requestId = failed ? null : seen.requestId;
  const difference = failed ? null : job.difference(seen.blocks);
  const step = decideCommit(progress.status, progress.posted, difference === null);
  if (step === 'mismatch') throw problem(job, progress, 'block_mismatch', difference ?? '');
  if (step === 'lost') throw problem(job, progress, 'session_lost', `the session is ${progress.status}`);
  if (step === 'unknown') throw undecided(job, progress, difference);
  if (step === 'post' && !progress.doubt) {
    if (progress.refusal !== null) throw progress.refusal;
    progress.since = job.client.options.clock.now();
  }
  return step;
}

/** The status could not be read. Only after a commit was sent does even a refusal leave hope. */
function waitOrThrow(error: SinkError, { posted }: Progress): 'wait' {
  if (!isPassing(error) && posted !== 'yes') throw error;
  return 'wait';
}

/** Sends the commit; true when the answer says that it is done. */
async function post(job: CommitJob, progress: Progress): Promise<boolean> {
  const { clock } = job.client.options;
  progress.posted = 'yes';
  const result = await ask(job, job.post);
  if (!(result instanceof SinkError)) {
    progress.doubt = true;
    progress.status = result.status;
    progress.requestId = result.requestId;
    return result.status === 'CLOSED';
  }
  progress.error = result;
  if (isRefusal(result)) progress.refusal = result;
  else if (failureOf(result)?.reaction.action !== 'throttle') progress.doubt = true;
  if (!progress.doubt) progress.since = clock.now();
  return false;
}

/** The commit can have had no effect, and never will: a dropped table partition, a changed table. */
function isRefusal(error: SinkError): boolean {
  const failure = failureOf(error);
  const action = failure?.reaction.action;
  if (action === 'session_lost') return failure?.code !== 'NoSuchUpload';
  return action === 'stop' || action === 'table_partition';
}

/** One attempt; an abort is thrown, any other failure is a value. */
async function ask(job: CommitJob, call: Call): Promise<Seen | SinkError> {
  try {
    const { state, answer } = await askSession(job.client, { ...call, patience: ONCE, signal: job.signal });
    return { ...state, requestId: requestIdOf(answer) };
  } catch (error) {
    job.signal?.throwIfAborted();
    if (error instanceof SinkError) return error;
    throw error;
  }
}

const pollMs = (turn: number): number => POLL_MS[Math.min(turn, POLL_MS.length - 1)]!;

/** Nobody else's commit and none of ours: then the last failure says all. */
function undecided(job: CommitJob, progress: Progress, difference: string | null = null): SinkError {
  const { posted, status, error } = progress;
  if (posted !== 'yes' && error !== null && status !== 'GONE') return error;
  const who = posted === 'yes' ? 'a commit was sent' : 'a commit may have been sent by another process';
  const what = `${who}, the session is ${status}`;
  return problem(job, progress, 'commit_unknown', difference === null ? what : `${what}; ${difference}`);
}

function problem(
  { post }: CommitJob,
  { error, requestId }: Progress,
  code: 'block_mismatch' | 'session_lost' | 'commit_unknown',
  what: string,
): SinkError {
  const why = error === null ? '' : `; ${error.message}`;
  const id = requestId === null ? '' : ` [request id ${requestId}]`;
  return new SinkError(code, `${post.name} (${post.about}): ${what}${id}${why}`, error ?? undefined);
}
