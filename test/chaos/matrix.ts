import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../bench/report.ts';
import { startOwnKafka } from '../support/kafka.ts';
import { ROOT } from '../support/project.ts';
import { random } from './random.ts';
import { type Result, runScenario, type Scenario } from './scenario.ts';
import { MATRIX } from './scenarios.ts';

/**
 * `make chaos`: the whole crash matrix, or for `CHAOS_SECONDS` kills and disasters at random points
 * (`CHAOS_SEED`). Prints a Markdown table of results, writes `.cache/chaos.json` and the logs of all members to
 * `.cache/chaos-logs`; exit code 1 and the reasons when anything is missing or there twice.
 */
const { values } = parseArgs({
  options: {
    /** Only scenarios whose title (`killed in recovery, 3 of 3`) matches. */
    only: { type: 'string', default: '' },
    /** Scenarios at a time. */
    jobs: { type: 'string', default: '3' },
    /** `at_least_once`: duplicates must appear, and nothing may be missing. */
    guarantee: { type: 'string', default: 'exactly_once' },
  },
});
const CACHE = path.join(ROOT, '.cache');
const LOGS = path.join(CACHE, 'chaos-logs');
const seconds = Number(process.env.CHAOS_SECONDS ?? 0);
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 100_000);
const say = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

const SHUTDOWN_DEADLINE = 5;
const RANDOM: readonly Scenario[] = [0, 1].map((n) => ({
  name: `random, seed ${seed + n}`,
  members: 3,
  options: { brokers: 1 },
  // Stopped in the middle of a disaster: what it had is left to the others.
  mayEnd: [SHUTDOWN_DEADLINE],
  campaign: random(seed + n, seconds),
}));
const titleOf = ({ name, members }: Scenario): string => `${name}, ${members} of ${members}`;
const weaker = (scenario: Scenario): Scenario => ({
  ...scenario,
  options: { ...scenario.options, guarantee: 'at_least_once' },
});
const scenarios = (seconds > 0 ? RANDOM : MATRIX)
  .filter((scenario) => new RegExp(values.only).test(titleOf(scenario)))
  .map((scenario) => (values.guarantee === 'at_least_once' ? weaker(scenario) : scenario));

async function run(scenario: Scenario, bootstrap: string): Promise<Result | string> {
  const title = titleOf(scenario);
  try {
    const result = await runScenario(scenario, bootstrap);
    say(`${result.failures.length === 0 ? 'ok' : 'FAILED'} ${title}: ${result.seconds} s`);
    for (const failure of result.failures) say(`  ${failure}`);
    return result;
  } catch (error) {
    const reason = `${title}: ${error instanceof Error ? error.stack : String(error)}`;
    say(`FAILED ${reason}`);
    return reason;
  }
}

async function runAll(bootstrap: string): Promise<(Result | string)[]> {
  const left = [...scenarios];
  const results: (Result | string)[] = [];
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) results.push(await run(next, bootstrap));
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  return results;
}

const HEAD = ['scenario', 'members', 'strikes', 'records', 'rows', 'missing', 'duplicates', 'dead letters'];
const rowOf = (result: Result): string[] => [
  result.scenario.name,
  ...[
    ...[result.scenario.members, result.strikes, result.records, result.rows],
    ...[result.missingRows + result.missingLetters, result.duplicates, result.letters],
  ].map((n) => n.toLocaleString('en')),
  [...result.recoveries].map(([row, times]) => `${row} ${times}x`).join(', '),
  String(result.seconds),
  result.failures.length === 0 ? 'ok' : 'FAILED',
];

rmSync(LOGS, { recursive: true, force: true });
mkdirSync(LOGS, { recursive: true });
const kafka = await startOwnKafka({});
const results = await runAll(kafka.bootstrap).finally(() => kafka.stop());
const done = results.filter((result) => typeof result !== 'string');
done.sort((a, b) => scenarios.indexOf(a.scenario) - scenarios.indexOf(b.scenario));
const failures = results.flatMap((result) =>
  typeof result === 'string' ? [result] : result.failures.map((why) => `${result.scenario.name}: ${why}`),
);
const plain = done.map((result) => ({ ...result, recoveries: Object.fromEntries(result.recoveries) }));
writeFileSync(path.join(CACHE, 'chaos.json'), `${JSON.stringify(plain, null, 1)}\n`);
console.log(table([[...HEAD, 'recovery rows', 's', ''], ...done.map(rowOf)]).join('\n'));
console.log(
  failures.length === 0 ? '\nPASSED' : `\nFAILED\n\n${failures.map((why) => `- ${why}`).join('\n')}`,
);
process.exit(failures.length === 0 && results.length > 0 ? 0 : 1);
