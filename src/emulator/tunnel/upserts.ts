import { Refusal } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import type { Destination } from '../model/destination.ts';
import type { StagedBlock, Store } from '../store/store.ts';
import type { HasherName } from './bucket-hash.ts';
import { newSessionId } from './session-id.ts';

/** Words that both clients know (protocol 9.1). */
export const UPSERT_STATUSES = [
  ...(['normal', 'committing', 'committed'] as const),
  ...(['expired', 'critical', 'aborted'] as const),
];
export type UpsertStatus = (typeof UPSERT_STATUSES)[number];

export interface UpsertPlan extends Destination {
  readonly buckets: number;
  readonly slots: number;
  readonly hasher: HasherName;
  readonly partialUpdate: boolean;
  readonly lifeMs: number;
  readonly quotaName: string;
}

/** One upsert session (protocol 9): its packs become visible together. */
export interface UpsertSession extends UpsertPlan {
  readonly id: string;
  readonly createdAt: number;
  status: UpsertStatus;
  /** In the order in which they came: rows of one key are all in one bucket, whose packs come in order. */
  readonly packs: StagedBlock[];
  /** Records received. */
  rows: number;
  /** The commit that runs, for those who ask again meanwhile. */
  commit: Promise<void> | undefined;
}

export interface Upserts {
  readonly counts: { created: number; committed: number; packs: number; rows: number };
  create(plan: UpsertPlan): UpsertSession;
  /** The session, its expiry considered; throws UpsertSessionNotFound. */
  find(id: string): UpsertSession;
  get(id: string): UpsertSession | undefined;
  /** Refuses unless packs may be written: before the body is read, and again when it is complete. */
  checkWritable(session: UpsertSession): void;
  addPack(session: UpsertSession, pack: StagedBlock): Promise<void>;
  /** Commits once however often it is asked; answers when the rows are visible. */
  commit(session: UpsertSession): Promise<void>;
  /** Ends an open session; a committed one is refused. */
  abort(session: UpsertSession): Promise<void>;
  /** Puts a session (or all open ones) into another state: for fault control. */
  force(id: string | undefined, state: UpsertStatus | 'gone'): void;
  /** Forgets the pack that came last: for fault control. */
  losePack(id: string | undefined): Promise<void>;
  list(): readonly UpsertSession[];
  /** Committed sessions as the store kept them. */
  restore(saved: readonly string[], tables: readonly Table[]): void;
}

/** How long a session is remembered after its life, so that its outcome can be asked for. */
const MEMORY_MS = 24 * 3600_000;

export function createUpserts(store: Store, now: () => number): Upserts {
  const upserts = new Map<string, UpsertSession>();
  const counts = { created: 0, committed: 0, packs: 0, rows: 0 };

  function create(plan: UpsertPlan): UpsertSession {
    forgetOld();
    const time = now();
    const state = { status: 'normal' as const, packs: [], rows: 0, commit: undefined };
    const session: UpsertSession = { ...plan, id: newSessionId(time), createdAt: time, ...state };
    upserts.set(session.id, session);
    counts.created += 1;
    return session;
  }

  function forgetOld(): void {
    for (const session of upserts.values()) {
      const age = now() - session.createdAt;
      if (age >= session.lifeMs) expire(session);
      if (age >= session.lifeMs + MEMORY_MS) upserts.delete(session.id);
    }
  }

  function expire(session: UpsertSession): void {
    if (session.status === 'normal') drop(session, 'expired');
  }

  function drop(session: UpsertSession, status: UpsertStatus): void {
    session.status = status;
    void store.discard(session.packs.splice(0)).catch(() => {});
  }

  function find(id: string): UpsertSession {
    forgetOld();
    const session = upserts.get(id);
    if (session) return session;
    throw new Refusal(404, 'UpsertSessionNotFound', `There is no upsert session ${id}.`);
  }

  function checkWritable({ id, status }: UpsertSession): void {
    if (status === 'normal') return;
    throw new Refusal(400, 'StatusConflict', `Upsert ${id} is ${status}: it takes no rows and no commit.`);
  }

  async function addPack(session: UpsertSession, pack: StagedBlock): Promise<void> {
    if (session.status !== 'normal') await store.discard([pack]);
    checkWritable(session);
    session.packs.push(pack);
    session.rows += pack.rows;
    counts.packs += 1;
  }

  async function commit(session: UpsertSession): Promise<void> {
    if (session.status === 'committed') return;
    if (!session.commit) {
      checkWritable(session);
      session.status = 'committing';
      session.commit = commitRows(session).finally(() => {
        session.commit = undefined;
      });
    }
    await session.commit;
  }

  async function commitRows(session: UpsertSession): Promise<void> {
    const { table, values, packs, id } = session;
    try {
      await store.upsert({ table, values, packs, session: { id, json: saved(session) } });
    } catch (error) {
      session.status = 'normal';
      throw error;
    }
    session.status = 'committed';
    session.packs.length = 0;
    counts.committed += 1;
    counts.rows += session.rows;
  }

  async function abort(session: UpsertSession): Promise<void> {
    await session.commit?.catch(() => {});
    if (session.status === 'aborted') return;
    checkWritable(session);
    drop(session, 'aborted');
  }

  function force(id: string | undefined, state: UpsertStatus | 'gone'): void {
    const chosen = id === undefined ? list().filter(({ status }) => status === 'normal') : [upserts.get(id)];
    for (const session of chosen) {
      if (!session) continue;
      if (session.status === 'normal') drop(session, state === 'gone' ? 'aborted' : state);
      if (state === 'gone') upserts.delete(session.id);
    }
  }

  async function losePack(id: string | undefined): Promise<void> {
    const lost = upserts.get(id ?? '')?.packs.pop();
    if (lost) await store.discard([lost]);
  }

  function restore(texts: readonly string[], tables: readonly Table[]): void {
    for (const text of texts) {
      const { kind, tableId, ...plan } = JSON.parse(text) as Partial<SavedUpsert>;
      const table = tables.find((one) => one.id === tableId);
      if (kind !== 'upsert' || !table) continue;
      const state = { table, status: 'committed' as const, packs: [], commit: undefined };
      const session: UpsertSession = { ...(plan as Omit<SavedUpsert, 'kind' | 'tableId'>), ...state };
      upserts.set(session.id, session);
    }
  }

  const list = () => [...upserts.values()];
  const get = (id: string) => upserts.get(id);
  return { counts, create, find, get, checkWritable, addPack, commit, abort, force, losePack, list, restore };
}

/** A committed session as it is kept beside its rows. */
type SavedUpsert = Omit<UpsertSession, 'table' | 'status' | 'packs' | 'commit'> & {
  readonly kind: 'upsert';
  readonly tableId: string;
};

function saved({ table, status: _status, packs: _packs, commit: _commit, ...plan }: UpsertSession): string {
  const content: SavedUpsert = { kind: 'upsert', tableId: table.id, ...plan };
  return JSON.stringify(content);
}
