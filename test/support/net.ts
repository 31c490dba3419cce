import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Ports below those that systems hand out by themselves (from 32768 on Linux). */
const FIRST = 10_000;
const LAST = 32_000;
/** One file for each port that a test process has, with its process id. */
const CLAIMS = path.join(tmpdir(), `maxsink-test-ports-${process.getuid?.() ?? 'all'}`);
const claimed = new Set<string>();

/**
 * A port of 127.0.0.1 where nobody listens. It belongs to this process until that ends: no other test process gets it,
 * in this run or in another one, and neither does the system give it to somebody. So what listens there can be
 * killed, stay away, and come back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (claim(port) && (await canListen(port))) return port;
  }
}

function claim(port: number): boolean {
  const file = path.join(CLAIMS, String(port));
  mkdirSync(CLAIMS, { recursive: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Another one is looked for now; the claim of a process that was killed goes.
    if (!isClaimed(file)) rmSync(file, { force: true });
    return false;
  }
  if (claimed.size === 0) process.once('exit', giveBack);
  claimed.add(file);
  return true;
}

function giveBack(): void {
  for (const file of claimed) rmSync(file, { force: true });
}

/** Whether the process is there that wrote this claim. */
export function isClaimed(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Between its making and its first byte a claim is empty.
    return pid === 0 || process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
