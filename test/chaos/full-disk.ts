import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { until } from '../support/until.ts';
import type { Campaign } from './strikes.ts';
import type { World } from './world.ts';

const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' });

/** Before the members start: their dead letters go to a disk of 64 KiB. Throws where mounting is not allowed. */
export function smallDisk({ letters, atEnd }: World): void {
  mkdirSync(letters);
  mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', letters);
  atEnd(() => execFileSync('umount', [letters]));
}

export const UNWRITABLE = 1;

/** The disk fills up, the members end and end again; then there is room. */
export const filling: Campaign = async ({ crew, letters }) => {
  const full = () => crew.exits.filter(({ error }) => error.startsWith('dead_letter_unwritable')).length;
  await until(() => full() >= 3, { what: 'members end because the disk is full' });
  mount('-o', 'remount,size=64m', letters);
  return 1;
};
