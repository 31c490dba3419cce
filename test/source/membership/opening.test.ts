import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import { SinkError } from '../../../src/errors.ts';
import type { RawPosition } from '../../../src/source/client/client.ts';
import type { Known, Start, Topic } from '../../../src/source/membership/assignment.ts';
import { commitNote, readNote } from '../../../src/source/membership/note.ts';
import { openAssignment } from '../../../src/source/membership/opening.ts';
import type { OffsetCommit, Recover } from '../../../src/source/source.ts';

const CENSUS = { size: 3, unstarted: [], topicId: 'now', pipeline: 'p', table: 'demo.t' };
const at = (partition: number) => ({ topic: 't', partition });

/** Committed offset 10 of topic partition n is 10 n. */
function known(partition: number, intent: string | null, topicId = 'now'): Known {
  const position = { ...at(partition), offset: 10 * partition };
  const metadata = commitNote({ ...CENSUS, topicId }, false, intent);
  return { ...position, note: readNote({ ...position, metadata }) };
}

const topicOf = (list: readonly Known[]): Topic => ({
  assigned: [at(0), at(1)],
  census: CENSUS,
  known: new Map(list.map((p) => [p.partition, p])),
  foundLater: false,
});

const PLAIN = [known(0, null), known(1, null)];
const INTENT = [known(0, null), known(1, 'b'), known(2, 'b')];

interface Given {
  readonly exactlyOnce?: boolean;
  /** Answers in turn; the last one repeats. */
  readonly answers?: readonly (readonly Known[] | Error)[];
  readonly recover?: Recover;
}

