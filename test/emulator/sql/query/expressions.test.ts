import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../../src/emulator/server.ts';
import { start } from '../../harness.ts';
import { NESTED_CASES } from './nested-cases.ts';
import { NUMBER_CASES } from './number-cases.ts';
import { TEXT_CASES } from './text-cases.ts';
import { TIME_CASES } from './time-cases.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
});
afterAll(() => emulator.stop());

const answer = async (expression: string): Promise<string> => {
  const text = await emulator.sql(`SELECT ${expression} AS x;`);
  expect(text.slice(0, 4)).toBe('"x"\n');
  return text.slice(4, -1);
};

describe.each([
  ['texts', TEXT_CASES],
  ['numbers', NUMBER_CASES],
  ['times', TIME_CASES],
  ['nested values', NESTED_CASES],
])('%s', (_name, cases) => {
  it.each(cases)('%s is %s', async (expression, expected) => {
    expect(await answer(expression)).toBe(expected);
  });
});
