import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DeadLetter, parseDeadLetter } from '../../src/deadletter/dead-letter.ts';
import { openDeadLetterFolder } from '../../src/deadletter/file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dead-letters-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const letter = (offset: number, value: Uint8Array = Buffer.from('{broken')): DeadLetter => ({
  topic: 'orders',
  partition: 0,
  offset,
  timestamp: 1,
  key: null,
  value,
  headers: [{ name: 'h', value: null }],
  stage: 'decode',
  code: 'invalid_json',
  column: null,
  message: 'm',
  sample: null,
});
const unwritable = {
  code: 'dead_letter_unwritable',
  message: expect.stringContaining('dead letters cannot be written to'),
};
const offsets = async (path: string) =>
  (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => parseDeadLetter(line).offset);

describe('a batch of dead letters', () => {
  it('grows in an .open file at once and counts as .jsonl once acknowledged', async () => {
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    await letters.append('7', [letter(1), letter(2)]);
    expect(await offsets(join(folder, 'p1-7.open'))).toEqual([1, 2]);
    await letters.append('7', [letter(3)]);
    await letters.seal('7');
    expect(await readdir(folder)).toEqual(['p1-7.sealed.open']);
    await letters.acknowledge('7');
    expect(await readdir(folder)).toEqual(['p1-7.jsonl']);
    expect(await offsets(join(folder, 'p1-7.jsonl'))).toEqual([1, 2, 3]);
    await letters.stop();
  });

  it('keeps the order of appends that nobody waited for, and of batches side by side', async () => {
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(numbers.map((i) => letters.append(i % 2 ? 'odd' : 'even', [letter(i)])));
    for (const batch of ['odd', 'even']) await letters.seal(batch).then(() => letters.acknowledge(batch));
    expect(await offsets(join(folder, 'p1-odd.jsonl'))).toEqual(numbers.filter((i) => i % 2));
    expect(await offsets(join(folder, 'p1-even.jsonl'))).toEqual(numbers.filter((i) => i % 2 === 0));
  });

  it('leaves nothing behind when abandoned, whatever is under way', async () => {
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    const pending = letters.append('1', [letter(1)]);
    await letters.abandon('1');
    await pending;
    await letters.abandon('never-seen');
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is sealed stays when it is abandoned: the offsets may have moved all the same', async () => {
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    await letters.append('1', [letter(1)]);
    await letters.seal('1');
    await letters.abandon('1');
    expect(letters.fateOf('1')).toBe('left');
    expect(await readdir(folder)).toEqual(['p1-1.sealed.open']);
  });

  it('without letters makes no file', async () => {
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    await letters.append('1', []);
    await letters.seal('1');
    await letters.acknowledge('1');
    expect(await readdir(folder)).toEqual([]);
  });

  it('of a process that was killed stays an .open file when the next one starts', async () => {
    await writeFile(join(folder, 'p0-1.open'), 'half a li');
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    await letters.append('1', [letter(1)]);
    await letters.stop();
    expect((await readdir(folder)).sort()).toEqual(['p0-1.open', 'p1-1.open']);
  });
});

