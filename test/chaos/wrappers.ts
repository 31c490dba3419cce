import type { Wrappers } from '../../src/main.ts';
import type { UploadSession } from '../../src/sink/ports.ts';
import { type OffsetCommit, type Source, topicPartitionKey } from '../../src/source/source.ts';
import type { Step } from './points.ts';
import type { Trip } from './trip.ts';

type Around = <T>(step: Step, call: () => Promise<T>) => Promise<T>;

/** The service's ports with a fail point before and after every call that changes something outside. */
export function failPoints(trip: Trip): Wrappers {
  const around: Around = async (step, call) => {
    await trip(`before:${step}`);
    const value = await call();
    await trip(`after:${step}`);
    return value;
  };
  const turns = createTurns(around);
  return {
    source: (source) => wrapSource(source, around, turns),
    tunnel: (tunnel) =>
      overriding(tunnel, {
        create: async (...args) =>
          wrapSession(await around('session', () => tunnel.create(...args)), around, turns),
      }),
    deadLetters: (letters) =>
      overriding(letters, {
        seal: (batch) => around('letters', () => letters.seal(batch)),
        acknowledge: (batch) => around('publish', () => letters.acknowledge(batch)),
        ...(letters.session && {
          session(batch) {
            const session = letters.session?.(batch) ?? null;
            return session && { ...session, commit: () => around('commit:letters', () => session.commit()) };
          },
        }),
      }),
    sessions: (sessions) =>
      overriding(sessions, {
        state: (...args) => around('recovery:state', () => sessions.state(...args)),
        commit: (...args) => around('recovery:commit', () => sessions.commit(...args)),
      }),
    store: (store) =>
      overriding(store, {
        read: (list) => around('recovery:read', () => store.read(list)),
        commit: (entries) => {
          const keeps = entries.some(({ pointer }) => pointer !== null);
          return around(keeps ? 'recovery:confirm' : 'recovery:advance', () => store.commit(entries));
        },
      }),
    letters: (letters) =>
      overriding(letters, {
        settled: (batch) => around('recovery:letters', () => letters.settled(batch)),
      }),
  };
}

function wrapSource(source: Source, around: Around, turns: Turns): Source {
  const offsets = new Map<string, number>();
  const stepOf = (commits: readonly OffsetCommit[]): Step => {
    const moves = commits.some((tp) => tp.offset > (offsets.get(topicPartitionKey(tp)) ?? 0));
    const intends = commits.some(({ intent }) => intent !== null);
    return intends ? (moves ? 'advance+intent' : 'intent') : 'advance';
  };
  return overriding(source, {
    start: (listener) =>
      source.start(
        overriding(listener, {
          onAssigned(assignment, positions, again) {
            for (const tp of positions) offsets.set(topicPartitionKey(tp), tp.offset);
            turns.startOver();
            listener.onAssigned(assignment, positions, again);
          },
        }),
      ),
    async commit(assignment, commits) {
      await around(stepOf(commits), () => source.commit(assignment, commits));
      for (const tp of commits) offsets.set(topicPartitionKey(tp), tp.offset);
      turns.startOver();
    },
  });
}

const wrapSession = (session: UploadSession, around: Around, { inTurn }: Turns): UploadSession =>
  overriding(session, {
    putBlock: (...args) => around('block', () => session.putBlock(...args)),
    verify: (...args) => around('verify', () => session.verify(...args)),
    commit: (...args) => inTurn(() => session.commit(...args)),
  });

interface Turns {
  /** One commit after the other, so that "the second of three" means one thing. */
  inTurn<T>(commit: () => Promise<T>): Promise<T>;
  /** The next commit is the first of its batch. */
  startOver(): void;
}

function createTurns(around: Around): Turns {
  let done = 0;
  let last: Promise<unknown> = Promise.resolve();
  const step = () => `commit:${Math.min(++done, 3) as 1 | 2 | 3}` as const;
  return {
    inTurn(commit) {
      const turn = last.then(() => around(step(), commit));
      last = turn.catch(() => undefined);
      return turn;
    },
    startOver() {
      done = 0;
    },
  };
}

/** The same object with some methods replaced; the others keep their own `this`. */
function overriding<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
