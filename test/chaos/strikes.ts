import { addFault } from '../route/pipeline.ts';
import type { Child } from '../support/process.ts';
import { sleep } from '../support/until.ts';
import type { Action, Point } from './points.ts';
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
  const slow = point.endsWith('advance+intent') ? await addFault(world.emulator(), SLOW_COMMIT) : null;
  const child = await strike();
  await slow?.remove();
  if (child === null) world.failures.push(`never came to ${point}`);
  return child;
}

async function goesOn(world: World, after: string): Promise<void> {
  if (!(await world.crew.progress())) world.failures.push(`nothing was acknowledged any more after ${after}`);
}

/**
 * Strikes at one point after the other, as far as the guarantee has them. A miss ends it: without the one before, a
 * step of a recovery may never come.
 */
const atEach =
  (
    points: readonly Point[],
    action: Action,
    then: (world: World, child: Child, point: Point) => Promise<void> = async () => undefined,
  ): Campaign =>
  async (world) => {
    let strikes = 0;
    for (const point of points.filter((one) => exists(world, one))) {
      const child = await met(world, point, () => world.crew.strike({ point, hit: 1, action }));
      if (child === null) break;
      await then(world, child, point);
      strikes++;
    }
    return strikes;
  };

/** SIGKILL at each point; the member is started again at once. */
export const kills = (points: readonly Point[]): Campaign => atEach(points, 'kill');

/** SIGSTOP at each point until the group has gone on without the member, then SIGCONT. */
export const stalls = (points: readonly Point[]): Campaign =>
  atEach(points, 'stall', async (world, child, point) => {
    await sleep(2 * SESSION_MS);
    child.kill('SIGCONT');
    await goesOn(world, `a member was frozen ${point}`);
  });

/** The disaster begins while a member is held at the point, and ends some time after it was let go. */
export const during = (disaster: Disaster, points: readonly Point[]): Campaign =>
  atEach(points, 'hold', async (world, child, point) => {
    await disaster.begin(world);
    child.kill('SIGUSR2');
    await sleep(disaster.ms);
    await disaster.end(world);
    await goesOn(world, `${disaster.name} ${point}`);
  });

export const inTurn =
  (...campaigns: readonly Campaign[]): Campaign =>
  async (world) => {
    let strikes = 0;
    for (const campaign of campaigns) strikes += await campaign(world);
    return strikes;
  };
