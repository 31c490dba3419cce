import { Refusal } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import type { Destination } from '../model/destination.ts';
import type { StagedBlock, Store } from '../store/store.ts';
import { newSessionId } from './session-id.ts';
import { checkDestination } from './target.ts';

export type SessionStatus = 'normal' | 'closing' | 'closed' | 'canceled' | 'expired' | 'critical';

export interface Block {
  readonly staged: StagedBlock;
  readonly version: number;
  readonly createdAt: number;
}

/** What an upload is asked for: one table, or one table partition. */
export interface UploadPlan extends Destination {
  readonly overwrite: boolean;
  readonly quotaName: string;
}

export interface Session extends UploadPlan {
  readonly id: string;
  readonly createdAt: number;
  status: SessionStatus;
  /** What is said in place of `closing`. */
  closingWord: string;
  readonly blocks: Map<number, Block>;
  /** Block list of a closed session, whose rows are gone to the table. */
  closedBlocks: readonly ClosedBlock[];
  /** The commit that runs, for those who ask again meanwhile. */
  commit: Promise<void> | undefined;
}

export interface ClosedBlock {
  readonly id: number;
  readonly rows: number;
  readonly createdAt: number;
}

/** Life of a session, and how long the server remembers it afterwards. */
const SESSION_LIFE_MS = 24 * 3600_000;
const MEMORY_MS = 2 * SESSION_LIFE_MS;
export const LAST_BLOCK_ID = 19_999;

export interface SessionCounts {
  created: number;
  committed: number;
  blocks: number;
  rows: number;
}

export interface Sessions {
  readonly counts: SessionCounts;
  create(plan: UploadPlan): Session;
  /** The session, its expiry considered; throws NoSuchUpload, or InvalidResourceSpec for another resource. */
  find(id: string, table: Table, values: readonly string[]): Session;
  /** All that are remembered, oldest first, and one of them: for fault control. */
  list(): Session[];
  get(id: string): Session | undefined;
  /** Refuses unless blocks may be written: before the body is read, and again when it is complete. */
  checkWritable(session: Session): void;
  addBlock(session: Session, id: number, staged: StagedBlock, version: number): Promise<void>;
  /** Commits once however often it is asked; answers when the rows are visible. */
  commit(session: Session): Promise<void>;
  /** Puts a session (or all open ones) into another state: for fault control. */
  force(id: string | undefined, state: SessionStatus | 'gone'): void;
  /** Forgets the block that came last: for fault control. */
  loseBlock(id: string | undefined): Promise<void>;
  restore(saved: readonly string[], tables: readonly Table[]): void;
  openCount(): number;
}

