import { addFault } from '../route/pipeline.ts';
import { sleep } from '../support/until.ts';
import type { Point } from './points.ts';
import { SESSION_MS, type World } from './world.ts';

/** Something that happens to the surroundings while a member is held at a point. */
export interface Disaster {
  readonly name: string;
  begin(world: World): Promise<void>;
  /** How long after the member was let go. */
  readonly ms: number;
  end(world: World): Promise<void>;
}

/** What is done to the members of a world, one point after the other; a point that is never reached is a failure. */
export type Campaign = (world: World) => Promise<number>;

/** So slow that the next batch is whole before this one has committed: its intent travels with the advance. */
const SLOW_COMMIT = { route: 'commit', action: 'delay', ms: 1_500 };

/** Without intents there is nothing to recover. */
const exists = ({ guarantee }: World, point: Point): boolean =>
  guarantee === 'exactly_once' || !/intent|recovery/.test(point);

async function met<T>(world: World, point: Point, strike: () => Promise<T | null>): Promise<T | null> {
  if (!exists(world, point)) return null;
  const slow = point.endsWith('advance+intent') ? await addFault(world.emulator(), SLOW_COMMIT) : null;
  const child = await strike();
  await slow?.remove();
  if (child === null) world.failures.push(`never came to ${point}`);
  return child;
}

async function goesOn(world: World, after: string): Promise<void> {
  if (!(await world.crew.progress()))
    world.failures.push(`nothing was acknowledged for a minute after ${after}`);
}

/** SIGKILL at each point; the member is started again at once. */
export const kills =
  (points: readonly Point[], hit = 1): Campaign =>
  async (world) => {
    for (const point of points)
      await met(world, point, () => world.crew.strike({ point, hit, action: 'kill' }));
    return points.length;
  };

/** SIGSTOP at each point until the group has gone on without the member, then SIGCONT. */
export const stalls =
  (points: readonly Point[]): Campaign =>
  async (world) => {
    for (const point of points) {
      const child = await met(world, point, () => world.crew.strike({ point, hit: 1, action: 'stall' }));
      await sleep(2 * SESSION_MS);
      child?.kill('SIGCONT');
      await goesOn(world, `a member was frozen ${point}`);
    }
    return points.length;
  };

/** The disaster begins while a member is held at the point, and ends some time after it was let go. */
export const during =
  (disaster: Disaster, points: readonly Point[]): Campaign =>
  async (world) => {
    for (const point of points) {
      const child = await met(world, point, () => world.crew.strike({ point, hit: 1, action: 'hold' }));
      await disaster.begin(world);
      child?.kill('SIGUSR2');
      await sleep(disaster.ms);
      await disaster.end(world);
      await goesOn(world, `${disaster.name} ${point}`);
    }
    return points.length;
  };

export const inTurn =
  (...campaigns: readonly Campaign[]): Campaign =>
  async (world) => {
    let strikes = 0;
    for (const campaign of campaigns) strikes += await campaign(world);
    return strikes;
  };
