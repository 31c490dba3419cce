import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SinkError } from '../errors.ts';
import { type DeadLetter, deadLetterLine } from './dead-letter.ts';
import { makeFolder, syncFolder } from './folder.ts';

/**
 * Dead letters as JSON lines in a folder, one file for each process and batch:
 *
 *   append       `<process>-<batch>.open` grows; nothing is kept in memory
 *   seal         file and folder are synced: durable before the offset moves
 *   acknowledge  renamed to `<process>-<batch>.jsonl`: now it counts
 *   abandon      removed: the batch's records are read again and rejected again
 *
 * `acknowledge` comes before the offset advances, once the sessions are committed: after a kill between the
 * two the letters are written again and merge, the other way round they would stay in a file nobody reads.
 *
 * Readers take `.jsonl` files and merge by `id`. An `.open` file that a killed process left belongs to
 * a batch that was never acknowledged: nobody reads it, and a later start removes it. Whatever fails is
 * `dead_letter_unwritable`, and the batch's file takes no more letters: its last line may be half a line.
 */
export interface DeadLetterFolder {
  append(batch: string, letters: readonly DeadLetter[]): Promise<void>;
  seal(batch: string): Promise<void>;
  acknowledge(batch: string): Promise<void>;
  abandon(batch: string): Promise<void>;
  /** Closes the batch's file and leaves it `.open`. */
  leave(batch: string): Promise<void>;
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
  readonly path: string;
  readonly handle: FileHandle;
}

export async function openDeadLetterFolder(options: DeadLetterFolderOptions): Promise<DeadLetterFolder> {
  const folder = resolve(options.folder);
  const pathOf = (batch: string, ending: string) => join(folder, `${options.process}-${batch}.${ending}`);
  await guarded(folder, () => prepareFolder(folder, pathOf('probe', 'tmp')));

  const files = new Map<string, BatchFile>();
  const tails = new Map<string, Promise<void>>();
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
        if (file) await makeDurable(file, folder);
      }),
    async acknowledge(batch) {
      await inOrder(batch, pathOf(batch, 'jsonl'), async () => {
        if (!files.has(batch)) return;
        await forget(batch);
        await rename(pathOf(batch, 'open'), pathOf(batch, 'jsonl'));
        await syncFolder(folder);
      });
      tails.delete(batch);
    },
    async abandon(batch) {
      await tails.get(batch)?.catch(() => undefined);
      tails.delete(batch);
      await guarded(pathOf(batch, 'open'), async () => {
        await forget(batch);
        await rm(pathOf(batch, 'open'), { force: true });
      });
    },
    async leave(batch) {
      await tails.get(batch)?.catch(() => undefined);
      tails.delete(batch);
      await forget(batch);
    },
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
  return { path, handle: await open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0o640) };
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

async function makeDurable({ path, handle }: BatchFile, folder: string): Promise<void> {
  await handle.sync();
  await syncFolder(folder);
  // The folder may have been removed or replaced: what was synced then has no name any more.
  const [ours, named] = await Promise.all([handle.stat(), stat(path)]);
  if (ours.ino !== named.ino || ours.dev !== named.dev) throw new Error('the file was replaced');
}
