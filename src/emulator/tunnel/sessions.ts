import { Refusal } from '../errors.ts';
import { sleep } from '../sleep.ts';
import { createEnded, MOST_ENDED } from './ended.ts';
import {
  isUndecided,
  mayBecome,
  type State,
  type StateWord,
  type Target,
  targetOf,
  type Words,
} from './session-states.ts';

/** What every session has, of whatever kind. */
export interface Session {
  readonly id: string;
  readonly createdAt: number;
  state: State;
  /** Said in place of the word for `committing`. */
  committingWord?: string;
  /** The commit that runs, for those who ask again meanwhile. */
  running?: Promise<void> | undefined;
}

/** Where a session stands, for people: its table (`instance ID` for the result of one), and `dt=1,hr=2` or nothing. */
export interface Place {
  readonly table: string;
  readonly tablePartition: string;
  readonly rows: number;
}

export interface SessionInfo extends Place {
  readonly kind: KindName;
  readonly id: string;
  readonly status: string;
}

export type KindName = 'upload' | 'download' | 'stream' | 'upsert';

/** What makes one kind of sessions differ from the others. */
export interface Kind<S extends Session> {
  readonly name: KindName;
  readonly words: Words;
  /** Clients read other words for `committing` too, as the service says them. */
  readonly freeCommittingWord?: boolean;
  /** What stands for an end that its clients have no word for. */
  readonly otherEnd: Target;
  /** Why a session that is not `normal` refuses calls. */
  readonly closedText: string;
  notFound(id: string): Refusal;
  /** When it expires, and when nobody can ask for it any more, in ms. */
  lifetime(session: S): { readonly expires: number; readonly forgotten: number };
  place(session: S): Place;
  /** Gives up what a session holds that ended without a commit. */
  release(session: S): void;
  /** Makes the rows visible and durable; only of kinds that have `committed`. */
  write?(session: S): Promise<void>;
  /** What changes with the state when they are. */
  written?(session: S): void;
  /** What one that has ended counts among those that are remembered; default: 1. */
  sizeOf?(session: S): number;
}

/** All sessions of one kind, as fault control and the page see them. */
export interface ControlledSessions {
  readonly name: KindName;
  infos(): SessionInfo[];
  has(id: string): boolean;
  /** Makes a session what a word says; refuses what the service would never make of it (409 InvalidStatusChange). */
  set(id: string, word: StateWord): Promise<void>;
  /** Ends a session, or all that are `normal`, as a word says. */
  endBy(id: string | undefined, word: StateWord): void;
}

export interface Sessions<S extends Session> extends ControlledSessions {
  add(session: S): void;
  /** The session, its expiry considered; throws what the kind says of one that is not there. */
  find(id: string): S;
  get(id: string): S | undefined;
  /** All that are remembered, in the order in which they came. */
  list(): S[];
  /** Those in state `normal`. */
  open(): S[];
  /** The state in the words of the kind. */
  wordOf(session: S): string;
  /** Refuses unless the session is `normal` (StatusConflict). */
  checkOpen(session: S): void;
  /** Commits once however often it is asked; answers when the rows are visible. */
  commit(session: S): Promise<void>;
  /** The same after some time, unless fault control decides otherwise meanwhile. */
  commitLater(session: S, ms: number, word: string): Promise<void>;
  /** Ends a session whatever it is now, except one whose commit runs. */
  end(session: S, target: Target): void;
}

/** How often sessions are looked through for those that nobody asks for any more. */
const SWEEP_MS = 60_000;

