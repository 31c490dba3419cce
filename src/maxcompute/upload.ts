/** Upload sessions of one table: created, found again, filled, committed (protocol chapter 4). */
import { SinkError } from '../errors.ts';
import type { Column } from './answer.ts';
import { type Answer, type Call, few, requestIdOf } from './call.ts';
import type { Client } from './client.ts';
import { commitSession } from './commit.ts';
import { failureOf } from './error.ts';
import { blockDifference, readSession, type SessionState } from './session.ts';
import { askSession, type Place, placeQuery, sessionCall, tunnelCall } from './session-calls.ts';
import { addTablePartition } from './table-partitions.ts';
import { verifySession } from './verify.ts';

export interface TableUpload {
  /**
   * A new session for one table partition (`dt=20261121,hr=09`; empty for an unpartitioned table), which is
   * created when missing. An outage is not waited out here: after `callerAttempts` it throws
   * `maxcompute_over_quota`, `maxcompute_transient` or `maxcompute_unreachable` for the caller to ask again.
   */
  create(tablePartition: string, signal?: AbortSignal): Promise<UploadSession>;
  /**
   * A session found again by its id, of the same table and table partition. As another process may have
   * sent its commit already, `commit` of such a session never answers `session_lost`.
   */
  attach(id: string, tablePartition: string, signal?: AbortSignal): Promise<UploadSession>;
}

export interface UploadSession {
  readonly id: string;
  readonly tablePartition: string;
  /** In the order of the record format's column numbers. */
  readonly columns: readonly Column[];
  /** Most bytes of one value. */
  readonly maxFieldBytes: number;
  /** The quota that the session really uses. */
  readonly quota: string | null;
  /** Local time when it was created, or attached, ms. */
  readonly createdAt: number;
  /**
   * Stores one block: the joined pieces of `body`. After a failure the whole block is sent again under the
   * same id, which replaces it. Throws `session_lost` when the session is gone or not open; otherwise as
   * `create`.
   */
  putBlock(
    blockId: number,
    body: readonly Uint8Array[],
    encoding: 'deflate' | 'zstd' | null,
    signal?: AbortSignal,
  ): Promise<void>;
  /** The server's view: the status word in upper case, and block id to rows. */
  status(signal?: AbortSignal): Promise<{ status: string; blocks: ReadonlyMap<number, number | null> }>;
  /**
   * Looks once whether the session is open and holds exactly these blocks (id to rows); `verifySession` says
   * what it throws. A `commit` of the same blocks that follows does not look again.
   */
  verify(blocks: ReadonlyMap<number, number>, signal?: AbortSignal): Promise<void>;
  /** Makes exactly these blocks (id to rows) visible; `commitSession` says what it throws. */
  commit(blocks: ReadonlyMap<number, number>, signal?: AbortSignal): Promise<void>;
}

export interface UploadOptions {
  /** Whether `create` makes a missing table partition; false: that is an error. */
  readonly createTablePartitions: boolean;
}

export function openTableUpload(
  client: Client,
  table: string,
  { createTablePartitions: wanted }: UploadOptions = { createTablePartitions: true },
): TableUpload {
  // A project may refuse `create_partition`: then table partitions are made by SQL (protocol 3.7).
  const server: Server = { wanted, createsTablePartitions: wanted };
  return {
    create: (tablePartition, signal) => create({ client, table, tablePartition }, server, signal),
    attach: (id, tablePartition, signal) => attach({ client, table, tablePartition }, id, signal),
  };
}

interface Server {
  /** Whether missing table partitions are to be made at all. */
  readonly wanted: boolean;
  createsTablePartitions: boolean;
}

async function create(place: Place, server: Server, signal?: AbortSignal): Promise<UploadSession> {
  const { client, table, tablePartition } = place;
  try {
    return await requestSession(place, server, signal);
  } catch (error) {
    if (tablePartition === '' || !wantsTablePartition(error, server)) throw error;
    if (failureOf(error)?.reaction.action !== 'table_partition') server.createsTablePartitions = false;
    await addTablePartition(client, table, tablePartition, signal);
    return await requestSession(place, server, signal);
  }
}

