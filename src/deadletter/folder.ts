import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LIMITS } from '../limits.ts';

/**
 * Makes the folder with everything above it, durably. Not by `mkdir`'s own recursion: that never ends
 * where the system answers ENOENT below a folder that is there (`/proc`).
 */
export async function makeFolder(folder: string): Promise<void> {
  if ((await stat(folder).catch(() => null))?.isDirectory()) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => madeByAnother(folder, error));
  await syncFolder(dirname(folder));
}

async function madeByAnother(folder: string, error: NodeJS.ErrnoException): Promise<void> {
  if (error.code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error;
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `<host>-<process id>-<batch>.open`: what main.ts and the coordinator name them. */
const OPEN_FILE = /^(.+)-(\d+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.open$/;

/**
 * Removes `.open` files that killed processes of this host left: they belong to batches that were never
 * acknowledged, so their records are read again, and a process that is killed again and again would fill
 * the disk. Only files that nobody has written for {@link LIMITS.staleLettersMs}, whose process is gone or
 * had our own number (in a container it is always the same). Should the owner live after all, behind
 * another kernel with our host name: it notices before the offset moves, and reads again. Returns the names.
 */
export async function removeStale(folder: string, host: string, now: number): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const [, owner, pid] = OPEN_FILE.exec(name) ?? [];
    if (owner !== host || isAlive(Number(pid))) continue;
    const path = join(folder, name);
    const written = await stat(path).catch(() => null);
    if (written === null || now - written.mtimeMs < LIMITS.staleLettersMs) continue;
    await rm(path).then(
      () => removed.push(name),
      () => undefined, // somebody else's, or a read-only folder: it does no harm
    );
  }
  return removed;
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
