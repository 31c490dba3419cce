import type { Core } from '../core.ts';
import { Refusal } from '../errors.ts';
import { specText } from '../model/spec.ts';
import type { Download } from '../tunnel/downloads.ts';
import type { StreamSession } from '../tunnel/streams.ts';
import { blockList, type Session, type Sessions } from '../tunnel/uploads.ts';
import type { UpsertSession, Upserts } from '../tunnel/upserts.ts';
import type { Fault } from './control.ts';

const STATES = [
  ...(['normal', 'committing', 'closing', 'closed', 'committed'] as const),
  ...(['expired', 'canceled', 'aborted', 'critical', 'gone'] as const),
];
export type ForcedState = (typeof STATES)[number];

export interface SessionInfo {
  readonly kind: 'upload' | 'download' | 'stream' | 'upsert';
  readonly id: string;
  /** The table; `instance ID` for the result of one. */
  readonly table: string;
  /** `dt=1,hr=2`; empty: the table is unpartitioned. */
  readonly tablePartition: string;
  readonly status: string;
  readonly rows: number;
}

type SessionsOf = Pick<Core, 'sessions' | 'downloads' | 'streams' | 'upserts'>;

/** Sessions of all kinds that are remembered, oldest first within each kind. */
export const listSessions = ({ sessions, downloads, streams, upserts }: SessionsOf): SessionInfo[] => [
  ...sessions.list().map(uploadInfo),
  ...downloads.list().map(downloadInfo),
  ...streams.list().map(streamInfo),
  ...upserts.list().map(upsertInfo),
];

/** What a session is, of whatever kind. */
export const sessionInfo = (core: SessionsOf, id: string): SessionInfo | undefined =>
  listSessions(core).find((session) => session.id === id);

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

const streamInfo = ({ id, table, values, dynamic, rows }: StreamSession): SessionInfo => ({
  ...{ kind: 'stream', id, table: table.name, status: 'normal', rows },
  tablePartition: dynamic ? '' : specText(table, values),
});

const upsertInfo = ({ id, table, values, status, rows }: UpsertSession): SessionInfo => ({
  ...{ kind: 'upsert', id, table: table.name, tablePartition: specText(table, values), status, rows },
});

/** What a fault makes of the session that a call names, or of all open ones of a call that makes one. */
export function forceSession(core: SessionsOf, query: ReadonlyMap<string, string>, state: FaultState): void {
  if (query.has('downloadid')) core.downloads.force(query.get('downloadid'), downloadState(state));
  else if (query.has('downloads')) core.downloads.force(undefined, downloadState(state));
  else if (query.has('upsertid') || query.has('slotnum'))
    core.upserts.force(query.get('upsertid'), upsertState(state));
  else if (core.streams.get(query.get('uploadid') ?? '')) core.streams.remove(query.get('uploadid') ?? '');
  else core.sessions.force(query.get('uploadid'), state);
}

/** Clients know one word for a download that ended (requests 12). */
const downloadState = (state: FaultState): 'expired' | 'gone' => (state === 'gone' ? state : 'expired');

const upsertState = (state: FaultState): 'expired' | 'critical' | 'aborted' | 'gone' =>
  state === 'canceled' ? 'aborted' : state;

type FaultState = Extract<Fault, { action: 'session' }>['state'];

/**
 * Puts one session into a state, as the service might:
 *
 *   from normal, committing or closing   every state; `closed` makes its rows visible, `committing` and
 *                                        `closing` stay until the next word
 *   from closed                          `critical` and `gone`: the rows stay, nobody can read the outcome
 *   from the others                      `gone`
 *
 * The rest is refused: a committed session never expires, an expired one is never committed. An upsert says
 * `committed` for `closed` and `aborted` for `canceled`. A download is `normal` until it is `expired` or
 * `gone`, a stream until it is `gone`.
 */
export async function setSession(core: SessionsOf, id: string, state: string): Promise<void> {
  if (!isState(state)) throw new Refusal(400, 'InvalidArgument', `"${state}" is none of ${STATES.join(' ')}`);
  const download = core.downloads.get(id);
  if (download) return setDownload(core, download, state);
  const upsert = core.upserts.get(id);
  if (upsert) return setUpsert(core, upsert, state);
  return core.streams.get(id) ? setStream(core, id, state) : setUpload(core, id, state);
}

function setStream({ streams }: SessionsOf, id: string, state: ForcedState): void {
  if (state === 'gone') streams.remove(id);
  else if (state !== 'normal') throw impossible('Stream', { id, status: 'normal' }, state);
}

const impossible = (kind: string, { id, status }: { id: string; status: string }, state: string): Refusal =>
  new Refusal(409, 'InvalidStatusChange', `${kind} ${id} is ${status}: it cannot be ${state}.`);

async function setUpsert({ upserts }: SessionsOf, session: UpsertSession, state: ForcedState): Promise<void> {
  await session.commit?.catch(() => {});
  const { id, status } = session;
  if (status === 'normal' || status === 'committing') return decideUpsert(upserts, session, state);
  if (state === 'gone') return upserts.force(id, state);
  if (status === 'committed' && state === 'critical') session.status = state;
  else if (status !== state) throw impossible('Upsert', session, state);
}

async function decideUpsert(upserts: Upserts, session: UpsertSession, state: ForcedState): Promise<void> {
  session.status = 'normal';
  switch (state) {
    case 'normal':
      return;
    case 'committing':
    case 'closing':
      session.status = 'committing';
      return;
    case 'committed':
    case 'closed':
      return upserts.commit(session);
    default:
      upserts.force(session.id, state === 'canceled' ? 'aborted' : state);
  }
}

function setDownload({ downloads }: SessionsOf, { id, status }: Download, state: ForcedState): void {
  if (state === status) return;
  if (state === 'expired' || state === 'gone') downloads.force(id, state);
  else throw impossible('Download', { id, status }, state);
}

async function setUpload({ sessions }: SessionsOf, id: string, word: ForcedState): Promise<void> {
  const state = uploadState(word);
  const session = sessions.get(id);
  if (!session) throw new Refusal(404, 'NoSuchUpload', `The specified session id ${id} does not exist.`);
  await session.commit?.catch(() => {});
  const undecided = session.status === 'normal' || session.status === 'closing';
  if (undecided) return decide(sessions, session, state);
  if (state === 'gone') return sessions.force(id, 'gone');
  if (session.status === 'closed' && state === 'critical') session.status = 'critical';
  else if (session.status !== state) throw impossible('Upload', session, state);
}

/** The words of upserts mean the same. */
function uploadState(word: ForcedState): Exclude<ForcedState, 'committed' | 'aborted'> {
  if (word === 'committed') return 'closed';
  return word === 'aborted' ? 'canceled' : word;
}

async function decide(
  sessions: Sessions,
  session: Session,
  state: ReturnType<typeof uploadState>,
): Promise<void> {
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