/** Whether making the table partition by SQL can help: it is missing, or the parameter may be refused. */
function wantsTablePartition(error: unknown, { wanted, createsTablePartitions }: Server): boolean {
  if (!wanted) return false;
  const failure = failureOf(error);
  if (failure?.reaction.action === 'table_partition') return true;
  return createsTablePartitions && /^Invalid(Argument|Parameter|URI)$/.test(failure?.code ?? '');
}

async function requestSession(place: Place, server: Server, signal?: AbortSignal): Promise<UploadSession> {
  const { client, tablePartition } = place;
  const parameter =
    server.createsTablePartitions && tablePartition !== '' ? { create_partition: 'true' } : {};
  const call: Call = {
    ...tunnelCall(place, 'create an upload session', signal),
    method: 'POST',
    query: { uploads: null, ...parameter, ...placeQuery(place, client.options.quota) },
    patience: few(client.limits),
  };
  const { id, state } = await client.ask(call, (answer) => readCreated(call, answer));
  return openSession(place, id, state, 'no');
}

function readCreated(call: Call, answer: Answer): { id: string; state: SessionState } {
  if (answer.headers['odps-tunnel-date-transform'] === 'true') throw legacyDates(call, answer);
  const state = readSession(answer.text);
  if (state.id === null) throw new Error('no UploadID');
  return { id: state.id, state };
}

async function attach(place: Place, id: string, signal?: AbortSignal): Promise<UploadSession> {
  const { quota } = place.client.options;
  const call = sessionCall(place, { id, quota }, 'find the upload session', { getblockid: 'true' }, signal);
  const { state } = await askSession(place.client, call);
  return openSession(place, id, state, 'maybe');
}

function openSession(place: Place, id: string, state: SessionState, posted: 'no' | 'maybe'): UploadSession {
  const { client, tablePartition } = place;
  const quota = state.quota ?? client.options.quota;
  const call = (name: string, query: Record<string, string>, signal?: AbortSignal) =>
    sessionCall(place, { id, quota }, name, query, signal);
  const ask = (signal?: AbortSignal) => call('ask for the session status', { getblockid: 'true' }, signal);
  let verified: ReadonlyMap<number, number> | null = null;
  return {
    id,
    tablePartition,
    columns: state.columns,
    maxFieldBytes: state.maxFieldBytes,
    quota,
    createdAt: client.options.clock.now(),
    putBlock: async (blockId, body, encoding, signal) => {
      verified = null;
      const put = call('put a block', { blockid: String(blockId) }, signal);
      await client.request({ ...blockCall(put, blockId, body, encoding), patience: few(client.limits) });
    },
    status: async (signal) => {
      const { status, blocks } = (await askSession(client, ask(signal))).state;
      return { status, blocks };
    },
    verify: async (blocks, signal) => {
      const look = call('verify the upload session', { getblockid: 'true' });
      const ours = new Map(blocks);
      const difference = (theirs: SessionState['blocks']) => blockDifference(ours, theirs);
      await verifySession({ client, status: look, difference, signal });
      verified = ours;
    },
    commit: (blocks, signal) => {
      const post: Call = { ...call('commit the upload session', {}), method: 'POST' };
      const difference = (theirs: SessionState['blocks']) => blockDifference(blocks, theirs);
      const same = verified !== null && difference(verified) === null;
      return commitSession({ client, status: ask(), post, posted, verified: same, difference, signal });
    },
  };
}

function blockCall(call: Call, blockId: number, body: readonly Uint8Array[], encoding: string | null): Call {
  const coding = encoding === null ? {} : { 'Content-Encoding': encoding };
  return {
    ...call,
    about: `${call.about}, block ${blockId}`,
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream', ...coding },
    body,
  };
}

/** Protocol 5.6: only very old servers ask for it, and DATETIME would be shifted. */
function legacyDates(call: Call, answer: Answer): SinkError {
  return new SinkError(
    'maxcompute_refused',
    `${call.name} (${call.about}): the service asks for its legacy DATETIME transformation, which is not supported [request id ${requestIdOf(answer)}]`,
  );
}
