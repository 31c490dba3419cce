import { expect, it } from 'vitest';
import { SinkError } from '../../src/errors.ts';
import { censusOf, intentMoves, settle, unreadableMove } from '../../src/resolve/settle.ts';
import type { RawPosition } from '../../src/source/client/client.ts';
import { readNote } from '../../src/source/membership/note.ts';
import { CENSUS, foundIn, intentIn, leftBehind, position, reader } from './left.ts';

const OWN = { pipeline: 'mine', table: 'demo.mine' };
const NOW = censusOf(new Map(), new Map(), OWN);
const noteOf = ({ to }: { to: RawPosition }) => readNote(to);

it('either reading leaves the note of the topic as it was, without the intent', async () => {
  const intent = await intentIn(leftBehind());
  const noted = { ...CENSUS, start: false, intent: null };
  const forward = intentMoves(intent, 'assume_committed', NOW);
  expect(forward.map(({ to }) => to.offset)).toEqual([110, 230]);
  expect(forward.map(noteOf)).toEqual([noted, noted]);
  const back = intentMoves(intent, 'replay', NOW);
  expect(back.map(({ to }) => to.offset)).toEqual([100, 200]);
  expect(back.map(noteOf)).toEqual([noted, noted]);
});

it('a group that had only started has only started after a replay', async () => {
  const anchor = (await intentIn(leftBehind())).own[0]!.pointer;
  const intent = await intentIn([position(0, 100, anchor, true)]);
  expect(noteOf(intentMoves(intent, 'replay', NOW)[0]!).start).toBe(true);
  expect(noteOf(intentMoves(intent, 'assume_committed', NOW)[0]!).start).toBe(false);
});

it('a note that cannot be read is made anew from what is known of the topic', async () => {
  const found = await foundIn([position(0, 5, 'maxsink9;'), position(1, 6, null)]);
  const census = censusOf(found, new Map([['orders', 4]]), OWN);
  const move = unreadableMove(found.get('orders-0')!, census);
  expect(move).toMatchObject({ batch: null, to: { topic: 'orders', partition: 0, offset: 5 } });
  const known = { size: 4, unstarted: [2, 3], topicId: CENSUS.topicId };
  expect(noteOf(move)).toEqual({ ...known, ...OWN, start: false, intent: null });
});

/** A group's offsets that take a commit as `take` says. */
async function settling(take: (positions: readonly RawPosition[], kept: RawPosition[]) => void) {
  const kept = leftBehind();
  const moves = intentMoves(await intentIn(kept), 'assume_committed', NOW);
  const io = {
    read: reader(kept),
    commit: async (positions: readonly RawPosition[]) => take(positions, kept),
  };
  return { kept, run: () => settle(moves, io) };
}

it('what was committed is read back', async () => {
  const { run } = await settling((positions, kept) => void kept.splice(0, 2, ...positions));
  const { outcomes, refused } = await run();
  expect(refused).toBeNull();
  expect(outcomes.map(({ partition, from, to, settled }) => [partition, from, to, settled])).toEqual([
    [0, 100, 110, true],
    [1, 200, 230, true],
  ]);
});

it('a refusal is told, with what was taken nevertheless', async () => {
  const { run } = await settling((positions, kept) => {
    kept[1] = positions[1]!;
    throw new SinkError('kafka_commit_refused', 'Broker: Topic authorization failed (29)');
  });
  const { outcomes, refused } = await run();
  expect(refused).toContain('(29)');
  expect(outcomes.map(({ settled }) => settled)).toEqual([false, true]);
});

it('nothing is committed when offsets have changed since they were looked at', async () => {
  const { kept, run } = await settling(() => expect.unreachable());
  kept[1] = position(1, 230, null);
  await expect(run()).rejects.toMatchObject({
    code: 'decision_needed',
    message: 'offsets have changed meanwhile, look again: orders-1',
  });
});
