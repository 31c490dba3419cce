import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { freePort, isClaimed } from './net.ts';
import { tempDir } from './process.ts';

const CLAIMS = path.join(tmpdir(), `maxsink-test-ports-${process.getuid?.()}`);

it('gives a port to one process, as long as that is there', async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, freePort));
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  for (const port of ports)
    expect(readFileSync(path.join(CLAIMS, String(port)), 'utf8')).toBe(`${process.pid}`);
});

it('can be listened at, and again after an end', async () => {
  const port = await freePort();
  for (let turn = 0; turn < 2; turn++) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  }
});

it('takes back the claims of processes that were killed', () => {
  const folder = tempDir();
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const claims = [`${pid}`, `${process.pid}`, ''].map((text, i) => isClaimed(folder.write(`${i}`, text)));
  expect(claims).toEqual([false, true, true]);
  expect(isClaimed(`${folder.path}/gone`)).toBe(false);
  folder.remove();
});
