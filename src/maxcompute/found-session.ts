/** Upload sessions of which only place and id are known, as some process wrote them down before it ended. */
import { SinkError } from '../errors.ts';
import type { Call } from './call.ts';
import { few } from './call.ts';
import type { Client } from './client.ts';
import { commitSession } from './commit.ts';
import { failureOf } from './error.ts';
import { contentDifference, type SessionContent, type SessionState } from './session.ts';
import { askSession, type Place, sessionCall } from './session-calls.ts';
import { addTablePartition } from './table-partitions.ts';

export interface SessionPlace {
  /** May be another than the client's: the same endpoint is asked, with the same credentials. */
  readonly project: string;
  /** Null: two layers. */
  readonly schema: string | null;
  readonly table: string;
  readonly tablePartition: string;
  readonly id: string;
}

export interface FoundSession {
  /**
   * The status word in upper case; `GONE` when there is no such session: nobody can commit it any more;
   * `MISPLACED` when its table or table partition is missing, or another one now: either may come back. Throws
   * for the caller to ask again, or what no waiting mends.
   */
  status(signal?: AbortSignal): Promise<string>;
  /**
   * Makes the session's rows visible, or resolves because they are. The server must hold exactly `content`;
   * a table partition that was dropped meanwhile is made again. Throws as `commitSession`, never `session_lost`
   * for a session that is gone.
   */
  commit(content: SessionContent, signal?: AbortSignal): Promise<void>;
}

export function findSession(client: Client, { project, schema, table, ...at }: SessionPlace): FoundSession {
  const there: Client = { ...client, options: { ...client.options, project, schema } };
  const place: Place = { client: there, table, tablePartition: at.tablePartition };
  const session = { id: at.id, quota: client.options.quota };
  const call = (name: string, query: Record<string, string>, signal?: AbortSignal) =>
    sessionCall(place, session, name, query, signal);
  return {
    status: (signal) => askStatus(there, call('ask for the session status', { getblockid: 'false' }, signal)),
    commit: async (content, signal) => {
      const job = {
        ...{ client: there, posted: 'maybe' as const, verified: false, signal },
        status: call('ask for the session status', { getblockid: 'true' }),
        post: { ...call('commit the upload session', {}), method: 'POST' as const },
        difference: (theirs: SessionState['blocks']) => contentDifference(content, theirs),
      };
      await commitSession(job).catch(async (error) => {
        if (failureOf(error)?.reaction.action !== 'table_partition') throw error;
        await addTablePartition(there, table, at.tablePartition, signal);
        await commitSession(job);
      });
    },
  };
}

async function askStatus(client: Client, call: Call): Promise<string> {
  try {
    return (await askSession(client, { ...call, patience: few(client.limits) })).state.status;
  } catch (error) {
    if (failureOf(error)?.code === 'NoSuchUpload') return 'GONE';
    if (isMisplaced(error)) return 'MISPLACED';
    throw error;
  }
}

/** No such table partition, table or schema; or the name stands for another table now (protocol 10.2). */
function isMisplaced(error: unknown): boolean {
  if (!(error instanceof SinkError)) return false;
  const byCode = failureOf(error)?.code === 'InvalidResourceSpec';
  return byCode || error.code === 'session_lost' || error.code === 'table_missing';
}
