import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DeadLetter, deadLetterLine } from '../../src/deadletter/dead-letter.ts';
import { openDeadLetterFolder } from '../../src/deadletter/file.ts';
import {
  type Committed,
  decideLeft,
  type LeftOptions,
  ownerName,
  settleLeft,
} from '../../src/deadletter/left.ts';
import { readLeft } from '../../src/deadletter/left-file.ts';
import { readLetters } from '../../src/demo/letters.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'left-letters-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const letter = (offset: number, more: Partial<DeadLetter> = {}): DeadLetter => ({
  ...{ topic: 'orders', partition: 0, offset, timestamp: 1, key: null, value: Buffer.from('{broken') },
  ...{ headers: [], stage: 'decode', code: 'invalid_json', column: null, message: 'm', sample: null },
  ...more,
});
const lineOf = (one: DeadLetter) => [...deadLetterLine(one)].join('');
const text = (...offsets: number[]) => offsets.map((offset) => lineOf(letter(offset))).join('');

describe('what is read of a file', () => {
  const read = async (content: string | Uint8Array) => {
    await writeFile(join(folder, 'f'), content);
    return readLeft(join(folder, 'f'));
  };

  it('is which records its letters are about', async () => {
    const letters = [letter(7), letter(3), letter(5, { partition: 1 }), letter(9, { topic: 'a.b_c-1' })];
    expect(await read(letters.map(lineOf).join(''))).toEqual({
      isWhole: true,
      spans: [
        { topic: 'orders', partition: 0, first: 3, last: 7 },
        { topic: 'orders', partition: 1, first: 5, last: 5 },
        { topic: 'a.b_c-1', partition: 0, first: 9, last: 9 },
      ],
    });
  });

  it('passes values by that are larger than any buffer, wherever they are cut into pieces', async () => {
    const large = letter(1, { value: Buffer.alloc(3_000_000, 0xff) });
    expect(await read(lineOf(large) + text(2))).toMatchObject({
      isWhole: true,
      spans: [{ first: 1, last: 2 }],
    });
    const sizes = fc.array(fc.nat(70_000), { minLength: 1, maxLength: 6 });
    const right = async (lengths: number[]) => {
      const all = lengths.map((length, i) => letter(i, { value: Buffer.alloc(length, 'x') }));
      const { isWhole, spans } = await read(all.map(lineOf).join(''));
      expect([isWhole, spans[0]?.first, spans[0]?.last]).toEqual([true, 0, all.length - 1]);
    };
    await fc.assert(fc.asyncProperty(sizes, right), { numRuns: 30 });
  });

  it.each([
    ['nothing', ''],
    ['half a letter', text(1, 2).slice(0, -3)],
    ['something else', 'a note\n'],
    ['something else between letters', `${text(1)}{"a":1}\n${text(2)}`],
  ])('%s is not whole', async (_, content) => {
    expect(await read(content)).toMatchObject({ isWhole: false });
  });
});

const BATCH = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';

describe('the decision about a file that nobody will finish', () => {
  const at = (offset: number, batch: string | null = null): Committed => {
    return { topic: 'orders', partition: 0, offset, batch };
  };
  const two = { topic: 'orders', partition: 1, first: 50, last: 50 };
  const decide = (spans: object[], ...committed: Committed[]) =>
    decideLeft(
      { isWhole: true, spans: [{ topic: 'orders', partition: 0, first: 10, last: 19 }, ...spans] as never },
      new Map(committed.map((one) => [`${one.topic}-${one.partition}`, one])),
      BATCH,
    );

  it.each([
    ['below the offset', decide([], at(20)), 'count'],
    ['above it', decide([], at(10)), 'remove'],
    ['partly below', decide([], at(15)), 'wait'],
    [
      'below in one topic partition, above in another',
      decide([two], at(20), { ...at(50), partition: 1 }),
      'wait',
    ],
    ['below in both', decide([two], at(20), { ...at(51), partition: 1 }), 'count'],
    ['above in both', decide([two], at(5), { ...at(50), partition: 1 }), 'remove'],
    ['without an offset', decide([]), 'wait'],
    ['with one of two offsets', decide([two], at(20)), 'wait'],
    ['above, its batch intended', decide([], at(10, BATCH)), 'wait'],
    ['above, another batch intended', decide([], at(10, 'b2')), 'remove'],
    ['above, its batch intended elsewhere', decide([two], at(5), { ...at(5, BATCH), partition: 1 }), 'wait'],
    ['never sealed', decideLeft(null, new Map([['orders-0', at(20)]]), BATCH), 'remove'],
    ['not whole', decideLeft({ isWhole: false, spans: [] }, new Map(), BATCH), 'wait'],
  ])('%s: %s', (_, decision, expected) => expect(decision).toBe(expected));
});

