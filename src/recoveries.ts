import type { Clock } from './clock.ts';
import type { PendingIntent, RecoveryEvents } from './ledger/work.ts';
import type { Metrics } from './ops/metrics.ts';

/** Intents of earlier owners: how many are being settled, for how long, and how those before ended. */
export function createRecoveries(metrics: Metrics, clock: Clock) {
  let waiting: readonly PendingIntent[] = [];
  const oldest = () =>
    waiting.reduce<PendingIntent | null>((a, b) => (a && a.since <= b.since ? a : b), null);
  const events: RecoveryEvents = {
    recovered: ({ row, action }) => metrics.recoveries.inc({ row, action }),
    pending: (list) => {
      waiting = list;
    },
  };
  const settle = () => {
    const since = oldest()?.since ?? clock.now();
    metrics.intentsPending.set(waiting.length);
    metrics.recoverySeconds.set(Math.max(0, clock.now() - since) / 1000);
  };
  return { events, oldest, settle, found: () => waiting };
}
