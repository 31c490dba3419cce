import type { Wrappers } from '../../src/main.ts';
import type { UploadSession } from '../../src/sink/ports.ts';
import type { Position } from '../../src/source/source.ts';
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
  const sessions = createTurns(around);
  return {
    tunnel: (tunnel) =>
      overriding(tunnel, {
        create: async (...args) =>
          wrapSession(await around('session', () => tunnel.create(...args)), around, sessions),
      }),
    deadLetters: (letters) =>
      overriding(letters, {
        seal: (batch) => around('letters', () => letters.seal(batch)),
        acknowledge: (batch) => around('publish', () => letters.acknowledge(batch)),
      }),
    source: (source) =>
      overriding(source, {
        async acknowledge(assignment: number, positions: readonly Position[]) {
          await around('advance', () => source.acknowledge(assignment, positions));
          sessions.startOver();
        },
        rewind(positions) {
          sessions.startOver();
          source.rewind(positions);
        },
        rejoin(reason) {
          sessions.startOver();
          source.rejoin(reason);
        },
      }),
  };
}

const wrapSession = (session: UploadSession, around: Around, { inTurn }: Turns): UploadSession =>
  overriding(session, {
    putBlock: (...args) => around('block', () => session.putBlock(...args)),
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
  const step = () => `commit:${(++done > 3 ? 3 : done) as 1 | 2 | 3}` as const;
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
export function overriding<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