export function createSessions(store: Store, now: () => number): Sessions {
  const sessions = new Map<string, Session>();
  const counts: SessionCounts = { created: 0, committed: 0, blocks: 0, rows: 0 };

  function create(plan: UploadPlan): Session {
    forgetOld();
    const id = newSessionId(now());
    const state = { status: 'normal' as const, closingWord: 'closing', closedBlocks: [], commit: undefined };
    const session: Session = { ...plan, id, createdAt: now(), ...state, blocks: new Map() };
    sessions.set(id, session);
    counts.created += 1;
    return session;
  }

  function find(id: string, table: Table, values: readonly string[]): Session {
    forgetOld();
    const session = sessions.get(id);
    if (!session) throw new Refusal(404, 'NoSuchUpload', `The specified upload id ${id} does not exist.`);
    checkDestination('Upload', id, session, table, values);
    return session;
  }

  function checkWritable(session: Session): void {
    if (session.status === 'normal') return;
    const text = `Upload ${session.id} is ${session.status}: session expired or already committed.`;
    throw new Refusal(400, 'StatusConflict', text);
  }

  async function addBlock(session: Session, id: number, staged: StagedBlock, version: number): Promise<void> {
    const former = session.blocks.get(id);
    if (session.status !== 'normal' || (former && former.version > version)) {
      await store.discard([staged]);
      checkWritable(session);
      return;
    }
    session.blocks.set(id, { staged, version, createdAt: now() });
    counts.blocks += 1;
    if (former) await store.discard([former.staged]);
  }

  async function commit(session: Session): Promise<void> {
    if (session.status === 'closed') return;
    if (!session.commit) {
      checkWritable(session);
      session.status = 'closing';
      session.commit = commitRows(session).finally(() => {
        session.commit = undefined;
      });
    }
    await session.commit;
  }

  async function commitRows(session: Session): Promise<void> {
    const blocks = blockList(session);
    const staged = [...session.blocks.values()].map((block) => block.staged);
    const { table, values, overwrite } = session;
    try {
      const json = saved(session, blocks);
      await store.commit({ table, values, blocks: staged, overwrite, session: { id: session.id, json } });
    } catch (error) {
      session.status = 'normal';
      throw error;
    }
    counts.rows += blocks.reduce((sum, block) => sum + block.rows, 0);
    session.status = 'closed';
    session.closedBlocks = blocks;
    session.blocks.clear();
    counts.committed += 1;
  }

  function drop(session: Session, status: SessionStatus): void {
    session.status = status;
    const staged = [...session.blocks.values()].map((block) => block.staged);
    session.blocks.clear();
    void store.discard(staged).catch(() => {});
  }

  function force(id: string | undefined, state: SessionStatus | 'gone'): void {
    const chosen = id === undefined ? [...sessions.values()] : [sessions.get(id)];
    for (const session of chosen) {
      if (!session || (id === undefined && !isOpen(session))) continue;
      if (isOpen(session)) drop(session, state === 'gone' ? 'canceled' : state);
      if (state === 'gone') sessions.delete(session.id);
    }
  }

  async function loseBlock(id: string | undefined): Promise<void> {
    const blocks = sessions.get(id ?? '')?.blocks;
    const [last] = [...(blocks ?? [])].slice(-1);
    if (!last || !blocks?.delete(last[0])) return;
    await store.discard([last[1].staged]);
  }

  function forgetOld(): void {
    for (const session of sessions.values()) {
      const age = now() - session.createdAt;
      if (age < SESSION_LIFE_MS) return;
      if (isOpen(session)) drop(session, 'expired');
      if (age >= MEMORY_MS) sessions.delete(session.id);
    }
  }

  function restore(texts: readonly string[], tables: readonly Table[]): void {
    const byId = new Map(tables.map((table) => [table.id, table]));
    for (const text of texts) {
      const { kind, id, tableId, values, createdAt, blocks } = JSON.parse(text) as SavedSession;
      const table = byId.get(tableId);
      if (kind || !table) continue;
      const closed = {
        overwrite: false,
        quotaName: 'default',
        status: 'closed' as const,
        closingWord: 'closing',
        blocks: new Map<number, Block>(),
      };
      sessions.set(id, { id, table, values, createdAt, ...closed, closedBlocks: blocks, commit: undefined });
    }
  }

  const list = () => [...sessions.values()];
  const get = (id: string) => sessions.get(id);
  const openCount = () => list().filter(isOpen).length;
  const calls = { create, find, list, get, checkWritable, addBlock, commit, force, loseBlock, restore };
  return { counts, ...calls, openCount };
}

const isOpen = (session: Session): boolean => session.status === 'normal';

/** Blocks by id, also those of a closed session. */
export function blockList(session: Session): readonly ClosedBlock[] {
  if (session.status === 'closed') return session.closedBlocks;
  return [...session.blocks]
    .map(([id, block]) => ({ id, rows: block.staged.rows, createdAt: block.createdAt }))
    .sort((a, b) => a.id - b.id);
}

interface SavedSession {
  /** Of other kinds of sessions. */
  readonly kind?: string;
  readonly id: string;
  readonly tableId: string;
  readonly values: readonly string[];
  readonly createdAt: number;
  readonly blocks: readonly ClosedBlock[];
}

function saved(session: Session, blocks: readonly ClosedBlock[]): string {
  const { id, table, values, createdAt } = session;
  const content: SavedSession = { id, tableId: table.id, values, createdAt, blocks };
  return JSON.stringify(content);
}
