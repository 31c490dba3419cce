import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { histories, play, tell } from './history.ts';
import { MUTANTS, type MutantName } from './mutants.ts';
import { CORNERS, STORIES } from './stories.ts';

/** `make ledger-long` plays more of them, from a seed of its own. */
const HISTORIES = Number(process.env.HISTORIES ?? 1500);
const SEED = Number(process.env.SEED ?? 20261121);
const LONG = HISTORIES > 10_000;
/** Each row of the recovery table occurs in so many. */
const ENOUGH = 1_000;
const HOURS_MS = 4 * 3_600_000;
const SHOWN_EVERY = 5_000;

beforeAll(() => {
  // Waits between attempts are jittered: a history is to be the same when it is played again.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  vi.spyOn(globalThis, 'setTimeout');
  // Most errors are part of the game, and a stack costs more than all the rest.
  Error.stackTraceLimit = 0;
});
afterAll(() => vi.restoreAllMocks());

describe('members of a group that die, sleep, lose messages and take over from each other', () => {
  it(`write each record once, lose none and arrive, in ${HISTORIES} histories`, {
    timeout: 4 * 3_600_000,
  }, async () => {
    const seen = new Map<string, number>();
    const began = performance.now();
    let [played, steps] = [0, 0];
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const outcome = await play(history);
        if (outcome.violations.length > 0) throw new Error(tell(history, outcome));
        for (const [what, times] of outcome.world.counts) seen.set(what, (seen.get(what) ?? 0) + times);
        steps += outcome.steps;
        played += 1;
        if (LONG && played % SHOWN_EVERY === 0)
          process.stderr.write(`${played} histories, ${Math.round((performance.now() - began) / 1000)} s\n`);
      }),
      { numRuns: HISTORIES, seed: SEED },
    );
    if (LONG) {
      const figures = [...seen].sort().map(([what, times]) => `  ${what}: ${times}`);
      process.stderr.write(
        `seed ${SEED}, ${played} histories, ${Math.round(steps / played)} steps each\n${figures.join('\n')}\n`,
      );
    }
    if (HISTORIES >= ENOUGH) expect(ROWS.filter((row) => !seen.has(row))).toEqual([]);
  });

  it('lose nothing and arrive with at_least_once too', { timeout: HOURS_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const outcome = await play(history, { exactlyOnce: false });
        const lost = outcome.violations.filter((violation) => !violation.startsWith('Once'));
        if (lost.length > 0) throw new Error(tell(history, outcome));
      }),
      { numRuns: HISTORIES / 5, seed: SEED },
    );
  });

  it('wait for nothing but the clock that they are given', () => {
    expect(setTimeout).not.toHaveBeenCalled();
  });

  it.each(Object.keys(CORNERS) as (keyof typeof CORNERS)[])('%s', async (corner) => {
    const outcome = await play(CORNERS[corner]);
    expect(outcome.violations, tell(CORNERS[corner], outcome)).toEqual([]);
  });
});

/** Rows of the recovery table: a generator that leaves one out shows nothing of it. */
const ROWS = [
  ...['row 1, commit waits', 'row 2, advance', 'row 3, consume', 'row 4, wait waits', 'row 5, decide waits'],
  ...['row 6, confirm waits', 'row 6, wait waits', 'row 7, advance', 'row 8, consume', 'row 9, decide waits'],
];

describe('a departure from the protocol, around the ports', () => {
  it.each(Object.keys(MUTANTS) as MutantName[])('%s loses or doubles rows', async (name) => {
    const outcome = await play(STORIES[name], { mutant: MUTANTS[name] });
    expect(outcome.violations[0], tell(STORIES[name], outcome)).toMatch(/^(Once|NoLoss)/);
  });

  it.each(Object.keys(MUTANTS) as MutantName[])('without %s the same history is harmless', async (name) => {
    const outcome = await play(STORIES[name]);
    expect(outcome.violations, tell(STORIES[name], outcome)).toEqual([]);
  });
});
