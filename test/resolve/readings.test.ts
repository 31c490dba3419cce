import { expect, it } from 'vitest';
import type { SessionState } from '../../src/ledger/ports.ts';
import { readingsOf } from '../../src/resolve/readings.ts';
import { intentIn, leftBehind } from './left.ts';

const [A, B] = [100, 1000];

/** Two sessions of 100 and 1000 rows; topic partitions with 5000 records between them. */
async function readings(states: readonly SessionState[], counts: readonly (number | null)[] = [null, null]) {
  const { own, list } = await intentIn(leftBehind());
  const sessions = list!.sessions.map((one, at) => ({ ...one, rows: [A, B][at]! }));
  const wide = own.map((one) => ({ ...one, pointer: { ...one.pointer, end: one.offset + 2500 } }));
  return readingsOf(
    { own: wide, list: { ...list!, sessions } },
    {
      states: new Map(sessions.map(({ id }, at) => [id, states[at]!] as const)),
      counts: new Map(
        sessions.flatMap(({ id }, at) => {
          const count = counts[at] ?? null;
          return count === null ? [] : [[id, count] as const];
        }),
      ),
    },
  );
}

it.each([
  [['committed', 'committed'], { lost: 0, twice: A + B }],
  [['dead', 'dead'], { lost: A + B, twice: 0 }],
  [['committed', 'dead'], { lost: B, twice: A }],
  [['committed', 'open'], { lost: B, twice: A }],
  [['committed', 'unknown'], { lost: B, twice: A + B }],
  [['gone', 'dead'], { lost: A + B, twice: A }],
  [['busy', 'committed'], { lost: A, twice: A + B }],
] as const)('sessions %s: %o', async (states, expected) => {
  expect(await readings(states)).toEqual(expected);
});

it('rows that were counted are known, unless the session may still be committed', async () => {
  expect(await readings(['committed', 'gone'], [null, 400])).toEqual({ lost: 600, twice: A + 400 });
  expect(await readings(['committed', 'unknown'], [null, 400])).toEqual({ lost: 600, twice: A + B });
});

it('without a list, and never, are there more rows than records', async () => {
  const intent = await intentIn(leftBehind());
  const none = { states: new Map(), counts: new Map() };
  expect(readingsOf({ ...intent, list: null }, none)).toEqual({ lost: 40, twice: 40 });
  const sessions = intent.list!.sessions.map((one) => ({ ...one, rows: 1000 }));
  expect(readingsOf({ ...intent, list: { ...intent.list!, sessions } }, none)).toEqual({
    lost: 40,
    twice: 40,
  });
});
