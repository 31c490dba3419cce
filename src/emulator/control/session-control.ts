import type { Core } from '../core.ts';
import { Refusal } from '../errors.ts';
import { STATE_WORDS, type StateWord } from '../tunnel/session-states.ts';
import type { ControlledSessions, SessionInfo } from '../tunnel/sessions.ts';
import type { Fault, RouteName } from './control.ts';

type SessionsOf = Pick<Core, 'uploads' | 'downloads' | 'streams' | 'upserts'>;

const kindsOf = ({ uploads, downloads, streams, upserts }: SessionsOf): readonly ControlledSessions[] => [
  uploads,
  downloads,
  streams,
  upserts,
];

/** Sessions of all kinds that are remembered, oldest first within each kind. */
export const listSessions = (core: SessionsOf): SessionInfo[] =>
  kindsOf(core).flatMap((sessions) => sessions.infos());

/** What a session is, of whatever kind. */
export const sessionInfo = (core: SessionsOf, id: string): SessionInfo | undefined =>
  listSessions(core).find((session) => session.id === id);

type FaultWord = Extract<Fault, { action: 'session' }>['state'];

/** What a fault makes of the session that a call names, or of all open ones of the kind that the call is about. */
export function forceSession(
  core: SessionsOf,
  route: RouteName,
  query: ReadonlyMap<string, string>,
  word: FaultWord,
): void {
  if (route.startsWith('download_')) core.downloads.endBy(query.get('downloadid'), word);
  else if (route.startsWith('upsert_')) core.upserts.endBy(query.get('upsertid'), word);
  else if (route.startsWith('stream_')) core.streams.endBy(query.get('uploadid'), word);
  else core.uploads.endBy(query.get('uploadid'), word);
}

/**
 * Puts one session into a state, as the service might, in the words of any kind: `closed` makes the rows visible,
 * `committing` and `closing` stay until the next word. What the service would never make of a session is refused
 * (`session-states.ts`), and so is a state that its kind does not have: a download is `normal` until it is `expired`
 * or `gone`, a stream until it is `gone`.
 */
export async function setSession(core: SessionsOf, id: string, word: string): Promise<void> {
  if (!isWord(word))
    throw new Refusal(400, 'InvalidArgument', `"${word}" is none of ${STATE_WORDS.join(' ')}`);
  const sessions = kindsOf(core).find((kind) => kind.has(id));
  if (!sessions) throw new Refusal(404, 'NoSuchUpload', `The specified session id ${id} does not exist.`);
  await sessions.set(id, word);
}

const isWord = (word: string): word is StateWord => STATE_WORDS.includes(word);
