import { sleep } from '../support/until.ts';
import { brokerKilled, commitAnswersLost, NETWORK } from './disasters.ts';
import { around, LINE, type Point, RECOVERY } from './points.ts';
import type { Campaign, Disaster } from './strikes.ts';
import { SESSION_MS, type World } from './world.ts';

/** A point may be rare: after this time another one is tried. */
const PATIENCE_MS = 8_000;
const DISASTERS: readonly Disaster[] = [brokerKilled, commitAnswersLost(), ...NETWORK];
/** Where an intent is left for others. */
const LEAVING: readonly Point[] = [
  ...around(['commit:1', 'commit:2', 'commit:3', 'publish']),
  'after:intent',
  'after:advance+intent',
];

/** Kills, freezes, disasters, joins and leaves at random points for so many seconds; the same for the same seed. */
export const random =
  (seed: number, seconds: number): Campaign =>
  async (world) => {
    const below = dice(seed);
    const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
    let strikes = 0;
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
      const chance = below(100);
      if (chance < 10) await comeOrGo(world, below(2) === 0);
      else if (chance < 40) await act(world, pick(around(LINE)), 1 + below(3), below(100), pick(DISASTERS));
      else {
        await act(world, pick(LEAVING), 1, 0, pick(DISASTERS));
        strikes += await act(world, pick(around(RECOVERY)), 1 + below(2), below(100), pick(DISASTERS));
      }
      strikes++;
    }
    return strikes;
  };

async function act(world: World, point: Point, hit: number, chance: number, disaster: Disaster) {
  const action = chance < 60 ? 'kill' : chance < 80 ? 'stall' : 'hold';
  const child = await world.crew.strike({ point, hit, action }, PATIENCE_MS);
  if (action === 'stall') {
    if (child) await sleep(2 * SESSION_MS);
    child?.kill('SIGCONT');
  }
  if (action !== 'hold') return child ? 1 : 0;
  await disaster.begin(world);
  child?.kill('SIGUSR2');
  await sleep(disaster.ms);
  await disaster.end(world);
  return 1;
}

const LEAST = 2;
const MOST = 4;

async function comeOrGo({ crew }: World, come: boolean): Promise<void> {
  if (come && crew.running().length < MOST) crew.add();
  else if (crew.running().length > LEAST) await crew.stopOne();
}

/** xorshift32. */
function dice(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1013904223) | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
