import { describe, expect, it } from 'vitest';
import { live, ready, type Snapshot } from '../../src/ops/health.ts';

const NOW = 1_000_000_000;
const healthy: Snapshot = {
  now: NOW,
  waitsFor: null,
  lastTurnAt: NOW - 50,
  member: true,
  topicPartitions: 4,
  refusal: null,
  openingSince: null,
  oldestStateSince: NOW - 5_000,
  state: 'open',
  stateWaitsFor: '',
  flushIntervalMs: 60_000,
  decisionPending: null,
  recovery: null,
  stopping: false,
};
const but = (change: Partial<Snapshot>): Snapshot => ({ ...healthy, ...change });

describe('live', () => {
  it.each([
    ['a turn just now', { lastTurnAt: NOW }, true],
    ['a turn 60 s ago', { lastTurnAt: NOW - 60_000 }, true],
    ['no turn for longer', { lastTurnAt: NOW - 60_001 }, false],
    ['everything else broken', { member: false, decisionPending: 'x', oldestStateSince: 0 }, true],
  ])('%s -> %s', (_, change, ok) => {
    expect(live(but(change)).ok).toBe(ok);
  });
});

describe('ready', () => {
  it.each<[string, Partial<Snapshot>, boolean, string]>([
    ['a working member', {}, true, 'moving 4 topic partitions'],
    ['a member without topic partitions', { topicPartitions: 0, oldestStateSince: null }, true, 'idle'],
    ['no member', { member: false }, false, 'not a member'],
    ['an assignment whose older commits settle', { openingSince: NOW - 5_000 }, true, 'nothing is read yet'],
    ['assignments that come and go', { openingSince: NOW - 200_000 }, false, 'for 200 s'],
    ['a group that takes no commit', { refusal: 'Group authorization failed (30)' }, false, 'failed (30)'],
    ['shutting down', { stopping: true }, false, 'shutting down'],
    [
      'a service that starts',
      { waitsFor: 'Kafka at kafka-1:9092', member: false },
      false,
      'starting: waits for Kafka at kafka-1:9092',
    ],
    ['a decision pending', { decisionPending: 'commit_unknown', member: false }, false, 'commit_unknown'],
    [
      'an intent being settled',
      { recovery: { since: NOW - 180_000, why: 'w' } },
      true,
      'settling an intent: w',
    ],
    [
      'an intent that is not settled for longer',
      {
        recovery: { since: NOW - 181_000, why: 'the owner of t-1 has not confirmed it yet' },
        topicPartitions: 0,
      },
      false,
      'an intent has not been settled for 181 s: the owner of t-1 has not confirmed it yet',
    ],
    ['a batch 3 min in one state', { oldestStateSince: NOW - 180_000 }, true, 'moving'],
    [
      'a batch longer in one state',
      { state: 'uploaded', oldestStateSince: NOW - 181_000 },
      false,
      'been uploaded for 181 s',
    ],
    [
      'a long flush interval',
      { flushIntervalMs: 600_000, oldestStateSince: NOW - 1_799_000 },
      true,
      'moving',
    ],
    [
      'a short flush interval still has 3 min',
      { flushIntervalMs: 1_000, oldestStateSince: NOW - 100_000 },
      true,
      'moving',
    ],
  ])('%s', (_, change, ok, reason) => {
    expect(ready(but(change))).toEqual({ ok, reason: expect.stringContaining(reason) });
  });
});
