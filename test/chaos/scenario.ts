import type { Campaign } from './strikes.ts';
import { type Outcome, outcome } from './verdict.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

/** One line of the table of results. */
export interface Scenario {
  readonly name: string;
  readonly members: number;
  readonly options?: Omit<WorldOptions, 'bootstrap'>;
  /** Before the members start. */
  readonly prepare?: (world: World) => void;
  readonly campaign: Campaign;
  /** Exit codes that members may end with by themselves. */
  readonly mayEnd?: readonly number[];
  /** What it is to come out of it; the default: nothing is missing, nothing is there twice. */
  readonly judge?: (outcome: Outcome) => string[];
}

export interface Result extends Outcome {
  readonly scenario: Scenario;
  readonly strikes: number;
  readonly seconds: number;
  /** Everything that speaks against it. */
  readonly failures: readonly string[];
}

export async function runScenario(scenario: Scenario, bootstrap: string): Promise<Result> {
  const { name, members, options = {}, campaign, mayEnd = [], judge = exactlyOnce } = scenario;
  const from = Date.now();
  const world = await createWorld(`${name}-${members}`, { ...options, bootstrap });
  try {
    scenario.prepare?.(world);
    await world.crew.start(members);
    const strikes = await campaign(world);
    const out = await outcome(world);
    const seconds = Math.round((Date.now() - from) / 1000);
    return { ...out, scenario, strikes, seconds, failures: [...failuresOf(world, mayEnd), ...judge(out)] };
  } finally {
    await world.end();
  }
}

/** A member that ends again and again for one reason is told once. */
const failuresOf = ({ failures, crew }: World, mayEnd: readonly number[]): string[] => [
  ...failures,
  ...new Set(
    crew.exits
      .filter(({ code }) => code === null || !mayEnd.includes(code))
      .map(({ code, error }) => `a member ended with ${code}: ${error}`),
  ),
];

function exactlyOnce(out: Outcome): string[] {
  return [
    ...nothingLost(out),
    ...(out.duplicates > 0
      ? [`${out.duplicates} duplicates: ${JSON.stringify(out.repeats.slice(0, 5))}`]
      : []),
  ];
}

export function nothingLost({ missingRows, missingLetters, missing, wrong, pending }: Outcome): string[] {
  const lost = missingRows + missingLetters;
  return [
    ...(lost !== 0
      ? [`missing: ${missingRows} rows, ${missingLetters} dead letters: ${missing.join('; ')}`]
      : []),
    ...wrong,
    ...pending.map((one) => `intent left pending at ${one}`),
  ];
}
