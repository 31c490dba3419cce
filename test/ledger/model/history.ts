import fc from 'fast-check';
import { FAULT_NAMES, FAULTS, type FaultName } from './faults.ts';
import { type Shape, World, type Wrap } from './world.ts';

/** After so many natural steps, and then as soon as it has something to strike, a fault. */
export interface Fault {
  readonly after: number;
  readonly what: FaultName;
  readonly pick: number;
}

/** All that is left to chance. Numbers of `order` choose the next natural step; without them the oldest is next. */
export interface History {
  readonly shape: Shape;
  readonly faults: readonly Fault[];
  readonly order: readonly number[];
}

export interface Outcome {
  readonly world: World;
  readonly violations: readonly string[];
  readonly steps: number;
}

/** How long a fault waits for something to strike, steps. */
const PATIENCE = 60;
/** After the faults have ended everything arrives within so many steps. */
const STEPS = 6_000;
const HOURS_MS = 2 * 3_600_000;

export interface PlayOptions {
  readonly exactlyOnce?: boolean;
  readonly wrap?: Partial<Wrap>;
}

export async function play(
  history: History,
  { exactlyOnce = true, wrap = {} }: PlayOptions = {},
): Promise<Outcome> {
  const world = new World(history.shape, exactlyOnce, wrap);
  const order = history.order.values();
  const violations = world.checker.violations;
  let steps = 0;
  const natural = async () => {
    steps += 1;
    await world.step(order.next().value ?? 0);
  };
  const over = () => violations.length > 0 || world.stopped !== null;
  for (const { after, what, pick } of history.faults) {
    const { targets, strike } = FAULTS[what];
    for (let i = 0; i < after && !over(); i++) await natural();
    for (let i = 0; i < PATIENCE && !over() && targets(world).length === 0; i++) await natural();
    const found = targets(world);
    if (over() || found.length === 0) continue;
    world.count(what);
    strike(world, found[pick % found.length], pick);
  }
  await calm(world, () => over() || steps > STEPS, natural);
  if (!over()) finish(world, steps);
  await world.close();
  return { world, violations, steps };
}

/** The faults have ended: what is held back or paused goes on, and nothing new goes wrong. */
async function calm(world: World, over: () => boolean, natural: () => Promise<void>): Promise<void> {
  const until = world.sim.now + HOURS_MS;
  while (!over() && !world.arrived && world.sim.now < until) await natural();
}

function finish(world: World, steps: number): void {
  if (!world.arrived) {
    const where = world.cluster.topicPartitions.map(
      (tp) => `${tp.partition}@${world.cluster.offsetOf(tp.partition)}`,
    );
    world.checker.violations.push(`Arrives: after ${steps} steps only ${where.join(' ')}`);
    return;
  }
  for (const tp of world.cluster.topicPartitions) world.checker.final(tp.partition, world.shape.records);
}

const shape: fc.Arbitrary<Shape> = fc.record({
  members: fc.integer({ min: 1, max: 3 }),
  topicPartitions: fc.integer({ min: 1, max: 4 }),
  tablePartitions: fc.integer({ min: 1, max: 3 }),
  records: fc.integer({ min: 1, max: 6 }),
  recordsPerChunk: fc.integer({ min: 1, max: 4 }),
  rowsPerBatch: fc.integer({ min: 1, max: 4 }),
  kinds: fc.array(fc.nat(8), { maxLength: 5 }),
  deal: fc.array(fc.nat(2), { maxLength: 4 }),
  provenance: fc.boolean(),
});

const fault: fc.Arbitrary<Fault> = fc.record({
  after: fc.nat(40),
  what: fc.constantFrom(...FAULT_NAMES),
  pick: fc.nat(5),
});

export const histories: fc.Arbitrary<History> = fc.record({
  shape,
  faults: fc.array(fault, { maxLength: 12 }),
  order: fc.array(fc.nat(6), { maxLength: 200 }),
});

/** A history as a story: its faults, and all that happened. */
export const tell = (history: History, { world, violations }: Outcome): string =>
  [JSON.stringify(history), ...world.sim.story, ...violations].join('\n');
