import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../support/project.ts';
import { sleep, until } from '../support/until.ts';
import { within } from '../support/within.ts';
import { type Fault, inTurn, KEPT, OTHER } from './faults.ts';
import { type Parts, startParts } from './parts.ts';
import { startLoad } from './records.ts';
import { type Event, faultsBetween, type Results, report } from './report.ts';
import { growth, type Sample, sample } from './samples.ts';
import { type Verdict, verify } from './verify.ts';

/**
 * `make soak`: steady load through the whole route with a fault every minute; then every record must be a
 * row or a dead letter, and the member that was never stopped must not have grown. Prints Markdown, writes
 * `.cache/soak.json` and the logs of all processes to `.cache/soak-logs`; exit code 1 and the reasons when
 * something is lost, grows or hangs.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    rate: { type: 'string', default: '500' },
    members: { type: 'string', default: '2' },
    flush: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes, rate, memberCount, flushSeconds, seed] = [
  ...[values.minutes, values.rate, values.members, values.flush, values.seed].map(Number),
] as [number, number, number, number, number];

if (!(minutes >= 1 && rate >= 1 && memberCount >= 2 && flushSeconds >= 1)) {
  throw new Error('soak: --minutes, --rate and --flush from 1, --members from 2');
}

const TURN_MS = 60_000;
/** A fault and its end. */
const FAULT_MS = 180_000;
/** From the end of a fault's cause until everything from before is acknowledged. */
const CATCH_UP_MS = 180_000;
/** After the load: the last records, the checks. */
const END_MS = 900_000;

const CACHE = path.join(ROOT, '.cache');
const LOGS = path.join(CACHE, 'soak-logs');
const startedAt = Date.now();
const failures: string[] = [];
const events: Event[] = [];
const samples: Sample[] = [];

const say = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
const fail = (what: string): void => {
  failures.push(`after ${Math.round((Date.now() - startedAt) / 1000)} s: ${what}`);
  say(`FAILURE ${what}`);
};
/** A step whose failure is noted and ends nothing. */
const noting = async <T>(what: string, step: Promise<T>): Promise<T | undefined> => {
  try {
    return await step;
  } catch (error) {
    fail(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
};

/** Until everything that is in the topic now is acknowledged; a broker that is away is asked again. */
async function caughtUp(parts: Parts): Promise<void> {
  const patient = <T>(ask: () => Promise<T>) => ask().catch(() => false as const);
  const wait = { deadlineMs: CATCH_UP_MS, everyMs: 1000 };
  const ends = await until(() => patient(parts.ends), { what: 'the broker tells its ends', ...wait });
  await until(() => patient(() => parts.acknowledged(ends)), { what: 'everything is acknowledged', ...wait });
}

async function meet(fault: Fault, parts: Parts): Promise<void> {
  const from = Date.now();
  say(`fault ${events.length + 1}: ${fault.name}`);
  await noting(fault.name, within(FAULT_MS, fault.inject(parts), 'the fault is over'));
  const to = Date.now();
  await noting(`after ${fault.name}`, caughtUp(parts));
  const recovered = Date.now();
  events.push({ name: fault.name, from, to, recovered });
  say(`caught up ${((recovered - to) / 1000).toFixed(1)} s after its end`);
}

async function takeSamples({ members }: Parts): Promise<void> {
  const at = Math.round((Date.now() - startedAt) / 1000);
  for (const [name, service] of members.running) {
    const found = await noting('sample', sample(name, service, at));
    if (found) samples.push(found);
  }
  const shown = samples.filter((s) => s.at === at);
  say(shown.map((s) => `${s.member} ${s.rssMB.toFixed(0)} MB ${s.files} files lag ${s.lag}`).join('; '));
}

/** A member that ended by itself was a failure; the others should not starve for it. */
async function refill({ members }: Parts, names: readonly string[]): Promise<void> {
  for (const name of names)
    if (!members.running.has(name)) await noting(`restart of ${name}`, members.start(name));
}

async function soak(parts: Parts): Promise<Verdict> {
  const others = Array.from({ length: memberCount - 1 }, (_, i) => (i === 0 ? OTHER : `${OTHER}-${i + 1}`));
  const names = [KEPT, ...others];
  for (const name of names) await parts.members.start(name);
  const load = await startLoad(parts.kafka.bootstrap, parts.topic, rate, (error) => fail(error.message));
  const faults = inTurn(seed);
  for (let turn = 1; turn <= minutes; turn++) {
    await sleep(startedAt + turn * TURN_MS - Date.now());
    await takeSamples(parts);
    if (Date.now() > startedAt + minutes * TURN_MS) break;
    if (turn < minutes) await meet(faults.next().value as Fault, parts);
    await refill(parts, names);
  }
  const records = await load.stop();
  say(`${records} records sent`);
  await noting('at the end', caughtUp(parts));
  await takeSamples(parts);
  for (const name of names) await noting('stop', parts.members.stop(name));
  say('verifying');
  const letters = path.join(parts.folder.path, 'dead-letters');
  return verify({ account: parts.emulator(), table: parts.table, letters }, records);
}

function judge(verdict: Verdict): Results {
  const { missingRows, missingLetters, missing, wrong, repeats } = verdict;
  if (missingRows + missingLetters !== 0)
    fail(`${missingRows} rows and ${missingLetters} dead letters missing: ${missing.join('; ')}`);
  if (wrong.length > 0) fail(`wrong: ${wrong.join('; ')}`);
  for (const repeat of repeats) {
    const near = faultsBetween(repeat, events).join(', ') || 'no fault';
    fail(`there more than once, after ${near}: ${JSON.stringify(repeat)}`);
  }
  const grown = growth(samples.filter(({ member }) => member === KEPT));
  for (const what of grown ?? []) fail(`the kept member: ${what}`);
  const common = { minutes, rate, node: process.versions.node, kept: KEPT };
  return { ...common, verdict, events, samples, growth: grown, failures };
}

rmSync(LOGS, { recursive: true, force: true });
mkdirSync(LOGS, { recursive: true });
const parts = await startParts({ flushSeconds, logs: LOGS, onFailure: fail });
try {
  const verdict = await within(minutes * TURN_MS + END_MS, soak(parts), 'the run is over');
  const results = judge(verdict);
  writeFileSync(path.join(CACHE, 'soak.json'), `${JSON.stringify(results, null, 1)}\n`);
  console.log(report(results));
} catch (error) {
  fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await noting('end', parts.stop());
}
process.exit(failures.length === 0 ? 0 : 1);
