import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DeadLetter, deadLetterLine } from '../../src/deadletter/dead-letter.ts';
import { readLetterOffsets } from '../../src/deadletter/offsets.ts';
import { type TempDir, tempDir } from '../support/process.ts';

let folder: TempDir;
beforeEach(() => {
  folder = tempDir();
});
afterEach(() => folder.remove());

const letter = (topic: string, partition: number, offset: number, value = '{"id": 1'): string => {
  const nothing = { timestamp: null, key: null, headers: [], column: null, sample: '"topic":"x"' };
  const why = { stage: 'decode', code: 'invalid_json', message: 'line\nfeed' };
  const whole: DeadLetter = { ...nothing, ...why, topic, partition, offset, value: Buffer.from(value) };
  return [...deadLetterLine(whole)].join('');
};

it('are read from the files that count, repeated ones and huge values included', async () => {
  const huge = 'x'.repeat(3_000_000);
  folder.write('host-1-a.jsonl', letter('a', 0, 7) + letter('a', 0, 8, huge) + letter('a.b-c_d', 3, 2 ** 40));
  folder.write('host-2-b.jsonl', letter('a', 0, 7) + letter('a', 1, 7));
  folder.write('host-3-c.open', letter('a', 0, 9));
  const found = await readLetterOffsets(folder.path);
  expect([found.files, found.open, found.unreadable]).toEqual([2, 1, 0]);
  expect(found.offsets).toEqual(
    new Map([
      ...[['a', new Map([...[[0, [7, 8, 7]] as const], [1, [7]]])] as const],
      ['a.b-c_d', new Map([[3, [2 ** 40]]])],
    ]),
  );
});

it('counts lines that are something else', async () => {
  writeFileSync(path.join(folder.path, 'notes.jsonl'), `{"a":1}\n\n${letter('a', 0, 1)}half a lin`);
  const { unreadable, offsets } = await readLetterOffsets(folder.path);
  expect([unreadable, offsets.get('a')?.get(0)]).toEqual([2, [1]]);
});

it('tells a folder that is not there from an empty one', async () => {
  mkdirSync(path.join(folder.path, 'empty'));
  expect((await readLetterOffsets(path.join(folder.path, 'empty'))).files).toBe(0);
  expect((await readLetterOffsets(path.join(folder.path, 'none'))).files).toBeNull();
});
