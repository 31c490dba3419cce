/** The calls that all uses of an upload session share. */
import type { Answer, Call } from './call.ts';
import type { Client } from './client.ts';
import { readSession, type SessionState } from './session.ts';
import { parseTablePartition } from './table-partitions.ts';
import { tableName, tunnelTable } from './wire.ts';

/** Where an upload goes. */
export interface Place {
  readonly client: Client;
  readonly table: string;
  readonly tablePartition: string;
}

/** A call of the tunnel about this table; it lacks its query. */
export function tunnelCall(
  { client, table, tablePartition }: Place,
  name: string,
  signal?: AbortSignal,
): Call {
  const full = tableName(client.options, table);
  return {
    name,
    about: tablePartition === '' ? full : `${full}, table partition ${tablePartition}`,
    to: 'tunnel',
    method: 'GET',
    resource: tunnelTable(client.options, table),
    signal,
  };
}

/** Sent with every call of a session (protocol 1.4). Throws on a table partition that cannot be addressed. */
export function placeQuery({ client, tablePartition }: Place, quota: string | null): Record<string, string> {
  parseTablePartition(tablePartition);
  return {
    curr_project: client.options.project,
    ...(tablePartition === '' ? {} : { partition: tablePartition }),
    ...(quota === null ? {} : { quotaName: quota }),
  };
}

/** Any call on a session; `query` is added to what all of them carry. */
export function sessionCall(
  place: Place,
  session: { readonly id: string; readonly quota: string | null },
  name: string,
  query: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Call {
  const call = tunnelCall(place, name, signal);
  return {
    ...call,
    about: `${call.about}, session ${session.id}`,
    query: { uploadid: session.id, ...query, ...placeQuery(place, session.quota) },
  };
}

/** Sends a call whose answer is a session. */
export async function askSession(
  client: Client,
  call: Call,
): Promise<{ state: SessionState; answer: Answer }> {
  return client.ask(call, (answer) => ({ state: readSession(answer.text), answer }));
}
