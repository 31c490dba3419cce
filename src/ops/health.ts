import { LIMITS } from '../limits.ts';

/** What health is judged by; all times in ms of the same clock. */
export interface Snapshot {
  readonly now: number;
  /** When the coordinator loop made its last turn. */
  readonly lastTurnAt: number;
  /** While the service starts: whom it waits for, and with what. Null afterwards. */
  readonly waitsFor: string | null;
  /** Whether this process is a member of its consumer group. */
  readonly member: boolean;
  readonly topicPartitions: number;
  /** Why the group takes no offset commit, so that nothing is read; else null. */
  readonly refusal: string | null;
  /** Since when topic partitions have been assigned without any being read, ms; else null. */
  readonly openingSince: number | null;
  /** When the batch that is longest in its state entered it; null without batches. */
  readonly oldestStateSince: number | null;
  /** The state of that batch. */
  readonly state: string | null;
  /** What that batch waits for, in words; empty: nothing that is known. */
  readonly stateWaitsFor: string;
  /** The intent that this process has been settling for the longest time; null: none. */
  readonly recovery: { readonly since: number; readonly why: string } | null;
  readonly flushIntervalMs: number;
  /** What the operator has to decide, or null. */
  readonly decisionPending: string | null;
  readonly stopping: boolean;
}

export interface Health {
  readonly ok: boolean;
  readonly reason: string;
}

/** Whether the process should be left alone. Outages of Kafka, registry or MaxCompute never touch it. */
export function live({ now, lastTurnAt }: Snapshot): Health {
  const still = now - lastTurnAt;
  if (still <= LIMITS.liveMs) return { ok: true, reason: 'the loop turns' };
  return { ok: false, reason: `the loop has made no turn for ${seconds(still)}` };
}

/** Whether the process does its work, with the first reason why not. */
export function ready(snapshot: Snapshot): Health {
  const reason = notReady(snapshot);
  if (reason !== null) return { ok: false, reason };
  if (snapshot.recovery !== null) return { ok: true, reason: `settling an intent: ${snapshot.recovery.why}` };
  if (snapshot.openingSince !== null) return { ok: true, reason: OPENING };
  if (snapshot.topicPartitions === 0) return { ok: true, reason: 'idle: member without topic partitions' };
  return { ok: true, reason: `moving ${snapshot.topicPartitions} topic partitions` };
}

const OPENING = 'nothing is read yet: waits until older commits have settled (ledger.settle)';

function notReady(snapshot: Snapshot): string | null {
  const { now, oldestStateSince, state, stateWaitsFor, flushIntervalMs, recovery } = snapshot;
  const tooLong = stuckAfterMs(flushIntervalMs);
  if (snapshot.decisionPending !== null) return `a decision is pending: ${snapshot.decisionPending}`;
  if (snapshot.stopping) return 'shutting down';
  if (snapshot.waitsFor !== null) return `starting: waits for ${snapshot.waitsFor}`;
  if (!snapshot.member) return 'not a member of the consumer group';
  if (snapshot.refusal !== null) return `the group takes no offset commit: ${snapshot.refusal}`;
  if (recovery !== null && now - recovery.since > tooLong)
    return `an intent has not been settled for ${seconds(now - recovery.since)}: ${recovery.why}`;
  if (snapshot.openingSince !== null && now - snapshot.openingSince > tooLong)
    return `${OPENING}, for ${seconds(now - snapshot.openingSince)}: does a member come and go?`;
  if (oldestStateSince === null) return null;
  const age = now - oldestStateSince;
  if (age <= tooLong) return null;
  const waits = stateWaitsFor === '' ? '' : `, waiting for ${stateWaitsFor}`;
  return `a batch has been ${state} for ${seconds(age)}${waits}`;
}

/** How long a batch may stay in one state before it counts as stuck, ms. */
export const stuckAfterMs = (flushIntervalMs: number): number =>
  Math.max(LIMITS.stuckIntervals * flushIntervalMs, LIMITS.stuckMinMs);

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
