import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { histories, play, tell } from './history.ts';

const HISTORIES = Number(process.env.HISTORIES ?? 300);

describe('the ledger', () => {
  it('plays', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const began = Date.now();
    let steps = 0;
    let n = 0;
    const counts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const outcome = await play(history, { exactlyOnce: process.env.EO === '1' });
        const bad = outcome.violations.filter((v) => !v.startsWith('Once'));
        steps += outcome.steps;
        n += 1;
        for (const [k, v] of outcome.world.counts) counts.set(k, (counts.get(k) ?? 0) + v);
        if (bad.length > 0) throw new Error(tell(history, outcome));
      }),
      { numRuns: HISTORIES, seed: 1 },
    );
    console.log(`${n} histories, ${steps / n} steps each, ${(Date.now() - began) / n} ms each`, counts);
    expect(true).toBe(true);
  }, 3_600_000);
});