/** Everything that happens, in order; sleeping takes no time, but can be held. */
function setUp({ exactlyOnce = true, answers = [PLAIN], recover }: Given) {
  const trail: string[] = [];
  const sent: RawPosition[][] = [];
  const controller = new AbortController();
  const held = { sleep: false };
  const clock: Clock = {
    now: () => 0,
    sleep: (ms, signal) => {
      trail.push(`sleep ${ms}`);
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (!held.sleep) resolve();
      });
    },
  };
  const answer = async (what: string) => {
    const found = answers[Math.min(trail.filter((step) => step === what).length, answers.length - 1)]!;
    trail.push(what);
    if (found instanceof Error) throw found;
    return found;
  };
  const opened = () =>
    openAssignment(
      {
        questions: {
          topics: async () => [topicOf(await answer('topics'))],
          committed: async () => [...(await answer('committed'))],
          starts: async (topics, recovered): Promise<Start[]> => {
            trail.push('starts');
            return topics[0]!.assigned.map((tp) => {
              const offset = recovered.get(`t-${tp.partition}`) ?? 10 * tp.partition;
              return { ...tp, offset, fresh: false, census: CENSUS };
            });
          },
        },
        log: { warn: () => trail.push('warn') },
        clock,
        exactlyOnce,
        settleMs: 5000,
        recover: async (found, io) => {
          trail.push('recover');
          return recover ? recover(found, io) : found;
        },
        faultAction: (error) =>
          error instanceof SinkError ? { do: 'stop', error } : { do: 'poll on', why: 'passing' },
        commit: async (commits) => void sent.push([...commits]),
      },
      [at(0), at(1)],
      controller.signal,
    );
  return { trail, sent, controller, held, opened };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the opening of an assignment', () => {
  it('with exactly once waits before it asks anything', async () => {
    const { trail, opened } = setUp({});
    expect((await opened()).map(({ offset }) => offset)).toEqual([0, 10]);
    expect(trail).toEqual(['sleep 5000', 'topics', 'starts']);
  });

  it('with at least once is quick, unless there is an intent', async () => {
    const quick = setUp({ exactlyOnce: false });
    await quick.opened();
    expect(quick.trail).toEqual(['topics', 'starts']);
    const pending = setUp({ exactlyOnce: false, answers: [INTENT] });
    await pending.opened();
    expect(pending.trail).toEqual(['topics', 'sleep 5000', 'topics', 'recover', 'starts']);
  });

  it('counts only what it reads after the wait', async () => {
    const gone = setUp({ exactlyOnce: false, answers: [INTENT, PLAIN] });
    await gone.opened();
    expect(gone.trail).toEqual(['topics', 'sleep 5000', 'topics', 'starts']);
  });

  it('is nobody’s intent when only others have one', async () => {
    const { trail, opened } = setUp({ answers: [[known(0, null), known(2, 'b')]] });
    await opened();
    expect(trail).toEqual(['sleep 5000', 'topics', 'starts']);
  });

  it('starts where recovery says, which is told of all own offsets', async () => {
    let told: readonly OffsetCommit[] = [];
    const recover: Recover = async (found) => {
      told = found;
      return [{ ...at(1), offset: 77 }];
    };
    const { opened } = setUp({ answers: [INTENT], recover });
    expect((await opened()).map(({ offset }) => offset)).toEqual([0, 77]);
    expect(told).toEqual([
      { ...at(0), offset: 0, intent: null },
      { ...at(1), offset: 10, intent: 'b' },
    ]);
  });

  it('asks again when the brokers do not answer, and stops for what is final', async () => {
    const passing = setUp({ answers: [new Error('away'), new Error('away'), PLAIN] });
    await passing.opened();
    const asked = ['topics', 'warn', 'sleep 1000', 'topics', 'sleep 1000', 'topics', 'starts'];
    expect(passing.trail).toEqual(['sleep 5000', ...asked]);
    const final = setUp({ answers: [new SinkError('group_taken', 'taken')] });
    await expect(final.opened()).rejects.toMatchObject({ code: 'group_taken' });
  });

  it('passes on what recovery throws, and names anything else unexpected', async () => {
    for (const [thrown, code] of [
      [new SinkError('kafka_commit_refused', 'no'), 'kafka_commit_refused'],
      [new SinkError('decision_needed', 'no'), 'decision_needed'],
      [new TypeError('no'), 'unexpected'],
    ] as const) {
      const { opened } = setUp({ answers: [INTENT], recover: () => Promise.reject(thrown) });
      await expect(opened()).rejects.toMatchObject({ code });
    }
  });

  it('recovers again after what passes, from what it reads then', async () => {
    const told: number[] = [];
    const recover: Recover = async (found) => {
      told.push(found.length);
      if (told.length === 1) throw new SinkError('maxcompute_unreachable', 'away');
      return found;
    };
    const { trail, opened } = setUp({ answers: [INTENT, [known(1, 'b')]], recover });
    await opened();
    expect(told).toEqual([2, 1]);
    const again = ['recover', 'warn', 'sleep 1000', 'topics', 'recover', 'starts'];
    expect(trail).toEqual(['sleep 5000', 'topics', ...again]);
  });

  it('lets recovery read and commit, with the note of the topic that the offset is of', async () => {
    const stale = [known(0, 'a', 'before'), known(1, 'b')];
    const recover: Recover = async (found, io) => {
      expect(await io.read([at(0)])).toEqual(found);
      await io.commit(found.map((one) => ({ ...one, intent: 'c' })));
      return found;
    };
    const { sent, opened } = setUp({ answers: [stale], recover });
    await opened();
    const notes = sent[0]!.map((p) => readNote(p));
    expect(notes.map(({ topicId, intent }) => [topicId, intent])).toEqual([
      ['before', 'c'],
      ['now', 'c'],
    ]);
  });

  it('ends where it is when the assignment is over: nothing more is asked or committed', async () => {
    const reason = new SinkError('kafka_commit_refused', 'given up');
    const waiting = setUp({});
    waiting.held.sleep = true;
    const wait = waiting.opened();
    wait.catch(() => undefined);
    waiting.controller.abort(reason);
    await expect(wait).rejects.toBe(reason);
    expect(waiting.trail).toEqual(['sleep 5000']);

    const recovering = setUp({
      answers: [INTENT],
      recover: async (found, io) => {
        recovering.controller.abort(reason);
        await expect(io.commit(found)).rejects.toBe(reason);
        await expect(io.read([at(0)])).rejects.toBe(reason);
        return found;
      },
    });
    await expect(recovering.opened()).rejects.toBe(reason);
    await settled();
    expect(recovering.sent).toEqual([]);
  });
});
