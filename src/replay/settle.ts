import type { Clock } from '../clock.ts';
import { SinkError } from '../errors.ts';
import type { SessionState, Sessions } from '../ledger/ports.ts';
import { LIMITS } from '../limits.ts';
import type { Journal, ReplayIntent } from './journal.ts';

/** What became of a batch of letters whose replay ended before it was done. */
export interface SettledReplay {
  readonly batch: string;
  /** `committed`: in the table. `void`: nothing of it ever will be. `unclear`: that cannot be known. */
  readonly result: 'committed' | 'void' | 'unclear';
  readonly sessions: readonly { readonly session: string; readonly state: SessionState }[];
}

/**
 * The sessions of a pending batch, the first line that applies:
 *
 * some are being committed              | look again
 * some committed or open, no others     | the open ones are committed, as the journal says: a commit that was
 *                                       |   on its way when its process died may land at any time
 * none committed, all open or dead      | void: nothing of it can appear, and nobody commits the open ones
 * anything else                         | unclear: forgotten by the service, or torn
 */
export async function settlePending(
  journal: Journal,
  sessions: Sessions,
  clock: Clock,
  signal: AbortSignal,
): Promise<SettledReplay[]> {
  const settled: SettledReplay[] = [];
  for (const intent of journal.pending) {
    const one = await settleOne(intent, sessions, clock, signal);
    if (one.result === 'committed') await journal.done(intent.batch);
    else if (one.result === 'void') await journal.drop(intent.batch);
    else await journal.unknown(intent.batch);
    settled.push(one);
  }
  return settled;
}

async function settleOne(
  { batch, to, sessions: list }: ReplayIntent,
  sessions: Sessions,
  clock: Clock,
  signal: AbortSignal,
): Promise<SettledReplay> {
  /** The service has refused to commit these: they stay open until they expire. */
  const hopeless = new Set<string>();
  for (;;) {
    const states = await Promise.all(
      list.map(async (session) => {
        const state = await sessions.state(to, session, signal);
        return { session: session.id, state: state === 'open' && hopeless.has(session.id) ? 'dead' : state };
      }),
    );
    const has = (state: SessionState) => states.some((one) => one.state === state);
    const only = (...wanted: SessionState[]) => states.every((one) => wanted.includes(one.state));
    if (only('committed')) return { batch, result: 'committed', sessions: states };
    if (has('busy')) await clock.sleep(LIMITS.recoveryLookMs, signal);
    else if (only('committed', 'open')) {
      for (const session of list)
        await sessions.commit(to, session, signal).catch((error) => {
          if (!(error instanceof SinkError) || !HOPELESS.includes(error.code)) throw error;
          hopeless.add(session.id);
        });
    } else return { batch, result: only('dead', 'open') ? 'void' : 'unclear', sessions: states };
  }
}

/** Other blocks than the journal says, or a table that was changed since. */
const HOPELESS: readonly string[] = ['block_mismatch', 'session_lost'];
