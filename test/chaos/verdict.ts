import { type Verdict, verify } from '../soak/verify.ts';
import { committedOffsets, endOffsets } from '../support/topics.ts';
import { until } from '../support/until.ts';
import type { World } from './world.ts';

/** What is left of a scenario when everything has settled. */
export interface Outcome extends Verdict {
  readonly duplicates: number;
  /** Rows of the recovery table with what was done, as the logs name them; how often each. */
  readonly recoveries: ReadonlyMap<string, number>;
  /** Topic partitions whose commit still carries an intent. */
  readonly pending: readonly string[];
}

/** An intent in the note of a commit. */
const INTENT = /;i=[^;]+;/;
/** A broker that has just come back answers some questions with an error. */
const patient = <T>(ask: () => Promise<T>): Promise<T | null> => ask().catch(() => null);

/** Ends the load, waits until every record is acknowledged and no intent is out, stops the members, counts. */
export async function outcome(world: World): Promise<Outcome> {
  const { bootstrap, topic, group, crew, load, table } = world;
  const records = await load.stop();
  const ends = await until(() => patient(() => endOffsets(bootstrap, topic)), { what: 'the ends' });
  const committed = () => committedOffsets(bootstrap, group, topic).catch(() => new Map());
  const settled = async () => {
    const now = await committed();
    return [...ends].every(([tp, end]) => now.get(tp)?.offset === end);
  };
  await until(settled, { what: 'every offset is acknowledged', everyMs: 300 }).catch((error) =>
    world.failures.push(String(error)),
  );
  for (const code of await crew.stop()) if (code !== 0) world.failures.push(`a member stopped with ${code}`);
  const pending = [...(await committed())].flatMap(([tp, { metadata }]) =>
    INTENT.test(metadata) ? [`${tp}: ${metadata}`] : [],
  );
  const verdict = await verify(
    { account: world.emulator(), table, letters: world.readLetters ?? world.letters },
    records,
  );
  const duplicates = verdict.rows - verdict.distinct;
  return { ...verdict, duplicates, pending, recoveries: recoveryRows(crew.logged()) };
}

function recoveryRows(lines: readonly Record<string, unknown>[]): Map<string, number> {
  const rows = new Map<string, number>();
  for (const { msg, row, action } of lines) {
    if (msg !== 'settling an intent that was found') continue;
    const name = `${String(row)} ${String(action)}`;
    rows.set(name, (rows.get(name) ?? 0) + 1);
  }
  return new Map([...rows].sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10)));
}
