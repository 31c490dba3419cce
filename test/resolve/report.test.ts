import { expect, it } from 'vitest';
import { SinkError } from '../../src/errors.ts';
import type { Decision } from '../../src/ledger/decision.ts';
import type { Judgement } from '../../src/resolve/judge.ts';
import {
  exitOf,
  intentReport,
  type ResolveReport,
  reportJson,
  resultOf,
  unreadableReport,
} from '../../src/resolve/report.ts';
import type { Outcome } from '../../src/resolve/settle.ts';
import { ageText, resolveText } from '../../src/resolve/text.ts';
import { foundIn, intentIn, leftBehind, position } from './left.ts';

const decision = (row: number, action: Decision['action']): Decision => ({
  row,
  action,
  why: 'because',
  sessions: [],
});
const judgement: Judgement = {
  ...{ decision: decision(5, 'decide'), confirmed: null, states: new Map(), counts: new Map() },
  ...{ uncounted: null, problem: null },
};
const BASE: ResolveReport = {
  ...{
    version: '1',
    file: 'orders.yaml',
    at: Date.UTC(2026, 10, 21),
    intents: [],
    unreadable: [],
    settlement: null,
  },
  group: { id: 'g', state: 'EMPTY', members: [], unknown: null },
};
async function report(over: Partial<Judgement> = {}): Promise<ResolveReport> {
  const intent = await intentIn(leftBehind());
  return { ...BASE, intents: [intentReport(intent, { ...judgement, ...over }, BASE.at)] };
}
const settlement = (...settled: boolean[]) => ({
  ...{ reading: 'replay' as const, refused: settled.includes(false) ? 'refused' : null },
  outcomes: settled.map((one, partition): Outcome => {
    return { topic: 'orders', partition, batch: 'b', from: 1, to: 2, settled: one };
  }),
});

it('nothing pending: 0; a decision: 4; what the service does by itself: 0; not known: 1', async () => {
  expect([resultOf(BASE), exitOf(BASE)]).toEqual(['nothing_pending', 0]);
  expect([resultOf(await report()), exitOf(await report())]).toEqual(['decision_needed', 4]);
  const alone = await report({ decision: decision(2, 'advance') });
  expect([resultOf(alone), exitOf(alone)]).toEqual(['settles_itself', 0]);
  const later = await report({ decision: decision(6, 'confirm'), confirmed: decision(5, 'decide') });
  expect(resultOf(later)).toBe('decision_needed');
  const problem = new SinkError('maxcompute_unreachable', 'away');
  const unknown = await report({ decision: null, problem });
  expect([resultOf(unknown), exitOf(unknown)]).toEqual(['unknown', 1]);
  const found = await foundIn([position(0, 5, 'maxsink9;')]);
  const blind = { ...BASE, unreadable: [unreadableReport(found.get('orders-0')!)] };
  expect(exitOf(blind)).toBe(4);
});

it('settled only when every topic partition is', async () => {
  const all = { ...(await report()), settlement: settlement(true, true) };
  expect([resultOf(all), exitOf(all)]).toEqual(['settled', 0]);
  const part = { ...(await report()), settlement: settlement(true, false) };
  expect([resultOf(part), exitOf(part)]).toEqual(['decision_needed', 4]);
  expect(resolveText(part, { width: 80, paint: (_, text) => text })).toMatch(
    /orders-0 .* settled\n.*orders-1 .* NOT settled\n {2}Kafka refused the commit: refused/,
  );
});

it('says the same as JSON, with result and exit code', async () => {
  const shown = await report();
  const json = JSON.parse(JSON.stringify(reportJson(shown)));
  expect(json).toEqual({ ...shown, at: '2026-11-21T00:00:00.000Z', result: 'decision_needed', exitCode: 4 });
});

it('shows both readings, and how to settle a batch that needs no decision', async () => {
  const text = async (over: Partial<Judgement>, width = 100) =>
    resolveText(await report(over), { width, paint: (_, one) => one });
  const needed = await text({ uncounted: 'no column is mapped' });
  expect(needed).toMatch(/assume committed +offsets go to the ends.*at most 40 rows that are not/);
  expect(needed).toMatch(/not counted +no column is mapped/);
  expect(needed).toContain('(--replay)');
  const alone = await text({ decision: decision(2, 'advance'), uncounted: 'no column is mapped' });
  expect(alone).toMatch(/--replay\s+--batch 6fa459ea/);
  expect(alone).not.toContain('not counted');
  const away = await text({ decision: null, problem: new SinkError('maxcompute_unreachable', 'away') });
  expect(away).toContain('maxcompute_unreachable: away');
  for (const width of [80, 120])
    expect(Math.max(...(await text({}, width)).split('\n').map((line) => line.length))).toBeLessThanOrEqual(
      width,
    );
});

it('ages are told in the two largest units', () => {
  const minute = 60_000;
  expect([3_000, 12 * minute, 303 * minute, 52 * 60 * minute].map(ageText)).toEqual([
    ...['3 s', '12 min', '5 h 3 min', '2 days 4 h'],
  ]);
});
