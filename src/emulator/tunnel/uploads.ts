import { Refusal } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import type { Destination } from '../model/destination.ts';
import { specText } from '../model/spec.ts';
import type { StagedBlock, Store } from '../store/store.ts';
import { MOST_ENDED } from './ended.ts';
import { newSessionId } from './session-id.ts';
import { createSessions, type Kind, type Session, type Sessions } from './sessions.ts';

interface Block {
  readonly staged: StagedBlock;
  readonly version: number;
  readonly createdAt: number;
}

/** What an upload is asked for: one table, or one table partition. */
export interface UploadPlan extends Destination {
  readonly overwrite: boolean;
  readonly quotaName: string;
}

/** One batch upload (protocol 4): its blocks become visible together. */
export interface Upload extends UploadPlan, Session {
  readonly blocks: Map<number, Block>;
  /** Block list of a committed upload, whose rows are gone to the table. */
  committedBlocks: readonly BlockInfo[];
}

export interface BlockInfo {
  readonly id: number;
  readonly rows: number;
  readonly createdAt: number;
}

/** Life of an upload, and how long the server remembers it altogether (protocol 4.5). */
const LIFE_MS = 24 * 3600_000;
const MEMORY_MS = 2 * LIFE_MS;
export const LAST_BLOCK_ID = 19_999;

interface UploadCounts {
  created: number;
  committed: number;
  blocks: number;
  rows: number;
}

export interface Uploads extends Sessions<Upload> {
  readonly counts: UploadCounts;
  create(plan: UploadPlan): Upload;
  addBlock(upload: Upload, id: number, staged: StagedBlock, version: number): Promise<void>;
  /** Forgets the block that came last: for fault control. */
  loseBlock(id: string | undefined): Promise<void>;
  /** A committed upload as the store kept it. */
  restore(saved: SavedUpload, table: Table): void;
}

export function createUploads(store: Store, now: () => number, most = MOST_ENDED): Uploads {
  const counts: UploadCounts = { created: 0, committed: 0, blocks: 0, rows: 0 };
  const sessions = createSessions(uploadKind(store, counts), now, most);

  function create(plan: UploadPlan): Upload {
    const createdAt = now();
    const id = newSessionId(createdAt);
    const upload: Upload = {
      ...plan,
      id,
      createdAt,
      state: 'normal',
      blocks: new Map(),
      committedBlocks: [],
    };
    sessions.add(upload);
    counts.created += 1;
    return upload;
  }

  async function addBlock(upload: Upload, id: number, staged: StagedBlock, version: number): Promise<void> {
    const former = upload.blocks.get(id);
    if (upload.state !== 'normal' || (former && former.version > version)) {
      await store.discard([staged]);
      sessions.checkOpen(upload);
      return;
    }
    upload.blocks.set(id, { staged, version, createdAt: now() });
    counts.blocks += 1;
    if (former) await store.discard([former.staged]);
  }

  async function loseBlock(id: string | undefined): Promise<void> {
    const blocks = sessions.get(id ?? '')?.blocks;
    const [last] = [...(blocks ?? [])].slice(-1);
    if (!last || !blocks?.delete(last[0])) return;
    await store.discard([last[1].staged]);
  }

  function restore({ id, values, createdAt, blocks }: SavedUpload, table: Table): void {
    const plan = { table, values, overwrite: false, quotaName: 'default' };
    const state = { state: 'committed', blocks: new Map(), committedBlocks: blocks } as const;
    sessions.add({ ...plan, id, createdAt, ...state });
  }

  return { ...sessions, counts, create, addBlock, loseBlock, restore };
}

function uploadKind(store: Store, counts: UploadCounts): Kind<Upload> {
  return {
    name: 'upload',
    words: {
      normal: 'normal',
      committing: 'closing',
      committed: 'closed',
      aborted: 'canceled',
      expired: 'expired',
      critical: 'critical',
    },
    freeCommittingWord: true,
    otherEnd: 'expired',
    closedText: ': session expired or already committed',
    notFound: (id) => new Refusal(404, 'NoSuchUpload', `The specified upload id ${id} does not exist.`),
    lifetime: ({ createdAt }) => ({ expires: createdAt + LIFE_MS, forgotten: createdAt + MEMORY_MS }),
    place: (upload) => ({
      table: upload.table.name,
      tablePartition: specText(upload.table, upload.values),
      rows: rowsOf(blockList(upload)),
    }),
    sizeOf: ({ committedBlocks }) => 1 + committedBlocks.length,
    release: (upload) => {
      const staged = stagedOf(upload);
      upload.blocks.clear();
      void store.discard(staged).catch(() => {});
    },
    write: async (upload) => {
      const { id, table, values, overwrite } = upload;
      const session = { id, json: saved(upload) };
      await store.commit({ table, values, blocks: stagedOf(upload), overwrite, session });
    },
    written: (upload) => {
      upload.committedBlocks = listed(upload);
      upload.blocks.clear();
      counts.rows += rowsOf(upload.committedBlocks);
      counts.committed += 1;
    },
  };
}

const stagedOf = ({ blocks }: Upload): StagedBlock[] => [...blocks.values()].map(({ staged }) => staged);
const rowsOf = (blocks: readonly BlockInfo[]): number => blocks.reduce((sum, { rows }) => sum + rows, 0);

/** Blocks by id, also those of a committed upload. */
export const blockList = (upload: Upload): readonly BlockInfo[] =>
  upload.state === 'committed' ? upload.committedBlocks : listed(upload);

const listed = ({ blocks }: Upload): BlockInfo[] =>
  [...blocks]
    .map(([id, { staged, createdAt }]) => ({ id, rows: staged.rows, createdAt }))
    .sort((a, b) => a.id - b.id);

/** A committed upload as it is kept beside its rows. */
export interface SavedUpload {
  /** Named by other kinds of sessions. */
  readonly kind?: undefined;
  readonly id: string;
  readonly tableId: string;
  readonly values: readonly string[];
  readonly createdAt: number;
  readonly blocks: readonly BlockInfo[];
}

function saved(upload: Upload): string {
  const { id, table, values, createdAt } = upload;
  const content: SavedUpload = { id, tableId: table.id, values, createdAt, blocks: listed(upload) };
  return JSON.stringify(content);
}
