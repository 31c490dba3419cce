import fc from 'fast-check';
import { FAULT_NAMES, FAULTS, type FaultName, MOMENTS, type Moment } from './faults.ts';
import type { Mutant } from './mutants.ts';
import { type Shape, World } from './world.ts';

/** After so many natural steps, and then as soon as it has something to strike, a fault. */
export interface Fault {
  readonly after: number;
  readonly at: Moment;
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
const PATIENCE = 80;
/** After the faults have ended everything arrives within so many steps. */
const STEPS = 6_000;
const HOURS_MS = 2 * 3_600_000;

export interface PlayOptions {
  readonly exactlyOnce?: boolean;
  readonly mutant?: Mutant;
}

export async function play(
  history: History,
  { exactlyOnce = true, mutant = () => ({}) }: PlayOptions = {},
): Promise<Outcome> {
  const world: World = new World(
    history.shape,
    exactlyOnce,
    mutant(() => world),
  );
  const order = history.order.values();
  const violations = world.checker.violations;
  let steps = 0;
  const natural = async () => {
    steps += 1;
    await world.step(order.next().value ?? 0);
  };
  const over = () => violations.length > 0 || world.stopped !== null;
  for (const { after, at, what, pick } of history.faults) {
    const { targets, strike } = FAULTS[what];
    for (let i = 0; i < after && !over(); i++) await natural();
    const can = () => MOMENTS[at](world) && targets(world).length > 0;
    for (let i = 0; i < PATIENCE && !over() && !can(); i++) await natural();
    if (!can()) continue;
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
  world.checker.final();
  if (world.arrived) return;
  const { cluster, checker, shape } = world;
  const where = cluster.topicPartitions.map(({ partition }) => {
    return `${partition}@${cluster.offsetOf(partition)} without ${checker.missing(partition, shape.records)}`;
  });
  checker.violations.push(`Arrives: after ${steps} steps only ${where.join(' ')}`);
}

const shape: fc.Arbitrary<Shape> = fc.record({
  members: fc.integer({ min: 1, max: 3 }),
  topicPartitions: fc.integer({ min: 1, max: 4 }),
  tablePartitions: fc.integer({ min: 1, max: 3 }),
  records: fc.integer({ min: 1, max: 6 }),
  recordsPerChunk: fc.integer({ min: 1, max: 4 }),
  rowsPerBatch: fc.integer({ min: 1, max: 4 }),
  kinds: fc.array(fc.nat(9), { maxLength: 5 }),
  deal: fc.array(fc.nat(2), { maxLength: 4 }),
  provenance: fc.boolean(),
  lettersInTable: fc.boolean(),
});

const anything = fc.record({
  after: fc.nat(40),
  at: fc.constant<Moment>('now'),
  what: fc.constantFrom(...FAULT_NAMES),
  pick: fc.nat(5),
});

/** Faults at a moment that matters. */
const timely = (at: readonly Moment[], what: readonly FaultName[], after = 3): fc.Arbitrary<Fault> =>
  fc.record({
    after: fc.nat(after),
    at: fc.constantFrom(...at),
    what: fc.constantFrom(...what),
    pick: fc.nat(5),
  });

const CUTS: readonly FaultName[] = ['crash', 'pause', 'expel', 'rebalance', 'leave'];
const FALLS: readonly FaultName[] = ['vanish', 'fail', 'loseAnswer', 'holdAnswer'];

/** What leads into the rarer corners, as runs of faults. */
const runs: fc.Arbitrary<readonly Fault[]>[] = [
  anything.map((one) => [one]),
  // an intent that only some members carry
  fc.tuple(timely(['intent sent', 'advance with intent sent'], ['partly']), timely(['now'], CUTS, 30)),
  // an advance that only some members get
  fc.tuple(timely(['advance sent'], ['partly']), timely(['now'], CUTS, 30)),
  // the same, and its witness grows old meanwhile
  fc.tuple(
    timely(['intent sent'], ['partly']),
    timely(['now'], ['expireAll', 'expire', 'critical'], 8),
    timely(['now'], ['forget'], 8),
    timely(['now'], CUTS, 30),
  ),
  // a ghost
  fc.tuple(
    timely(['intent appended', 'advance appended', 'confirm appended'], ['vanish']),
    timely(['now'], [...CUTS, 'deafen'], 30),
    timely(['a ghost is there'], ['surface'], 40),
  ),
  // an append that takes its time, and a new generation meanwhile
  fc.tuple(
    timely(['intent appended', 'advance with intent appended', 'advance appended'], ['stall']),
    timely(['now'], ['expel', 'hurry', 'rebalance', 'pause', 'crash']),
    timely(['now'], ['deafen', 'hurry', 'expel'], 5),
  ),
  // a ghost that some see and some do not
  fc.tuple(
    timely(['intent appended'], ['vanish']),
    timely(['now'], ['rebalance', 'expel', 'crash']),
    timely(['offsets asked for'], ['holdRead', 'deafen'], 2),
    timely(['offsets asked for', 'now'], ['holdRead', 'hurry', 'expel', 'deafen'], 20),
    timely(['intent sent', 'start sent', 'a ghost is there'], ['surface'], 20),
    timely(['intent appended', 'now'], ['stall', 'holdRequest', 'deafen'], 5),
  ),
  // half of a batch
  fc.tuple(
    timely(['half committed'], [...CUTS, 'expire', 'loseCommit', 'holdCommit']),
    timely(['now'], CUTS, 30),
  ),
  // sessions grow old under an intent
  fc.tuple(
    timely(['session commit sent'], ['expire', 'expireAll', 'critical', 'loseCommit', 'slowCommit']),
    anything,
  ),
  fc.tuple(timely(['session commit sent'], CUTS), timely(['now'], ['expire', 'expireAll'], 20)),
  // a process that does not know that it is out
  fc.tuple(
    timely(['intent sent', 'intent appended', 'session commit sent'], ['expel', 'hurry', 'rebalance']),
    timely(['now'], ['deafen']),
  ),
  // a commit in doubt
  fc.tuple(timely(['intent appended', 'advance appended', 'confirm appended'], FALLS), anything),
  fc.tuple(
    timely(['intent sent', 'advance sent', 'confirm sent'], ['holdRequest', 'loseRequest', 'refuse']),
    anything,
  ),
  // the client sends a commit again by itself
  fc.tuple(timely(['intent sent', 'advance sent', 'confirm sent'], ['resend']), timely(['now'], CUTS, 30)),
  // several deaths in a row
  fc.tuple(timely(['confirm sent', 'confirm appended', 'offsets asked for'], [...CUTS, 'deafen']), anything),
].map((one) => one as fc.Arbitrary<readonly Fault[]>);

export const histories: fc.Arbitrary<History> = fc.record({
  shape,
  faults: fc.array(fc.oneof(...runs), { maxLength: 5 }).map((list) => list.flat()),
  order: fc.array(fc.nat(6), { maxLength: 200 }),
});

/** A history as a story: its faults, and all that happened. */
export const tell = (history: History, { world, violations }: Outcome): string =>
  [JSON.stringify(history), ...world.sim.story, ...violations].join('\n');