describe('files that processes left', () => {
  const HOUR = 3_600_000;
  const now = Date.now();
  /** Process numbers end far below. */
  const GONE = 2 ** 30;
  const me = { group: 'maxsink-orders', host: 'host-a', pid: process.pid };
  let batches = 0;
  const left = async (
    owner: Partial<typeof me>,
    content: string,
    ending = 'sealed.open',
    ageMs = 2 * HOUR,
  ) => {
    const batch = BATCH.replace('3f2504e0', String(++batches).padStart(8, '0'));
    const name = `${ownerName({ ...me, pid: GONE, ...owner })}-${batch}.${ending}`;
    await writeFile(join(folder, name), content);
    await utimes(join(folder, name), new Date(now - ageMs), new Date(now - ageMs));
    return name;
  };
  const counted = (name: string) => name.replace('.sealed.open', '.jsonl');
  const settle = (offset: number | null, options: Partial<LeftOptions> = {}) =>
    settleLeft({
      ...{ folder, owner: me, now, fateOf: () => null },
      committed: async (list) =>
        list.flatMap((tp) => (offset === null ? [] : [{ ...tp, offset, batch: null }])),
      ...options,
    });

  it('count below the committed offsets, go above them, and stay in between', async () => {
    const below = await left({}, text(1, 2));
    const above = await left({}, text(20, 21));
    const between = await left({}, text(5, 15));
    expect(await settle(10)).toEqual({ counted: [below], removed: [above], undecided: [between] });
    expect((await readdir(folder)).sort()).toEqual([counted(below), between].sort());
    expect(await readFile(join(folder, counted(below)), 'utf8')).toBe(text(1, 2));
    expect(await settle(16)).toMatchObject({ counted: [between] });
    expect((await readLetters(folder)).map(({ offset }) => offset).sort()).toEqual([1, 15, 2, 5]);
  });

  it('that were never sealed go, whole or half written, whatever the offsets are', async () => {
    const gone = [await left({}, text(1), 'open'), await left({}, text(2).slice(0, 30), 'open')];
    gone.push(await left({}, '', 'open'));
    expect(await settle(null)).toEqual({ counted: [], removed: gone, undecided: [] });
    expect(await readdir(folder)).toEqual([]);
  });

  it('stay while their batch is intended: recovery settles them', async () => {
    const name = await left({}, text(20));
    const batch = /([0-9a-f-]{36})\.sealed/.exec(name)![1]!;
    const intended: Partial<LeftOptions> = {
      committed: async (list) => list.map((tp) => ({ ...tp, offset: 10, batch })),
    };
    expect(await settle(10, intended)).toMatchObject({ undecided: [name] });
    await (await openDeadLetterFolder({ folder, process: 'p' })).settled(batch);
    expect(await readdir(folder)).toEqual([counted(name)]);
  });

  it('that were written a short while ago may count, but are not removed', async () => {
    const young = await left({}, text(1), 'sealed.open', HOUR / 2);
    const above = await left({}, text(20), 'sealed.open', HOUR / 2);
    const unsealed = await left({}, text(1), 'open', HOUR / 2);
    const outcome = await settle(10);
    expect(outcome.counted).toEqual([young]);
    expect([...outcome.undecided].sort()).toEqual([above, unsealed].sort());
  });

  it('of our own number were left before us; those of a living process are its own', async () => {
    const former = await left({ pid: process.pid }, text(1));
    await left({ pid: process.ppid }, text(1));
    expect(await settle(10)).toEqual({ counted: [former], removed: [], undecided: [] });
  });

  it('of another host are taken for left only when nobody has written them for long', async () => {
    const old = await left({ host: 'host-b' }, text(1));
    await left({ host: 'host-b' }, text(1), 'sealed.open', HOUR / 2);
    expect(await settle(10)).toEqual({ counted: [old], removed: [], undecided: [] });
  });

  it('of another host stay while it lives, however long their batch waits', async () => {
    const there = await openDeadLetterFolder({ folder, process: ownerName({ ...me, host: 'host-b' }) });
    const [sealed, growing] = [BATCH, BATCH.replace('3', '4')];
    for (const batch of [sealed, growing]) await there.append(batch, [letter(20)]);
    await there.seal(sealed);
    await there.touch(now + 2 * HOUR);
    const later = { now: now + 2 * HOUR + HOUR / 2 };
    expect(await settle(10, later)).toEqual({ counted: [], removed: [], undecided: [] });
    await there.acknowledge(sealed);
    await there.stop();
  });

  it('of another group are not looked at, nor is what only looks like a file of letters', async () => {
    const foreign = [
      await left({ group: 'maxsink-other' }, text(1)),
      'notes.open',
      `host-a-${GONE}-${BATCH}.open`,
      `${ownerName(me)}-${BATCH}.jsonl`,
    ];
    for (const name of foreign.slice(1)) await writeFile(join(folder, name), text(1));
    await mkdir(join(folder, `${ownerName(me)}-${BATCH}.open`));
    await symlink(join(folder, 'notes.open'), join(folder, `${ownerName(me)}-${BATCH}.sealed.open`));
    expect(await settle(10)).toEqual({ counted: [], removed: [], undecided: [] });
    expect(await readdir(folder)).toHaveLength(6);
  });

  it('of this process are not touched while they may grow, and settled once they were left', async () => {
    const letters = await openDeadLetterFolder({ folder, process: ownerName(me) });
    const [growing, closed] = [BATCH, BATCH.replace('3', '4')];
    for (const batch of [growing, closed]) {
      await letters.append(batch, [letter(1)]);
      await letters.seal(batch);
    }
    await letters.leave(closed);
    const outcome = await settle(10, { fateOf: letters.fateOf });
    expect(outcome).toMatchObject({ counted: [`${ownerName(me)}-${closed}.sealed.open`], undecided: [] });
    await letters.acknowledge(growing);
    expect((await readdir(folder)).every((name) => name.endsWith('.jsonl'))).toBe(true);
    await letters.stop();
  });

  it('are settled by several processes at once, each file by one of them', async () => {
    const names = await Promise.all(Array.from({ length: 20 }, (_, i) => left({}, text(i))));
    const outcomes = await Promise.all([settle(100), settle(100), settle(100)]);
    expect(outcomes.flatMap((one) => one.counted).sort()).toEqual(names.sort());
    expect((await readdir(folder)).sort()).toEqual(names.map(counted).sort());
  });

  it('with lines that are no letters, or that cannot be read, stay for somebody to look at', async () => {
    const odd = [await left({}, `${text(1)}a note\n`), await left({}, text(1).slice(0, -5))];
    expect([...(await settle(10)).undecided].sort()).toEqual(odd.sort());
  });

  it('that cannot be renamed stay and are told; without a folder there are none', async () => {
    const name = await left({}, text(1));
    await mkdir(join(folder, counted(name)));
    expect(await settle(10)).toEqual({ counted: [], removed: [], undecided: [name] });
    const nowhere = { counted: [], removed: [], undecided: [] };
    expect(await settle(10, { folder: join(folder, 'nope') })).toEqual(nowhere);
  });
});
