import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SinkError } from '../errors.ts';
import { type DeadLetter, deadLetterLine } from './dead-letter.ts';
import { makeFolder, syncFolder } from './folder.ts';
import { countedPath } from './left.ts';

/**
 * Dead letters as JSON lines in a folder, one file for each process and batch:
 *
 *   append       `<process>-<batch>.open` grows; nothing is kept in memory
 *   seal         synced, then `<process>-<batch>.sealed.open`: all letters are in it, durable before the intent
 *   acknowledge  renamed to `<process>-<batch>.jsonl`: now it counts
 *   abandon      removed: the batch's records are read again and rejected again; what is sealed is left
 *   leave        closed as it is: the batch's intent may stand in Kafka, whoever settles that decides
 *
 * Readers take `.jsonl` files and merge by `id`. Whatever fails is `dead_letter_unwritable`, and the batch's
 * file takes no more letters: its last line may be half a line.
 *
 * A letter counts exactly when its record is acknowledged, by this order: seal, intent, sessions committed,
 * acknowledge, offsets advance. Where a process dies, another one goes on:
 *
 *   before or in seal        the batch is never to be done: the records are read again, the file is removed
 *   seal .. intent           the same, unless the offsets pass the file first: then it counts, and merges
 *   intent .. acknowledge    recovery settles the intent. Done: it calls `settled`, which renames, before the
 *                            offsets advance. Never to be done: as above
 *   acknowledge .. advance   `settled` finds the name that counts; with at least once there is no intent, the
 *                            letters are written again, and merge
 *   after advance            nothing is left to do
 *
 * A batch of letters alone has no intent that holds it together: there the offsets advance first, since a record
 * may be accepted when it is read again. Nor does a recoverer on another host see the file. In both cases a
 * sealed file is left below the offsets, and `settleLeft` (left.ts) finds it: what lies below counts. So nobody
 * removes a sealed file who does not know the offsets: an advance without an answer may have moved them.
 */
export interface DeadLetterFolder {
  append(batch: string, letters: readonly DeadLetter[]): Promise<void>;
  seal(batch: string): Promise<void>;
  acknowledge(batch: string): Promise<void>;
  abandon(batch: string): Promise<void>;
  /** Closes the batch's file and leaves it as it is. */
  leave(batch: string): Promise<void>;
  /**
   * The batch is done: its letters count, whichever process of whichever host has written them. Nothing
   * happens when there are none, or when that was done before.
   */
  settled(batch: string): Promise<void>;
  /** Dates the files of batches that are not done: what nobody has written for long, others take for left. */
  touch(now: number): Promise<void>;
  /** Of this process's own batches; null: it has none of that name. */
  fateOf(batch: string): 'open' | 'left' | null;
  /** Closes what is open; the files stay as they are. */
  stop(): Promise<void>;
}

export interface DeadLetterFolderOptions {
  /** Created when missing, with everything above it. */
  readonly folder: string;
  /** Unlike every other start of every process that uses the folder: letters, digits, `.`, `_`, `-`. */
  readonly process: string;
}

interface BatchFile {
  path: string;
  sealed: boolean;
  readonly handle: FileHandle;
}

