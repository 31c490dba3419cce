import { beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from '../../../src/emulator/errors.ts';
import type { State, StateWord } from '../../../src/emulator/tunnel/session-states.ts';
import { createSessions, type Session, type Sessions } from '../../../src/emulator/tunnel/sessions.ts';

let time: number;
let written: string[];
let released: string[];
let writing: () => Promise<void>;
let sessions: Sessions<Session>;
beforeEach(() => {
  time = 0;
  written = [];
  released = [];
  writing = async () => {};
  sessions = createSessions(
    {
      name: 'upload',
      words: {
        ...{ normal: 'normal', committing: 'closing', committed: 'closed' },
        ...{ aborted: 'canceled', expired: 'expired', critical: 'critical' },
      },
      ...{ freeCommittingWord: true, otherEnd: 'expired', closedText: '' },
      notFound: (id) => new Refusal(404, 'NoSuchUpload', id),
      lifetime: ({ createdAt }) => ({ expires: createdAt + 10, forgotten: createdAt + 20 }),
      place: () => ({ table: 't', tablePartition: '', rows: 0 }),
      release: ({ id }) => released.push(id),
      write: ({ id }) => {
        written.push(id);
        return writing();
      },
    },
    () => time,
  );
});

function add(id: string, state: State = 'normal'): Session {
  const session: Session = { id, createdAt: time, state };
  sessions.add(session);
  return session;
}

const WORDS: readonly StateWord[] = [
  ...(['normal', 'committing', 'closing', 'committed', 'closed', 'aborted', 'canceled'] as const),
  ...(['expired', 'critical', 'gone'] as const),
];
const ENDS: readonly StateWord[] = ['aborted', 'canceled', 'expired', 'critical', 'gone'];

describe('a session', () => {
  it.each<[State, readonly StateWord[]]>([
    ['normal', WORDS],
    ['committing', WORDS],
    ['committed', ['committed', 'closed', 'critical', 'gone']],
    ['aborted', ['aborted', 'canceled', 'gone']],
    ['expired', ['expired', 'gone']],
    ['critical', ['critical', 'gone']],
  ])('that is %s can be made %s and nothing else', async (state, allowed) => {
    const isOpen = state === 'normal' || state === 'committing';
    for (const word of WORDS) {
      const session = add(word, state);
      const done = await sessions.set(word, word).then(
        () => true,
        (error: Refusal) => error.code,
      );
      expect([word, done]).toEqual([word, allowed.includes(word) ? true : 'InvalidStatusChange']);
      expect([word, released.includes(word)]).toEqual([word, isOpen && ENDS.includes(word)]);
      expect([word, written.includes(word)]).toEqual([word, isOpen && /^(committed|closed)$/.test(word)]);
      if (allowed.includes(word)) expect(sessions.has(word)).toBe(word !== 'gone');
      if (word === 'gone') expect(session.state).not.toBe('normal');
    }
  });

  it('is committed once however often it is asked, and as it was after a failure', async () => {
    const session = add('a');
    writing = () => Promise.reject(new Error('full'));
    await expect(Promise.all([sessions.commit(session), sessions.commit(session)])).rejects.toThrow('full');
    expect([session.state, session.running, written]).toEqual(['normal', undefined, ['a']]);
    writing = async () => {};
    await Promise.all([sessions.commit(session), sessions.commit(session)]);
    await sessions.commit(session);
    expect([session.state, written]).toEqual(['committed', ['a', 'a']]);
    expect(() => sessions.checkOpen(session)).toThrow('Upload a is closed.');
  });

  it('keeps what its running commit reads, even when it is forgotten', async () => {
    const session = add('a');
    let finish = () => {};
    writing = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const done = sessions.commit(session);
    time = 30;
    for (const word of ['expired', 'gone'] as const) sessions.endBy('a', word);
    expect([released, sessions.has('a')]).toEqual([[], false]);
    finish();
    await done;
    expect([session.state, released]).toEqual(['committed', []]);
  });

  it('expires and is forgotten in its time, whoever asks; a committed one is only forgotten', () => {
    const [open, done] = [add('open'), add('done', 'committed')];
    time = 10;
    expect(sessions.infos().map(({ status }) => status)).toEqual(['expired', 'closed']);
    expect([sessions.find('open'), sessions.find('done')]).toEqual([open, done]);
    expect([released, sessions.open()]).toEqual([['open'], []]);
    time = 20;
    expect(() => sessions.find('open')).toThrow('open');
    expect(sessions.list()).toEqual([]);
  });
});
