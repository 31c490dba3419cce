import { Refusal } from '../errors.ts';
import { specText } from '../model/catalog.ts';
import { blockList, type Session, type Sessions } from '../tunnel/uploads.ts';

// biome-ignore format: one list
const STATES = ['normal', 'committing', 'closing', 'closed', 'expired', 'canceled', 'critical', 'gone'] as const;
export type ForcedState = (typeof STATES)[number];

export interface SessionInfo {
  readonly id: string;
  readonly table: string;
  /** `dt=1,hr=2`; empty: the table is unpartitioned. */
  readonly tablePartition: string;
  readonly status: string;
  readonly rows: number;
}

export function sessionInfo(session: Session): SessionInfo {
  const { id, table, values, status, closingWord } = session;
  const rows = blockList(session).reduce((sum, block) => sum + block.rows, 0);
  return {
    ...{ id, table: table.name, tablePartition: specText(table, values), rows },
    status: status === 'closing' ? closingWord : status,
  };
}

/**
 * Puts one session into a state, as the service might:
 *
 *   from normal, committing or closing   every state; `closed` makes its rows visible, `committing` and
 *                                        `closing` stay until the next word
 *   from closed                          `critical` and `gone`: the rows stay, nobody can read the outcome
 *   from the others                      `gone`
 *
 * The rest is refused: a committed session never expires, an expired one is never committed.
 */
export async function setSession(sessions: Sessions, id: string, state: string): Promise<void> {
  const session = sessions.get(id);
  if (!session) throw new Refusal(404, 'NoSuchUpload', `The specified upload id ${id} does not exist.`);
  if (!isState(state)) throw new Refusal(400, 'InvalidArgument', `"${state}" is none of ${STATES.join(' ')}`);
  await session.commit?.catch(() => {});
  const undecided = session.status === 'normal' || session.status === 'closing';
  if (undecided) return decide(sessions, session, state);
  if (state === 'gone') return sessions.force(id, 'gone');
  if (session.status === 'closed' && state === 'critical') session.status = 'critical';
  else if (session.status !== state)
    throw new Refusal(
      409,
      'InvalidStatusChange',
      `Upload ${id} is ${session.status}: it cannot be ${state}.`,
    );
}

async function decide(sessions: Sessions, session: Session, state: ForcedState): Promise<void> {
  session.status = 'normal';
  switch (state) {
    case 'normal':
      return;
    case 'committing':
    case 'closing':
      session.status = 'closing';
      session.closingWord = state;
      return;
    case 'closed':
      return sessions.commit(session);
    default:
      sessions.force(session.id, state);
  }
}

const isState = (state: string): state is ForcedState => (STATES as readonly string[]).includes(state);
