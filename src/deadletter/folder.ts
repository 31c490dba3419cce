import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

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
