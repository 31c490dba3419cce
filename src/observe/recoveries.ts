import type { Clock } from '../clock.ts';
import type { PendingIntent, RecoveryEvents } from '../ledger/work.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../ops/metrics.ts';
import { recoveredEntry, type TrailEntry, trailFields } from '../trail/entry.ts';

/** Intents of earlier owners: how many are being settled, for how long, and how those before ended. */
export function createRecoveries(
  metrics: Metrics,
  clock: Clock,
  log: Log,
  onEntry: (entry: TrailEntry) => void,
) {
  let waiting: readonly PendingIntent[] = [];
  const oldest = () =>
    waiting.reduce<PendingIntent | null>((a, b) => (a && a.since <= b.since ? a : b), null);
  const events: RecoveryEvents = {
    recovered({ batch, row, action, ranges, sessions }) {
      metrics.recoveries.inc({ row, action });
      if (action !== 'advance') return;
      const entry = recoveredEntry(batch, ranges, sessions);
      log.info(trailFields(entry), 'batch recovered');
      onEntry(entry);
    },
    pending: (list) => {
      waiting = list;
    },
  };
  const settle = () => {
    const now = clock.now();
    const since = oldest()?.since ?? now;
    metrics.intentsPending.set(waiting.length);
    metrics.recoverySeconds.set(Math.max(0, now - since) / 1000);
  };
  /** A clean stop that leaves an intent behind: whoever resets offsets now would have its rows twice. */
  const leave = () => {
    for (const { batch, row, why } of waiting)
      log.warn(
        { batch, row, why },
        'stopping before this batch is settled: it stays pending, the next start settles it',
      );
  };
  return { events, oldest, settle, found: () => waiting, leave };
}
