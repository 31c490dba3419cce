import type { Call, Core } from '../core.ts';
import type { Table } from '../model/catalog.ts';
import { checkUnchanged, type Destination } from '../model/destination.ts';
import type { Session, Sessions } from './sessions.ts';

/**
 * Commits the session of a call within the quotas of its table. With a `closing` fault the call is answered first,
 * and the rows become visible some time later.
 */
export async function commitOf<S extends Session & Destination>(
  core: Core,
  call: Call,
  sessions: Sessions<S>,
  session: S,
  table: Table,
): Promise<void> {
  if (session.running) return session.running;
  sessions.checkOpen(session);
  checkUnchanged(table, session, `${sessions.name} ${session.id}`);
  const leave = core.quotas.enterCommit(table);
  const { closing } = call;
  const work = closing ? sessions.commitLater(session, closing.ms, closing.word) : sessions.commit(session);
  const done = work.finally(leave);
  if (!closing) return done;
  done.catch(() => {});
}
