import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '../limits.ts';
import type { TopicPartition } from '../source/source.ts';
import { syncFolder } from './folder.ts';
import { type LeftContent, type LetterSpan, readLeft } from './left-file.ts';

/** Whose files they are: two pipelines may share a folder, and never touch each other's. */
export interface Owner {
  /** Consumer group. */
  readonly group: string;
  readonly host: string;
  /** Process id. */
  readonly pid: number;
}

/** What the names of an owner's files begin with. */
export const ownerName = ({ group, host, pid }: Owner): string => `${groupMark(group)}-${host}-${pid}`;

/** What the names of all files of a consumer group begin with. */
export const groupMark = (group: string): string =>
  createHash('sha256').update(group).digest('hex').slice(0, 8);

const OPEN_FILE = /^([0-9a-f]{8})-(.+)-(\d+)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\.sealed)?\.open$/;

/** What the group has committed for one topic partition. */
export interface Committed extends TopicPartition {
  readonly offset: number;
  /** Batch of the intent that stands there; null: none. */
  readonly batch: string | null;
}

export interface LeftOptions {
  readonly folder: string;
  readonly owner: Owner;
  /** What this process knows of a batch: its file may still grow, or it was closed; null: it is of another start. */
  fateOf(batch: string): 'open' | 'left' | null;
  /** Offsets and intents of any topic partitions of the group; those without an offset are left out. */
  committed(list: readonly TopicPartition[]): Promise<readonly Committed[]>;
  readonly now: number;
}

/** Names of files. */
export interface LeftOutcome {
  /** Renamed: their letters count. */
  readonly counted: readonly string[];
  readonly removed: readonly string[];
  /** To be looked at another time. */
  readonly undecided: readonly string[];
}

/**
 * What becomes of a file that nobody will finish. `below`: every letter lies below the committed offset of its
 * topic partition, `above`: none does. The first line that applies counts.
 *
 * name, lines, intent, offsets                | decision
 * never sealed                                | remove: its batch had no intent, its records are read again
 * sealed, a line that is no whole letter      | wait: it is not ours to touch
 * sealed, an intent of the batch stands       | wait: recovery settles it, and calls `settled` when it is done
 * sealed, below                               | count: its batch is done, or its records were rejected again
 *                                             |   since, and readers merge the letters by id
 * sealed, above                               | remove: its batch was not done, its records are read again
 * sealed, some below; or an offset is unknown | wait
 */
export function decideLeft(
  content: LeftContent | null,
  committed: ReadonlyMap<string, Committed>,
  batch: string,
): 'count' | 'remove' | 'wait' {
  if (content === null) return 'remove';
  const { spans, isWhole } = content;
  const offsets = spans.map((span) => committed.get(keyOf(span)));
  if (!isWhole || offsets.some((one) => one?.batch === batch)) return 'wait';
  const every = (test: (span: LetterSpan, offset: number) => boolean) =>
    spans.every((span, i) => offsets[i] !== undefined && test(span, offsets[i].offset));
  if (every(({ last }, offset) => last < offset)) return 'count';
  return every(({ first }, offset) => first >= offset) ? 'remove' : 'wait';
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`;

/**
 * Settles the `.open` files of the group's batches that nobody will finish, by the table above: whoever had left
 * them, as far as he can be taken for gone. Several processes may do so at once: a file that another one has
 * settled meanwhile is passed over, and so is one that cannot be read or changed. Throws only what `committed` throws.
 */
export async function settleLeft(options: LeftOptions): Promise<LeftOutcome> {
  const files = await findLeft(options);
  const spans = files.flatMap(({ content }) => content?.spans ?? []);
  const wanted = new Map(spans.map((span) => [keyOf(span), span]));
  const list = [...wanted.values()].map(({ topic, partition }) => ({ topic, partition }));
  const known = list.length === 0 ? [] : await options.committed(list);
  const committed = new Map(known.map((one) => [keyOf(one), one]));
  const outcome = { counted: [] as string[], removed: [] as string[], undecided: [] as string[] };
  for (const file of files) {
    const done = await carryOut(options.folder, file, decideLeft(file.content, committed, file.batch));
    outcome[done].push(file.name);
  }
  if (outcome.counted.length > 0) await syncFolder(options.folder);
  return outcome;
}

interface LeftFile {
  readonly name: string;
  readonly batch: string;
  /** Null: it was never sealed. */
  readonly content: LeftContent | null;
  /** Its owner is gone so surely that his letters may be removed. */
  readonly removable: boolean;
}

async function findLeft(options: LeftOptions): Promise<LeftFile[]> {
  const found: LeftFile[] = [];
  const entries = await readdir(options.folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const [name, mark, host, pid, batch, sealed] = OPEN_FILE.exec(entry.name) ?? [];
    if (!entry.isFile() || !name || !batch || mark !== groupMark(options.owner.group)) continue;
    const path = join(options.folder, name);
    const { gone, removable } = await fateOf(options, { path, host: host!, pid: Number(pid), batch });
    if (!gone) continue;
    const content = sealed ? await readLeft(path).catch(() => UNREADABLE) : null;
    found.push({ name, batch, content, removable });
  }
  return found;
}

const UNREADABLE: LeftContent = { spans: [], isWhole: false };

/**
 * Whether the owner is gone. Of a process on this host the system knows; one with our own number had it before
 * us, as in containers. Another host's files only tell how long ago they were written: a living owner dates his now
 * and then (`touch`), however long his batch waits. Nothing is removed that
 * was written a short while ago: the same host name may be that of another kernel, and an intent without an
 * answer may still appear. Should an owner live after all: he finds his file gone before the offset moves.
 */
async function fateOf(
  { owner, now, ...options }: LeftOptions,
  file: { readonly path: string; readonly host: string; readonly pid: number; readonly batch: string },
): Promise<{ gone: boolean; removable: boolean }> {
  const fate = options.fateOf(file.batch);
  const written = (await stat(file.path).catch(() => null))?.mtimeMs ?? now;
  const quiet = now - written >= LIMITS.staleLettersMs;
  const here = () => file.pid === owner.pid || !isAlive(file.pid);
  const gone = fate !== null ? fate === 'left' : file.host === owner.host ? here() : quiet;
  return { gone, removable: gone && quiet };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function carryOut(
  folder: string,
  { name, removable }: LeftFile,
  decision: 'count' | 'remove' | 'wait',
): Promise<keyof LeftOutcome> {
  if (decision === 'wait' || (decision === 'remove' && !removable)) return 'undecided';
  const path = join(folder, name);
  try {
    if (decision === 'count') await rename(path, countedPath(path));
    else await rm(path);
    return decision === 'count' ? 'counted' : 'removed';
  } catch {
    return 'undecided';
  }
}

/** The name that readers look for. */
export const countedPath = (path: string): string => path.replace(/(\.sealed)?\.open$/, '.jsonl');
