import { describe, expect, it } from 'vitest';
import { createTopicIds } from '../../../src/source/topics/topic-ids.ts';

/** The first `failures` questions fail. */
function asked(failures: number) {
  const told: unknown[] = [];
  let questions = 0;
  const ids = createTopicIds(
    async (topics) => {
      if (questions++ < failures) throw new Error('no answer');
      return topics.map((topic) => ({ topic, id: 'x' }));
    },
    (error) => told.push(error),
  );
  const ask = async () => [...(await ids.ask(['t']))];
  return { ask, told, questions: () => questions, stop: () => ids.stop() };
}

describe('topic ids', () => {
  it('are asked for again when a broker was busy at first', async () => {
    const { ask, told } = asked(2);
    expect([await ask(), await ask(), await ask()]).toEqual([[['t', null]], [['t', null]], [['t', 'x']]]);
    expect(told).toEqual([]);
  });

  it('are done without when the first three questions are not answered', async () => {
    const { ask, told, questions } = asked(Number.POSITIVE_INFINITY);
    for (let turn = 0; turn < 5; turn++) expect(await ask()).toEqual([['t', null]]);
    expect([questions(), told.length]).toEqual([3, 1]);
  });

  it('are asked for no more once the client is about to be closed', async () => {
    const { ask, questions, stop } = asked(0);
    expect(await ask()).toEqual([['t', 'x']]);
    const waiting = ask();
    await stop();
    expect([await waiting, await ask()]).toEqual([[['t', null]], [['t', null]]]);
    expect(questions()).toBe(1);
  });
});
