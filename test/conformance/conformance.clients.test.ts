import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/project.ts';
import { type Answer, CLIENTS } from './clients.ts';
import { SECTIONS } from './operations.ts';
import { pageOf } from './page.ts';
import { judge, type Verdicts } from './run.ts';
import { FORMS } from './type-run.ts';
import { SAMPLES } from './types.ts';

const PAGE = path.join(ROOT, 'docs', 'official-clients.md');
let verdicts: Verdicts;

beforeAll(async () => {
  verdicts = await judge();
}, 600_000);

function accepted(answer: Answer | undefined, what = ''): void {
  if (!answer?.ok) throw new Error(`${what}${answer?.detail ?? 'it was not run'}`);
}

for (const { title, operations } of SECTIONS) {
  describe(title, () => {
    for (const operation of operations)
      for (const client of CLIENTS)
        it(`${client}: ${operation.title}`, () => accepted(verdicts.of(operation, client)));
  });
}

describe('types', () => {
  for (const { type } of SAMPLES)
    for (const client of CLIENTS)
      for (const form of FORMS)
        it(`${type} of ${client} as ${form} comes back exactly, by every way of both clients`, () => {
          const own = verdicts.types.written.find(
            (one) => one.sample.type === type && one.client === client && one.form === form,
          );
          accepted(own?.answer, 'written: ');
          const read = verdicts.types.read.filter(({ written }) => written === own);
          const wrong = read
            .filter(({ answer }) => !answer.ok)
            .map(({ client: reader, route, answer }) => `${reader} ${route}: ${answer.detail.slice(0, 600)}`);
          expect(wrong).toEqual([]);
        });
});

describe("each with the other's data", () => {
  for (const client of CLIENTS)
    it(`${client} reads what the other wrote`, () => accepted(verdicts.crossed[client]));
});

describe('docs/official-clients.md', () => {
  it('says what this run found', () => {
    const page = pageOf(verdicts);
    if (process.env.OFFICIAL_CLIENTS === 'write') writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });
});
