import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of package.json, from wherever this file runs (source or compiled). */
export const ROOT: string = rootAbove(import.meta.dirname);

function rootAbove(folder: string): string {
  const file = path.join(folder, 'package.json');
  if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'maxsink') return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error('package.json of maxsink not found');
  return rootAbove(parent);
}

/** The built command. */
export const CLI = path.join(ROOT, 'dist', 'cli.js');

/** A part that `scripts/setup.sh --tests` brings; the error says how to get it. */
export function fetchedPart(...segments: string[]): string {
  const file = path.join(ROOT, '.cache', ...segments);
  if (!existsSync(file))
    throw new Error(`${file} is missing: run "scripts/setup.sh --tests" (make test does)`);
  return file;
}
