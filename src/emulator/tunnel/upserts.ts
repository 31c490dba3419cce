import { Refusal } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import type { Destination } from '../model/destination.ts';
import { specText } from '../model/spec.ts';
import type { StagedBlock, Store } from '../store/store.ts';
import type { HasherName } from './bucket-hash.ts';
import { newSessionId } from './session-id.ts';
import { createSessions, type Kind, type Session, type Sessions } from './sessions.ts';

export interface UpsertPlan extends Destination {
  readonly buckets: number;
  readonly slots: number;
  readonly hasher: HasherName;
  readonly partialUpdate: boolean;
  readonly lifeMs: number;
  readonly quotaName: string;
}

/** One upsert session (protocol 9): its packs become visible together. */
export interface Upsert extends UpsertPlan, Session {
  /** In the order in which they came: rows of one key are all in one bucket, whose packs come in order. */
  readonly packs: StagedBlock[];
  /** Records received. */
  rows: number;
}

type UpsertCounts = Record<'created' | 'committed' | 'packs' | 'rows', number>;

export interface Upserts extends Sessions<Upsert> {
  readonly counts: UpsertCounts;
  create(plan: UpsertPlan): Upsert;
  addPack(upsert: Upsert, pack: StagedBlock): Promise<void>;
  /** Ends an open session, after the commit that runs; a committed one is refused. */
  abort(upsert: Upsert): Promise<void>;
  /** Forgets the pack that came last: for fault control. */
  losePack(id: string | undefined): Promise<void>;
  /** A committed session as the store kept it. */
  restore(saved: SavedUpsert, table: Table): void;
}

/** How long a session is remembered after its life, so that its outcome can be asked for. */
const MEMORY_MS = 24 * 3600_000;

export function createUpserts(store: Store, now: () => number): Upserts {
  const counts: UpsertCounts = { created: 0, committed: 0, packs: 0, rows: 0 };
  const sessions = createSessions(upsertKind(store, counts), now);

  function create(plan: UpsertPlan): Upsert {
    const time = now();
    const upsert: Upsert = {
      ...plan,
      id: newSessionId(time),
      createdAt: time,
      state: 'normal',
      packs: [],
      rows: 0,
    };
    sessions.add(upsert);
    counts.created += 1;
    return upsert;
  }

  async function addPack(upsert: Upsert, pack: StagedBlock): Promise<void> {
    if (upsert.state !== 'normal') await store.discard([pack]);
    sessions.checkOpen(upsert);
    upsert.packs.push(pack);
    upsert.rows += pack.rows;
    counts.packs += 1;
  }

  async function abort(upsert: Upsert): Promise<void> {
    await upsert.running?.catch(() => {});
    if (upsert.state === 'aborted') return;
    sessions.checkOpen(upsert);
    sessions.end(upsert, 'aborted');
  }

  async function losePack(id: string | undefined): Promise<void> {
    const lost = sessions.get(id ?? '')?.packs.pop();
    if (lost) await store.discard([lost]);
  }

  function restore({ kind: _kind, tableId: _id, ...plan }: SavedUpsert, table: Table): void {
    sessions.add({ ...plan, table, state: 'committed', packs: [] });
  }

  return { ...sessions, counts, create, addPack, abort, losePack, restore };
}

/** Words that both clients know (protocol 9.1). */
const WORDS = {
  normal: 'normal',
  committing: 'committing',
  committed: 'committed',
  aborted: 'aborted',
  expired: 'expired',
  critical: 'critical',
};

function upsertKind(store: Store, counts: UpsertCounts): Kind<Upsert> {
  return {
    name: 'upsert',
    words: WORDS,
    otherEnd: 'expired',
    closedText: ': it takes no rows and no commit',
    notFound: (id) => new Refusal(404, 'UpsertSessionNotFound', `There is no upsert session ${id}.`),
    lifetime: ({ createdAt, lifeMs }) => ({
      expires: createdAt + lifeMs,
      forgotten: createdAt + lifeMs + MEMORY_MS,
    }),
    place: ({ table, values, rows }) => ({
      table: table.name,
      tablePartition: specText(table, values),
      rows,
    }),
    release: ({ packs }) => void store.discard(packs.splice(0)).catch(() => {}),
    write: async (upsert) => {
      const { id, table, values, packs } = upsert;
      await store.upsert({ table, values, packs, session: { id, json: saved(upsert) } });
    },
    written: ({ packs, rows }) => {
      packs.length = 0;
      counts.committed += 1;
      counts.rows += rows;
    },
  };
}

/** A committed session as it is kept beside its rows. */
export type SavedUpsert = Omit<Upsert, 'table' | 'packs' | Exclude<keyof Session, 'id' | 'createdAt'>> & {
  readonly kind: 'upsert';
  readonly tableId: string;
};

function saved(upsert: Upsert): string {
  const { table, packs: _packs, state: _state, running: _running, committingWord: _word, ...plan } = upsert;
  const content: SavedUpsert = { kind: 'upsert', tableId: table.id, ...plan };
  return JSON.stringify(content);
}