export function createSessions<S extends Session>(
  kind: Kind<S>,
  now: () => number,
  most = MOST_ENDED,
): Sessions<S> {
  const sessions = new Map<string, S>();
  const ended = createEnded(sessions, (session) => kind.sizeOf?.(session) ?? 1, most);
  const title = `${kind.name[0]!.toUpperCase()}${kind.name.slice(1)}`;
  let swept = 0;

  function add(session: S): void {
    if (now() - swept >= SWEEP_MS) list();
    sessions.set(session.id, session);
    if (session.state === 'committed') ended.add(session);
  }

  function end(session: S, target: Target): void {
    if (target === 'gone') {
      sessions.delete(session.id);
      ended.delete(session);
    }
    if (session.running || !isUndecided(session.state)) return;
    // A call that still holds a forgotten session has to see that it ended.
    session.state = target === 'gone' ? (kind.words.aborted ? 'aborted' : 'expired') : target;
    kind.release(session);
    if (target !== 'gone') ended.add(session);
  }

  /** Expires and forgets a session when it is time. */
  function age(session: S): void {
    const { expires, forgotten } = kind.lifetime(session);
    const time = now();
    if (session.state === 'normal' && time >= expires) end(session, 'expired');
    if (time >= forgotten) end(session, 'gone');
  }

  function get(id: string): S | undefined {
    const session = sessions.get(id);
    if (session) age(session);
    return sessions.get(id);
  }

  function find(id: string): S {
    const session = get(id);
    if (!session) throw kind.notFound(id);
    return session;
  }

  function list(): S[] {
    swept = now();
    for (const session of sessions.values()) age(session);
    return [...sessions.values()];
  }

  function wordOf({ state, committingWord }: S): string {
    return (state === 'committing' ? committingWord : undefined) ?? kind.words[state] ?? state;
  }

  function checkOpen(session: S): void {
    if (session.state === 'normal') return;
    const text = `${title} ${session.id} is ${wordOf(session)}${kind.closedText}.`;
    throw new Refusal(400, 'StatusConflict', text);
  }

  async function commit(session: S): Promise<void> {
    if (session.state === 'committed') return;
    if (!session.running) {
      checkOpen(session);
      session.state = 'committing';
      session.running = write(session).finally(() => {
        session.running = undefined;
      });
    }
    await session.running;
  }

  async function write(session: S): Promise<void> {
    try {
      await kind.write!(session);
      session.state = 'committed';
      kind.written?.(session);
      ended.add(session);
    } catch (error) {
      session.state = 'normal';
      throw error;
    }
  }

  async function commitLater(session: S, ms: number, word: string): Promise<void> {
    checkOpen(session);
    hold(session, word);
    await sleep(ms);
    if (session.state !== 'committing') return;
    session.state = 'normal';
    await commit(session);
  }

  function hold(session: S, word: string): void {
    session.state = 'committing';
    if (kind.freeCommittingWord) session.committingWord = word;
  }

  async function set(id: string, word: StateWord): Promise<void> {
    const session = find(id);
    await session.running?.catch(() => {});
    const target = targetOf(word);
    const isKnown = target === 'gone' || kind.words[target];
    if (!isKnown || !mayBecome(session.state, target)) throw impossible(session, word);
    if (target === 'committing') hold(session, word);
    else if (target === 'normal') session.state = target;
    else if (target === 'committed' && session.state !== target) {
      session.state = 'normal';
      await commit(session);
    } else if (session.state === 'committed' && target !== 'gone') session.state = target;
    else end(session, target);
  }

  const impossible = (session: S, word: StateWord): Refusal =>
    new Refusal(
      409,
      'InvalidStatusChange',
      `${title} ${session.id} is ${wordOf(session)}: it cannot be ${word}.`,
    );

  function endBy(id: string | undefined, word: StateWord): void {
    const chosen = id === undefined ? open() : [get(id)];
    const target = targetOf(word);
    const isKnown = target === 'gone' || kind.words[target] !== undefined;
    for (const session of chosen) if (session) end(session, isKnown ? target : kind.otherEnd);
  }

  const infos = (): SessionInfo[] =>
    list().map((session) => ({
      kind: kind.name,
      id: session.id,
      status: wordOf(session),
      ...kind.place(session),
    }));
  const open = () => list().filter(({ state }) => state === 'normal');
  return {
    name: kind.name,
    add,
    find,
    get,
    has: (id) => get(id) !== undefined,
    list,
    open,
    infos,
    wordOf,
    checkOpen,
    commit,
    commitLater,
    end,
    endBy,
    set,
  };
}