describe('a batch that is left to recovery', () => {
  const batch = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
  const leftBy = async (process: string, sealed = true) => {
    const letters = await openDeadLetterFolder({ folder, process });
    await letters.append(batch, [letter(1)]);
    if (sealed) await letters.seal(batch);
    await letters.leave(batch);
    return letters;
  };

  it('stays as it is, and takes part in nothing more', async () => {
    const letters = await leftBy('p1');
    expect(letters.fateOf(batch)).toBe('left');
    await letters.acknowledge(batch);
    await letters.abandon(batch);
    await letters.leave('never-seen');
    await letters.stop();
    expect(await readdir(folder)).toEqual([`p1-${batch}.sealed.open`]);
  });

  it('counts when it is settled, by whichever process of whichever host, once and again', async () => {
    await leftBy('host-a-7');
    const other = await openDeadLetterFolder({ folder, process: 'host-b-9' });
    await Promise.all([other.settled(batch), other.settled(batch)]);
    await other.settled(batch);
    await other.settled('a-batch-without-letters');
    expect(await offsets(join(folder, `host-a-7-${batch}.jsonl`))).toEqual([1]);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('counts when its own process settles it, whatever is under way', async () => {
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    const pending = letters.append(batch, [letter(1)]);
    expect(letters.fateOf(batch)).toBe('open');
    await letters.settled(batch);
    await pending;
    expect(letters.fateOf(batch)).toBeNull();
    expect(await readdir(folder)).toEqual([`p1-${batch}.jsonl`]);
  });

  it('leaves the files of other batches alone', async () => {
    const letters = await leftBy('p1');
    await letters.settled(batch.replace('3', '4'));
    await letters.settled(batch.slice(1));
    expect(await readdir(folder)).toEqual([`p1-${batch}.sealed.open`]);
  });

  it('that was settled while its owner was frozen is acknowledged all the same', async () => {
    const owner = await openDeadLetterFolder({ folder, process: 'p1' });
    await owner.append('7', [letter(1)]);
    await owner.seal('7');
    await (await openDeadLetterFolder({ folder, process: 'p2' })).settled('7');
    await owner.acknowledge('7');
    expect(await readdir(folder)).toEqual(['p1-7.jsonl']);
  });

  it('that cannot be settled is an error: the offsets must not move', async () => {
    const letters = await leftBy('p1');
    await mkdir(join(folder, `p1-${batch}.jsonl`));
    await expect(letters.settled(batch)).rejects.toMatchObject(unwritable);
    await rm(folder, { recursive: true });
    await expect(letters.settled(batch)).rejects.toMatchObject(unwritable);
  });
});

describe('the folder', () => {
  it('that can never be is refused at once, where the system has folders of its own', async () => {
    await expect(openDeadLetterFolder({ folder: '/proc/nope/deep', process: 'p1' })).rejects.toMatchObject(
      unwritable,
    );
  });

  it('is made with everything above it', async () => {
    const deep = join(folder, 'a', 'b', 'c');
    await (await openDeadLetterFolder({ folder: deep, process: 'p1' })).stop();
    expect(await readdir(deep)).toEqual([]);
  });

  it('is refused when it is a file', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(openDeadLetterFolder({ folder: join(folder, 'file'), process: 'p1' })).rejects.toMatchObject(
      unwritable,
    );
  });

  it('that is gone or was replaced is noticed before the offset moves', async () => {
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    await letters.append('1', [letter(1)]);
    await letters.append('2', [letter(2)]);
    await rename(folder, `${folder}-moved`);
    await expect(letters.seal('1')).rejects.toMatchObject(unwritable);
    await expect(letters.append('3', [letter(3)])).rejects.toMatchObject(unwritable);
    await rename(`${folder}-moved`, folder);
    await rm(join(folder, 'p1-2.open'));
    await writeFile(join(folder, 'p1-2.open'), '');
    await expect(letters.seal('2')).rejects.toMatchObject(unwritable);
    await letters.stop();
  });

  it('never overwrites a file of the same name', async () => {
    await writeFile(join(folder, 'p1-1.open'), 'older');
    const letters = await openDeadLetterFolder({ folder, process: 'p1' });
    await expect(letters.append('1', [letter(1)])).rejects.toMatchObject(unwritable);
    expect(await readFile(join(folder, 'p1-1.open'), 'utf8')).toBe('older');
  });
});

describe('a full disk', () => {
  const mounted = (path: string) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };

  it('stops the batch: no later step of it succeeds, and abandoning makes room again', async (context) => {
    if (!mounted(folder)) return context.skip('needs the right to mount a tmpfs');
    try {
      const letters = await openDeadLetterFolder({ folder, process: 'p1' });
      await letters.append('1', [letter(1)]);
      await expect(letters.append('1', [letter(2, Buffer.alloc(200_000, 'x'))])).rejects.toMatchObject({
        ...unwritable,
        cause: { code: 'ENOSPC' },
      });
      await expect(letters.append('1', [letter(3)])).rejects.toMatchObject(unwritable);
      await expect(letters.seal('1')).rejects.toMatchObject(unwritable);
      await expect(letters.acknowledge('1')).rejects.toMatchObject(unwritable);
      await letters.abandon('1');
      await letters.append('2', [letter(4)]);
      await letters.seal('2');
      await letters.acknowledge('2');
      expect(await offsets(join(folder, 'p1-2.jsonl'))).toEqual([4]);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  it('is noticed at start', async () => {
    await symlink('/dev/full', join(folder, 'p1-probe.tmp'));
    await expect(openDeadLetterFolder({ folder, process: 'p1' })).rejects.toMatchObject({
      ...unwritable,
      cause: { code: 'ENOSPC' },
    });
  });
});
