import type { Clock } from './clock.ts';
import { SinkError } from './errors.ts';
import { tableOf } from './ledger/intent.ts';
import type { SessionState, Sessions } from './ledger/ports.ts';
import { LIMITS } from './limits.ts';
import { isPassing } from './maxcompute/error.ts';
import type { MaxCompute } from './maxcompute/maxcompute.ts';
import { retry } from './retry.ts';

/**
 * Upload sessions that an intent names, in whatever table it names. Another project or schema is reached
 * through the same endpoint with the same credentials; where that cannot be (`project_missing`,
 * `maxcompute_denied`), the error names the table, and nothing is decided.
 */
export function ledgerSessions(maxcompute: MaxCompute, clock: Clock): Sessions {
  const persist = <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    retry(call, {
      ...{ clock, signal, attempts: Number.POSITIVE_INFINITY },
      ...{ baseMs: LIMITS.retryBaseMs, capMs: LIMITS.startRetryCapMs },
      decide: (error) => ({ retry: isOutage(error) }),
    });
  return {
    state: async (to, ref, signal) => {
      const { id, tablePartition } = ref;
      const session = maxcompute.session({ ...tableOf(to, ref), tablePartition, id });
      return sessionState(await persist(() => session.status(signal), signal));
    },
    commit: async (to, ref, signal) => {
      const { id, tablePartition, table: _, ...content } = ref;
      const session = maxcompute.session({ ...tableOf(to, ref), tablePartition, id });
      await persist(() => session.commit(content, signal), signal);
    },
  };
}

/** The service is away, or was when the outcome of a commit was asked for: to ask once more is always safe. */
function isOutage(error: unknown): boolean {
  const lost = error instanceof SinkError && error.code === 'commit_unknown' ? error.cause : error;
  return isPassing(lost);
}

/** Protocol 4.2 and 12.2. A word that is not known yet decides nothing: unknown. */
export function sessionState(status: string): SessionState {
  switch (status) {
    case 'NORMAL':
      return 'open';
    case 'COMMITTING':
    case 'CLOSING':
      return 'busy';
    case 'CLOSED':
      return 'committed';
    case 'EXPIRED':
    case 'CANCELED':
      return 'dead';
    case 'GONE':
      return 'gone';
    default:
      return 'unknown';
  }
}
