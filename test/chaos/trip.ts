import { readFileSync, rmSync, writeSync } from 'node:fs';
import { type Arm, metLine, type Point, parseArm } from './points.ts';

/** Called at every point; what is armed happens inside. */
export type Trip = (point: Point) => Promise<void>;

const STDERR = 2;

/**
 * Reads the arm at each point, so that a running process can be armed. Of the members of a group that share the
 * file the first to get there meets it: who removes the file.
 */
export function createTrip(armFile: string): Trip {
  let armed = 0;
  let hits = 0;
  let release = () => {};
  process.on('SIGUSR2', () => release());
  return async (point) => {
    const arm = readArm(armFile);
    if (arm?.point !== point) return;
    hits = arm.id === armed ? hits + 1 : 1;
    armed = arm.id;
    if (hits < arm.hit || !claimed(armFile)) return;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    writeSync(STDERR, `${metLine(arm.id)}: ${arm.action} ${point}\n`);
    await meet(arm, released);
  };
}

function readArm(file: string) {
  try {
    return parseArm(readFileSync(file, 'utf8'));
  } catch {
    return null; // nothing is armed
  }
}

function claimed(file: string): boolean {
  try {
    rmSync(file);
    return true;
  } catch {
    return false;
  }
}

async function meet({ action }: Arm, released: Promise<void>): Promise<void> {
  if (action === 'hold') return released;
  process.kill(process.pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  if (action === 'kill') await new Promise(() => undefined);
}
