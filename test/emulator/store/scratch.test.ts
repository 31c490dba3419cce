import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { temporaryScratch } from '../../../src/emulator/store/scratch.ts';

/** No process has such a number. */
const NOBODY = 2 ** 22 + 1;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emulator-scratch-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  execFileSync('rm', ['-rf', folder]);
});

const left = (pid: number): string => {
  const path = join(folder, `maxsink-emulator-${pid}-x`);
  mkdirSync(path);
  writeFileSync(join(path, 'block.parquet'), '');
  return path;
};

it('removes what killed processes left, and nothing of those that run', () => {
  const [dead, own] = [left(NOBODY), left(process.pid)];
  const scratch = temporaryScratch();
  expect([dead, own, scratch.folder].map((path) => existsSync(path))).toEqual([false, true, true]);
  scratch.remove();
  expect(existsSync(scratch.folder)).toBe(false);
});

it("leaves what it cannot remove: it may be another user's", () => {
  const here = process.cwd();
  process.chdir(left(NOBODY));
  // Deeper than a path can be: no call removes it, not even the superuser's.
  for (let depth = 0; depth < 20; depth += 1) {
    mkdirSync('x'.repeat(250));
    process.chdir('x'.repeat(250));
  }
  process.chdir(here);
  expect(existsSync(temporaryScratch().folder)).toBe(true);
});