export async function openDeadLetterFolder(options: DeadLetterFolderOptions): Promise<DeadLetterFolder> {
  const folder = resolve(options.folder);
  const pathOf = (batch: string, ending: string) => join(folder, `${options.process}-${batch}.${ending}`);
  await guarded(folder, () => prepareFolder(folder, pathOf('probe', 'tmp')));

  const files = new Map<string, BatchFile>();
  const tails = new Map<string, Promise<void>>();
  const left = new Set<string>();
  /** Steps of one batch run one after the other; after a failed one all that follow fail likewise. */
  const inOrder = (batch: string, path: string, step: () => Promise<void>): Promise<void> => {
    const tail = (tails.get(batch) ?? Promise.resolve()).then(() => guarded(path, step));
    tail.catch(() => undefined);
    tails.set(batch, tail);
    return tail;
  };
  const forget = async (batch: string): Promise<void> => {
    const file = files.get(batch);
    files.delete(batch);
    await file?.handle.close();
  };

  const leave = async (batch: string): Promise<void> => {
    await tails.get(batch)?.catch(() => undefined);
    tails.delete(batch);
    left.add(batch);
    await forget(batch);
  };

  return {
    append: (batch, letters) =>
      inOrder(batch, pathOf(batch, 'open'), async () => {
        if (letters.length === 0) return;
        const file = files.get(batch) ?? (await createFile(pathOf(batch, 'open')));
        files.set(batch, file);
        await writeLines(file.handle, letters);
      }),
    seal: (batch) =>
      inOrder(batch, pathOf(batch, 'open'), async () => {
        const file = files.get(batch);
        if (file) await makeDurable(file, pathOf(batch, 'sealed.open'), folder);
      }),
    async acknowledge(batch) {
      await inOrder(batch, pathOf(batch, 'jsonl'), async () => {
        const file = files.get(batch);
        if (!file) return;
        await forget(batch);
        await count(file.path);
        await syncFolder(folder);
      });
      tails.delete(batch);
    },
    async abandon(batch) {
      await tails.get(batch)?.catch(() => undefined);
      if (files.get(batch)?.sealed) return leave(batch);
      tails.delete(batch);
      await guarded(pathOf(batch, 'open'), async () => {
        const file = files.get(batch);
        await forget(batch);
        if (file) await rm(file.path, { force: true });
      });
    },
    leave,
    async settled(batch) {
      await tails.get(batch)?.catch(() => undefined);
      tails.delete(batch);
      await guarded(join(folder, `*-${batch}.open`), async () => {
        await forget(batch);
        await countAll(folder, batch);
      });
      left.delete(batch);
    },
    async touch(now) {
      const seconds = now / 1000;
      await Promise.allSettled([...files.values()].map(({ handle }) => handle.utimes(seconds, seconds)));
    },
    fateOf: (batch) => (left.has(batch) ? 'left' : tails.has(batch) ? 'open' : null),
    async stop() {
      await Promise.allSettled(tails.values());
      for (const batch of [...files.keys()]) await forget(batch);
    },
  };
}

async function guarded<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof SinkError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new SinkError('dead_letter_unwritable', `dead letters cannot be written to ${path}: ${why}`, error);
  }
}

/** Whoever took this process for dead has recovered its batch: then the file has its name already. */
async function count(path: string): Promise<void> {
  await rename(path, countedPath(path)).catch(async (error: NodeJS.ErrnoException) => {
    const counts = error.code === 'ENOENT' && (await stat(countedPath(path)).catch(() => null));
    if (!counts) throw error;
  });
}

/** Renames what others may be renaming at the same time; synced also when they did. */
async function countAll(folder: string, batch: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(`-${batch}.sealed.open`) && !name.endsWith(`-${batch}.open`)) continue;
    const path = join(folder, name);
    await rename(path, countedPath(path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await syncFolder(folder);
}

/** The folder, and one file written, synced and removed in it. */
async function prepareFolder(folder: string, probe: string): Promise<void> {
  await makeFolder(folder);
  const handle = await open(probe, 'w');
  try {
    await handle.writeFile('probe\n');
    await handle.sync();
  } finally {
    await handle.close();
    await rm(probe, { force: true });
  }
}

async function createFile(path: string): Promise<BatchFile> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_APPEND } = constants;
  return { path, sealed: false, handle: await open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0o640) };
}

const WRITE_CHARS = 256 * 1024;

async function writeLines(handle: FileHandle, letters: readonly DeadLetter[]): Promise<void> {
  let text = '';
  for (const letter of letters) {
    for (const piece of deadLetterLine(letter)) {
      text += piece;
      if (text.length < WRITE_CHARS) continue;
      await handle.writeFile(text);
      text = '';
    }
  }
  if (text !== '') await handle.writeFile(text);
}

async function makeDurable(file: BatchFile, sealed: string, folder: string): Promise<void> {
  await file.handle.sync();
  await rename(file.path, sealed);
  file.path = sealed;
  file.sealed = true;
  await syncFolder(folder);
  // The folder may have been removed or replaced: what was synced then has no name any more.
  const [ours, named] = await Promise.all([file.handle.stat(), stat(sealed)]);
  if (ours.ino !== named.ino || ours.dev !== named.dev) throw new Error('the file was replaced');
}
