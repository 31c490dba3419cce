import type { Core } from '../core.ts';
import { Refusal } from '../errors.ts';
import { specText } from '../model/catalog.ts';
import type { Download } from '../tunnel/downloads.ts';
import { blockList, type Session, type Sessions } from '../tunnel/uploads.ts';
import type { Fault } from './control.ts';

// biome-ignore format: one list
const STATES = ['normal', 'committing', 'closing', 'closed', 'expired', 'canceled', 'critical', 'gone'] as const;
export type ForcedState = (typeof STATES)[number];

export interface SessionInfo {
  readonly kind: 'upload' | 'download';
  readonly id: string;
  /** The table; `instance ID` for the result of one. */
  readonly table: string;
  /** `dt=1,hr=2`; empty: the table is unpartitioned. */
  readonly tablePartition: string;
  readonly status: string;
  readonly rows: number;
}

type SessionsOf = Pick<Core, 'sessions' | 'downloads'>;

/** Sessions of all kinds that are remembered, oldest first within each kind. */
export const listSessions = ({ sessions, downloads }: SessionsOf): SessionInfo[] => [
  ...sessions.list().map(uploadInfo),
  ...downloads.list().map(downloadInfo),
];

/** What a session is, of whatever kind. */
export function sessionInfo({ sessions, downloads }: SessionsOf, id: string): SessionInfo | undefined {
  const upload = sessions.get(id);
  if (upload) return uploadInfo(upload);
  const download = downloads.get(id);
  return download && downloadInfo(download);
}

function uploadInfo(session: Session): SessionInfo {
  const { id, table, values, status, closingWord } = session;
  const rows = blockList(session).reduce((sum, block) => sum + block.rows, 0);
  return {
    ...{ kind: 'upload', id, table: table.name, tablePartition: specText(table, values), rows },
    status: status === 'closing' ? closingWord : status,
  };
}

const downloadInfo = ({ id, name, tablePartition, status, count }: Download): SessionInfo => ({
  ...{ kind: 'download', id, table: name, tablePartition, status, rows: count },
});

/** What a fault makes of the session that a call names, or of all open ones of a call that makes one. */
export function forceSession(core: SessionsOf, query: ReadonlyMap<string, string>, state: FaultState): void {
  if (query.has('downloadid')) core.downloads.force(query.get('downloadid'), downloadState(state));
  else if (query.has('downloads')) core.downloads.force(undefined, downloadState(state));
  else core.sessions.force(query.get('uploadid'), state);
}

/** Clients know one word for a download that ended (requests 12). */
const downloadState = (state: FaultState): 'expired' | 'gone' => (state === 'gone' ? state : 'expired');

type FaultState = Extract<Fault, { action: 'session' }>['state'];

/**
 * Puts one session into a state, as the service might:
 *
 *   from normal, committing or closing   every state; `closed` makes its rows visible, `committing` and
 *                                        `closing` stay until the next word
 *   from closed                          `critical` and `gone`: the rows stay, nobody can read the outcome
 *   from the others                      `gone`
 *
 * The rest is refused: a committed session never expires, an expired one is never committed. A download is
 * `normal` until it is `expired` or `gone`.
 */
export async function setSession(core: SessionsOf, id: string, state: string): Promise<void> {
  if (!isState(state)) throw new Refusal(400, 'InvalidArgument', `"${state}" is none of ${STATES.join(' ')}`);
  const download = core.downloads.get(id);
  return download ? setDownload(core, download, state) : setUpload(core, id, state);
}

function setDownload({ downloads }: SessionsOf, { id, status }: Download, state: ForcedState): void {
  if (state === status) return;
  if (state === 'expired' || state === 'gone') downloads.force(id, state);
  else throw new Refusal(409, 'InvalidStatusChange', `Download ${id} is ${status}: it cannot be ${state}.`);
}

async function setUpload({ sessions }: SessionsOf, id: string, state: ForcedState): Promise<void> {
  const session = sessions.get(id);
  if (!session) throw new Refusal(404, 'NoSuchUpload', `The specified session id ${id} does not exist.`);
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
