import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder, syncFolder } from '../deadletter/folder.ts';
import { SinkError } from '../errors.ts';
import type { IntentSession, TableName } from '../ledger/intent.ts';
import { createLetterIds, type LetterIds, type LetterPlace, parseLetterId } from './letter-ids.ts';

/** Sessions that carry letters into the table, as they were when all their blocks were there. */
export interface ReplayIntent {
  readonly batch: string;
  /** ms. */
  readonly at: number;
  readonly to: TableName;
  readonly sessions: readonly IntentSession[];
}

/**
 * Which letters are in the table by a replay: a folder with one file for each batch of letters, named by what is known of it.
 *
 *   <batch>.pending   synced before the first session is committed; the next replay settles it
 *   <batch>.jsonl     the sessions are committed
 *   <batch>.unclear   what became of some sessions is not known: its letters are never replayed by themselves
 *
 * The first line is the intent, each further one the id of a letter. One process at a time has the folder.
 */
export interface Journal {
  /** Those that other runs have left. */
  readonly pending: readonly ReplayIntent[];
  intend(intent: ReplayIntent, ids: readonly string[]): Promise<void>;
  done(batch: string): Promise<void>;
  unknown(batch: string): Promise<void>;
  /** Nothing of it can ever appear; its letters are not known as replayed at the next opening. */
  drop(batch: string): Promise<void>;
  close(): Promise<void>;
}

/** Reads what other runs have left, and takes the folder. Throws `usage` while another process has it. */
export async function openJournal(folder: string, now: number): Promise<Journal> {
  await guarded(folder, () => makeFolder(folder));
  const lock = await takeLock(folder, now);
  const { pending } = await readJournal(folder);
  const path = (batch: string, ending: string) => join(folder, `${batch}.${ending}`);
  const become = (batch: string, ending: string) =>
    guarded(folder, async () => {
      await rename(path(batch, 'pending'), path(batch, ending));
      await syncFolder(folder);
    });
  return {
    pending,
    intend: (intent, ids) =>
      guarded(folder, async () => {
        const lines = [JSON.stringify({ version: 1, ...intent }), ...ids.map((id) => JSON.stringify(id))];
        await writeDurably(path(intent.batch, 'tmp'), `${lines.join('\n')}\n`);
        await rename(path(intent.batch, 'tmp'), path(intent.batch, 'pending'));
        await syncFolder(folder);
      }),
    done: (batch) => become(batch, 'jsonl'),
    unknown: (batch) => become(batch, 'unclear'),
    drop: (batch) =>
      guarded(folder, async () => {
        await rm(path(batch, 'pending'));
        await syncFolder(folder);
      }),
    close: () => rm(lock, { force: true }),
  };
}

export interface JournalContent {
  /** In the table, about to be, or unclear. */
  readonly replayed: LetterIds;
  readonly pending: readonly ReplayIntent[];
  readonly unclear: readonly ReplayIntent[];
}

/** Without taking the folder, which need not be there. */
export async function readJournal(folder: string): Promise<JournalContent> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unusable(folder, error);
  });
  const replayed = createLetterIds();
  const [pending, unclear]: [ReplayIntent[], ReplayIntent[]] = [[], []];
  for (const name of names.sort()) {
    const [, ending] = /\.(pending|jsonl|unclear)$/.exec(name) ?? [];
    if (ending === undefined) continue;
    const { intent, places } = await guarded(folder, () => readEntry(join(folder, name)));
    for (const place of places) replayed.add(place);
    if (ending === 'pending') pending.push(intent);
    if (ending === 'unclear') unclear.push(intent);
  }
  return { replayed, pending, unclear };
}

async function readEntry(path: string): Promise<{ intent: ReplayIntent; places: LetterPlace[] }> {
  const [head = '', ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const { version, ...intent } = JSON.parse(head) as ReplayIntent & { version: unknown };
  if (version !== 1) throw new Error(`${path} is of version ${String(version)}, known is 1`);
  return { intent, places: lines.map((line) => placeOf(path, line)) };
}

function placeOf(path: string, line: string): LetterPlace {
  const place = parseLetterId(JSON.parse(line) as string);
  if (place) return place;
  throw new Error(`${path} has a line that names no letter: ${line.slice(0, 100)}`);
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o640);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

interface Holder {
  readonly host: string;
  readonly pid: number;
}

/** First ours, then a look at the others: of two that come at once none can miss the other. */
async function takeLock(folder: string, now: number): Promise<string> {
  const own = join(folder, `${randomUUID()}.lock`);
  const holder = { host: hostname(), pid: process.pid, since: new Date(now).toISOString() };
  await guarded(folder, () => writeFile(own, JSON.stringify(holder), { flag: 'wx' }));
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!name.endsWith('.lock') || path === own) continue;
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) continue;
    if (isGone(text)) {
      await rm(path, { force: true });
      continue;
    }
    await rm(own, { force: true });
    throw new SinkError('usage', `another replay has the journal: ${text}; if it is gone, remove ${path}`);
  }
  return own;
}

/** Of another host nothing is known. A number like our own was that of a process before us, as in containers. */
function isGone(text: string): boolean {
  let holder: Holder;
  try {
    holder = JSON.parse(text) as Holder;
  } catch {
    return false; // being written
  }
  if (holder.host !== hostname()) return false;
  if (holder.pid === process.pid) return true;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function guarded<T>(folder: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof SinkError) throw error;
    throw unusable(folder, error);
  }
}

const unusable = (folder: string, error: unknown): SinkError =>
  new SinkError('usage', `the journal in ${folder} cannot be used: ${(error as Error).message}`, error);
