import { expect, it } from 'vitest';
import { startChild, tempDir } from './process.ts';

const node = (script: string) => startChild(process.execPath, ['-e', script]);

it('waits for lines of both streams', async () => {
  const child = node('console.log("one"); console.error("two")');
  expect(await child.waitFor('one')).toBe('one');
  expect(await child.waitFor(/^t/)).toBe('two');
  expect(await child.exited).toEqual({ code: 0, signal: null });
});

it('fails at once, with the output, when the process ends before the line', async () => {
  const child = node('console.log("a reason"); process.exit(3)');
  await expect(child.waitFor('never')).rejects.toThrow(/ended \(3\)[\s\S]*a reason/);
});

it('kills and stops', async () => {
  const stubborn = node('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)');
  await stubborn.waitFor('up');
  expect(stubborn.running()).toBe(true);
  expect(await stubborn.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
  expect(stubborn.running()).toBe(false);
});

it('names a command that is not there', async () => {
  const child = startChild('/nowhere/at-all', []);
  await expect(child.waitFor('never')).rejects.toThrow('ended');
});

it('makes folders that go away', async () => {
  const folder = tempDir();
  expect(folder.write('a.txt', 'x')).toBe(`${folder.path}/a.txt`);
  folder.remove();
  expect(() => folder.write('b.txt', 'x')).toThrow('ENOENT');
});
