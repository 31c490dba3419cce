import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type DeadLetterFolder, openDeadLetterFolder } from '../../src/deadletter/file.ts';
import { ownerName, settleLeft } from '../../src/deadletter/left.ts';
import { readLetters } from '../../src/demo/letters.ts';

/**
 * Processes that die at any step of the line, one after another, until every record is acknowledged. Files are
 * real; what Kafka and MaxCompute know is two variables. One of three records is rejected.
 */
const RECORDS = 30;
const tp = { topic: 'orders', partition: 0 };
const isRejected = (offset: number): boolean => offset % 3 === 0;
const letter = (offset: number) => ({
  ...{ ...tp, offset, timestamp: 1, key: null, value: null, headers: [], stage: 'decode' },
  ...{ code: 'invalid_json', column: null, message: 'm', sample: null },
});

/** One start of a process, and how it ends. */
interface Life {
  /** Instead of dying it goes on to another group's generation: its batch is abandoned. */
  readonly abandons: boolean;
  /** The step at which it ends takes effect, without an answer. */
  readonly landed: boolean;
  /** Which of the folders it sees: hosts that share none have one each. */
  readonly host: number;
  /** Steps until it dies. */
  readonly steps: number;
  readonly batch: number;
  /** Its batches have rows too, so they need sessions and an intent. */
  readonly sessions: boolean;
  /** What the recovery of the intent that it finds comes to. */
  readonly expired: boolean;
  /** An hour has passed since the start before. */
  readonly later: boolean;
}

const life = fc.record<Life>({
  abandons: fc.boolean(),
  landed: fc.boolean(),
  host: fc.nat(1),
  steps: fc.nat(12),
  batch: fc.integer({ min: 1, max: 12 }),
  sessions: fc.boolean(),
  expired: fc.boolean(),
  later: fc.boolean(),
});

class Died extends Error {}

async function live(lives: readonly Life[], shared: boolean): Promise<void> {
  const folders = await Promise.all([0, 1].map(() => mkdtemp(join(tmpdir(), 'letters-'))));
  const folderOf = (host: number) => folders[shared ? 0 : host]!;
  let now = Date.now();
  let pid = 2 ** 30;
  let offset = 0;
  let abandon: () => Promise<void> = async () => {};
  /** Letters alone are held together by no intent: those of another host count an hour later. */
  const held = lives.every((one) => one.sessions);
  let intent: { batch: string; end: number; committed: boolean } | null = null;
  const committed = async () => [{ ...tp, offset, batch: intent?.batch ?? null }];

  const allBelowCount = async () => {
    const counted = new Set((await readLetters(folderOf(0))).map((one) => one.offset));
    const below = Array.from({ length: offset }, (_, i) => i).filter(isRejected);
    expect(below.filter((at) => !counted.has(at))).toEqual([]);
  };

  const run = async ({ host, steps, ...one }: Life, letters: DeadLetterFolder, owner: object) => {
    let left = steps;
    const step = async (act: () => unknown) => {
      const ends = left-- <= 0;
      if (!ends || one.landed) await act();
      if (ends) throw new Died();
    };
    const folder = folderOf(host);
    const settleNow = () =>
      settleLeft({ folder, owner: owner as never, now, fateOf: letters.fateOf, committed });
    // A member without this topic partition: the intent is somebody else's to settle.
    await settleNow();
    if (intent && one.expired && !intent.committed) intent = null;
    if (intent) {
      const { batch, end } = intent;
      await step(() => (intent!.committed = true));
      await step(() => letters.settled(batch));
      await step(() => ([offset, intent] = [end, null]));
      if (shared && held) await allBelowCount();
    }
    await settleNow();
    while (offset < RECORDS) {
      const batch = randomUUID();
      abandon = () => letters.abandon(batch);
      const end = Math.min(RECORDS, offset + one.batch);
      const rejected = Array.from({ length: end - offset }, (_, i) => offset + i).filter(isRejected);
      for (const at of rejected) await step(() => letters.append(batch, [letter(at)]));
      await step(() => letters.seal(batch));
      if (one.sessions) {
        abandon = () => letters.leave(batch);
        await step(() => (intent = { batch, end, committed: false }));
        await step(() => (intent!.committed = true));
      }
      const advance = () => ([offset, intent] = [end, null]);
      const count = () => letters.acknowledge(batch);
      // Letters alone count after the offsets, as the line does it.
      for (const act of one.sessions ? [count, advance] : [advance, count]) await step(act);
    }
  };
  const start = async (one: Life) => {
    if (one.later) now += 2 * 3_600_000;
    const owner = { group: 'g', host: `host-${one.host}`, pid: pid++ };
    const letters = await openDeadLetterFolder({ folder: folderOf(one.host), process: ownerName(owner) });
    abandon = async () => {};
    await run(one, letters, owner).catch((error) => {
      if (!(error instanceof Died)) throw error;
    });
    if (one.abandons) await abandon();
    await letters.stop();
  };

  try {
    const last = {
      abandons: false,
      landed: true,
      steps: Number.POSITIVE_INFINITY,
      batch: 5,
      sessions: true,
      expired: false,
      later: true,
    };
    // Twice: what lay across the offsets at one start is settled at the next.
    const lasts = [0, 1, 0, 1].map((host) => ({ host, ...last }));
    for (const one of [...lives, ...lasts]) await start(one);
    expect([offset, intent]).toEqual([RECORDS, null]);
    const found = (await Promise.all(folders.map(readLetters))).flat().map((one) => one.offset);
    const wanted = Array.from({ length: RECORDS }, (_, i) => i).filter(isRejected);
    expect([...new Set(found)].sort((a, b) => a - b)).toEqual(wanted);
    const names = (await Promise.all(folders.map((folder) => readdir(folder)))).flat();
    expect(names.filter((name) => !name.endsWith('.jsonl'))).toEqual([]);
  } finally {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
  }
}

it('every rejected record has its letter once, and no other has one, whoever dies when and where', async () => {
  const histories = fc.tuple(fc.array(life, { maxLength: 12 }), fc.boolean());
  await fc.assert(
    fc.asyncProperty(histories, ([lives, shared]) => live(lives, shared)),
    { numRuns: 40 },
  );
});
