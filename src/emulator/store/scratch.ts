import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder of what need not survive: staged blocks and what DuckDB has no memory for. */
export interface Scratch {
  readonly folder: string;
  remove(): void;
}

const PREFIX = 'maxsink-emulator-';

/** Inside `dataDir`, or in the system's folder for temporary files; what a killed process left is removed. */
export function openScratch(dataDir: string | null): Scratch {
  const folder = dataDir === null ? temporary() : inside(dataDir);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function inside(dataDir: string): string {
  makeFolder(dataDir);
  const folder = join(dataDir, 'scratch');
  rmSync(folder, { recursive: true, force: true });
  makeFolder(folder);
  return folder;
}

/** Named after the process, so that the next one knows whether it still runs. */
function temporary(): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^maxsink-emulator-(\d+)-/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** With parents; `mkdirSync`'s own recursion never ends where the system answers ENOENT below a folder (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}
