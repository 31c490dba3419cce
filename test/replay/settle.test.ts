import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { SinkError } from '../../src/errors.ts';
import type { SessionState, Sessions } from '../../src/ledger/ports.ts';
import type { Journal } from '../../src/replay/journal.ts';
import { settlePending } from '../../src/replay/settle.ts';

/** Settles one batch with these sessions; what was committed, and what the journal was told. */
async function settle(states: readonly SessionState[], refuse: readonly number[] = []) {
  const now = [...states];
  const told: string[] = [];
  const list = states.map((_, i) => ({ tablePartition: `dt=${i}`, id: String(i), blocks: 1, rows: 1 }));
  const intent = { batch: 'b', at: 0, to: { project: 'p', schema: null, table: 't' }, sessions: list };
  const journal = {
    pending: [intent],
    done: async () => void told.push('done'),
    drop: async () => void told.push('dropped'),
    unknown: async () => void told.push('unclear'),
  } as unknown as Journal;
  const sessions: Sessions = {
    state: async (_, { id }) => {
      const state = now[Number(id)]!;
      if (state === 'busy') now[Number(id)] = 'committed';
      return state;
    },
    async commit(_, { id }) {
      if (refuse.includes(Number(id))) throw new SinkError('session_lost', 'the columns were changed');
      now[Number(id)] = 'committed';
    },
  };
  const [settled] = await settlePending(journal, sessions, systemClock, new AbortController().signal);
  return [settled!.result, ...told, ...now];
}

describe('a replay that was cut off', () => {
  it('is finished where every session is there: a commit on its way changes nothing then', async () => {
    expect(await settle(['open', 'open'])).toEqual(['committed', 'done', 'committed', 'committed']);
    expect(await settle(['committed', 'open'])).toEqual(['committed', 'done', 'committed', 'committed']);
    expect(await settle(['committed'])).toEqual(['committed', 'done', 'committed']);
    expect(await settle(['busy', 'committed'])).toEqual(['committed', 'done', 'committed', 'committed']);
    expect(await settle([])).toEqual(['committed', 'done']);
  });

  it('is void where nothing of it can appear', async () => {
    expect(await settle(['dead', 'dead'])).toEqual(['void', 'dropped', 'dead', 'dead']);
    expect(await settle(['dead', 'open'])).toEqual(['void', 'dropped', 'dead', 'open']);
    expect(await settle(['open'], [0])).toEqual(['void', 'dropped', 'open']);
  });

  it('is unclear where it is torn or forgotten, and is never repeated by itself', async () => {
    expect(await settle(['committed', 'dead'])).toEqual(['unclear', 'unclear', 'committed', 'dead']);
    expect(await settle(['gone'])).toEqual(['unclear', 'unclear', 'gone']);
    expect(await settle(['open', 'unknown'])).toEqual(['unclear', 'unclear', 'open', 'unknown']);
    expect(await settle(['committed', 'open'], [1])).toEqual(['unclear', 'unclear', 'committed', 'open']);
  });
});
