import { expect, it } from 'vitest';
import { SinkError } from '../../src/errors.ts';
import type { SessionRef } from '../../src/ledger/intent.ts';
import type { SessionState } from '../../src/ledger/ports.ts';
import { type Judges, judge, needsDecision } from '../../src/resolve/judge.ts';
import { intentIn, leftBehind, position } from './left.ts';

const { signal } = new AbortController();

/** Sessions of which each is `state`, that nobody may commit. */
const judges = (state: SessionState | SinkError, over: Partial<Judges> = {}): Judges => ({
  sessions: {
    state: async () => {
      if (state instanceof SinkError) throw state;
      return state;
    },
    commit: async () => expect.unreachable(),
  },
  ...{ provenance: null, onUnknown: 'stop', cluster: null, signals: { states: signal, counts: signal } },
  ...over,
});
const [anchor, member] = leftBehind();

it.each([
  [[anchor!, member!], 'open', 1, 'commit'],
  [[anchor!, member!], 'committed', 2, 'advance'],
  [[anchor!, member!], 'dead', 3, 'consume'],
  [[anchor!, member!], 'gone', 5, 'decide'],
  [[position(0, 110, null), member!], 'committed', 7, 'advance'],
  [[position(0, 100, null), member!], 'dead', 8, 'consume'],
  [[anchor!, position(1, 200, null)], 'gone', 9, 'decide'],
] as const)(
  'tells the row of the recovery table that applies (%#)',
  async (positions, state, row, action) => {
    const judgement = await judge(await intentIn(positions), judges(state));
    expect(judgement).toMatchObject({ decision: { row, action }, confirmed: null, problem: null });
    expect(needsDecision(judgement)).toBe(action === 'decide');
    expect(new Set(judgement.states.values())).toEqual(new Set([state]));
  },
);

it('row 10 applies when a member cannot be read', async () => {
  const intent = await intentIn([anchor!, position(1, 200, 'maxsink9;')]);
  const { decision } = await judge(intent, judges('committed'));
  expect(decision).toMatchObject({
    row: 10,
    action: 'decide',
    why: 'the metadata of orders-1 cannot be read',
  });
});

it('looks past the confirmation that the service would ask for first', async () => {
  const judgement = await judge(await intentIn(leftBehind({ confirmed: false })), judges('gone'));
  expect(judgement).toMatchObject({ decision: { row: 6 }, confirmed: { row: 5, action: 'decide' } });
  expect(needsDecision(judgement)).toBe(true);
});

it('does what the configuration says about what is unknown', async () => {
  const intent = await intentIn(leftBehind());
  const { decision } = await judge(intent, judges('gone', { onUnknown: 'replay' }));
  expect(decision).toMatchObject({ row: 5, action: 'consume' });
});

it('counts the rows of sessions whose state does not tell, once', async () => {
  const counted: string[] = [];
  const intent = await intentIn(leftBehind({ confirmed: false }));
  const sessions = intent.list!.sessions;
  const count = async (_: unknown, { tablePartition }: SessionRef) => {
    counted.push(tablePartition);
    return sessions.find((one) => one.tablePartition === tablePartition)!.rows;
  };
  const judgement = await judge(intent, judges('gone', { provenance: { count } }));
  expect(judgement.confirmed).toMatchObject({ action: 'advance' });
  expect(counted).toEqual(sessions.map(({ tablePartition }) => tablePartition));
  expect([...judgement.counts]).toEqual(sessions.map((one) => [one.id, one.rows]));
});

it('says why rows cannot be counted, and why states cannot be asked', async () => {
  const denied = new SinkError('maxcompute_denied', 'no right to select');
  const provenance = { count: async () => Promise.reject(denied) };
  const intent = await intentIn(leftBehind());
  const judgement = await judge(intent, judges('gone', { provenance }));
  expect(judgement).toMatchObject({
    uncounted: 'no right to select',
    decision: { row: 5, action: 'decide' },
  });
  const away = new SinkError('maxcompute_unreachable', 'away');
  expect(await judge(intent, judges(away))).toMatchObject({ decision: null, problem: away });
});
