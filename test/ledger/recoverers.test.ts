import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LedgerEntry } from '../../src/ledger/intent.ts';
import type { SessionState } from '../../src/ledger/ports.ts';
import { recover } from '../../src/ledger/recovery.ts';
import { intentOf, tp, world } from './simulated.ts';

const TPS = [0, 1, 2, 3];
const SESSIONS = ['s0', 's1', 's2'];

/**
 * What a writer may have left behind: an intent that reached all its topic partitions, and then any of its sessions
 * (the witness last), or only some, and then none. A zombie that had the answer may go on at any time.
 */
const left = fc.record({
  /** Topic partitions that the intent did not reach; none: it is whole. */
  missed: fc.oneof(fc.constant<number[]>([]), fc.subarray(TPS, { minLength: 1, maxLength: 3 })),
  confirmed: fc.subarray(TPS),
  committed: fc.integer({ min: 0, max: 3 }),
  zombieAt: fc.option(fc.integer({ min: 0, max: 6_000 })),
  /** All its sessions have expired, or none has. */
  dead: fc.boolean(),
  /** Which of two processes owns each topic partition. */
  owners: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 4, maxLength: 4 }),
  /** When the first process dies; its successor gets what it had. */
  diesAt: fc.option(fc.integer({ min: 0, max: 4_000 })),
});

it('members that die, and zombies that go on: each topic partition ends as its sessions do', async () => {
  await fc.assert(
    fc.asyncProperty(left, async ({ missed, confirmed, committed, zombieAt, dead, owners, diesAt }) => {
      const whole = missed.length === 0;
      const done = whole && !dead ? SESSIONS.slice(0, committed) : [];
      // Sessions are committed in this order, so the witness is the last one.
      const states = SESSIONS.map((id): [string, SessionState] => [
        id,
        done.includes(id) ? 'committed' : dead ? 'dead' : 'open',
      ]);
      const written = intentOf({
        members: TPS.map((n) => [n, 100 * n, 100 * n + 10]),
        sessions: SESSIONS.toReversed(),
      });
      const entries = written.map((entry, n): LedgerEntry => {
        if (missed.includes(n)) return { ...tp(n), offset: entry.offset, pointer: null };
        return { ...entry, pointer: { ...entry.pointer!, confirmed: confirmed.includes(n) } };
      });
      const w = world(entries, Object.fromEntries(states));
      const ends = new Map<number, number>();
      const run = (own: readonly number[]) => {
        const { options, abort } = w.member();
        recover(w.of(...own), options).then(
          (list) => {
            for (const { partition, offset } of list) ends.set(partition, offset);
          },
          (error) => {
            if (!options.signal.aborted) throw error;
          },
        );
        return abort;
      };
      const [mine, others] = [0, 1].map((owner) => TPS.filter((n) => owners[n] === owner));
      const first = run(mine!);
      run(others!);
      const events: [number, () => void][] = [];
      if (zombieAt !== null && whole && !dead)
        events.push([zombieAt, () => SESSIONS.forEach((id) => void w.sessions.set(id, 'committed'))]);
      if (diesAt !== null) {
        events.push([diesAt, () => first.abort(new Error('killed'))]);
        events.push([diesAt + 1_000, () => void run(mine!.filter((n) => !ends.has(n)))]);
      }
      let now = 0;
      for (const [at, happens] of [...events.sort(([a], [b]) => a - b), [15_000, () => {}] as const]) {
        await w.clock.pass(Math.max(0, at - now));
        now = at;
        happens();
      }
      await w.clock.pass(0);
      const all = SESSIONS.every((id) => w.sessions.get(id) === 'committed');
      const none = SESSIONS.every((id) => w.sessions.get(id) !== 'committed');
      expect([...ends.keys()].sort()).toEqual(TPS);
      expect(all || none).toBe(true);
      expect(all).toBe(whole && !dead);
      for (const [n, offset] of ends) expect(offset).toBe(100 * n + (all ? 10 : 0));
    }),
    { numRuns: 150 },
  );
});
