import { expect, it } from 'vitest';
import { createProblems } from '../../src/ops/problems.ts';

const add = (problems: ReturnType<typeof createProblems>, code: string, message: string, now: number) =>
  problems.add({ level: 'warn', code, message }, message, now);

it('counts equal problems, numbers aside, and shows the last text', () => {
  const problems = createProblems();
  add(problems, '-195', 'kafka: connect failed after 12 ms', 10);
  add(problems, 'session_lost', 'gone', 20);
  add(problems, '-195', 'kafka: connect failed after 3041 ms', 30);
  expect(problems.list()).toEqual([
    {
      ...{ level: 'warn', code: '-195', message: 'kafka: connect failed after 3041 ms' },
      ...{ firstAt: 10, lastAt: 30, count: 2 },
    },
    { level: 'warn', code: 'session_lost', message: 'gone', firstAt: 20, lastAt: 20, count: 1 },
  ]);
});

it('is bounded: the one that is longest ago goes, long texts are cut', () => {
  const problems = createProblems(2);
  add(problems, 'a', 'x'.repeat(10_000), 1);
  add(problems, 'b', 'b', 2);
  add(problems, 'a', 'x'.repeat(10_000), 3);
  add(problems, 'c', 'c', 4);
  expect(problems.list().map(({ code }) => code)).toEqual(['c', 'a']);
  expect(problems.list()[1]!.message).toHaveLength(600);
});
