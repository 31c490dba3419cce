import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../../src/emulator/server.ts';
import { SIGNATURES } from '../../../../src/emulator/sql/query/functions/registry.ts';
import { SPECIAL } from '../../../../src/emulator/sql/query/functions/special.ts';
import { encode, start, upload } from '../../harness.ts';
import { NESTED_CASES } from './nested-cases.ts';
import { NUMBER_CASES } from './number-cases.ts';
import { QUERY_CASES } from './query-cases.ts';
import { TEXT_CASES } from './text-cases.ts';
import { TIME_CASES } from './time-cases.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
  await emulator.sql('CREATE TABLE emp0 (id BIGINT, name STRING, dept STRING, salary STRING, hired STRING)');
  const rows = [
    [1, 'ann', 'x', '10.5', '2020-01-01 00:00:00'],
    [2, 'bob', 'x', '20', '2020-02-01 00:00:00'],
    [3, 'cid', 'y', '30', '2020-03-01 00:00:00'],
    [4, 'dan', 'y', null, '2020-04-01 00:00:00'],
  ];
  await upload(emulator, { table: 'emp0' }, encode(rows));
  await emulator.sql(
    'CREATE VIEW emp AS SELECT id, name, dept, cast(salary AS double) salary, cast(hired AS datetime) hired FROM emp0',
  );
  await emulator.sql('CREATE TABLE dept (code STRING, title STRING)');
  await upload(
    emulator,
    { table: 'dept' },
    encode([
      ['x', 'dx'],
      ['z', 'dz'],
    ]),
  );
  await emulator.sql('CREATE TABLE words (`offset` BIGINT, `all` STRING)');
  await upload(emulator, { table: 'words' }, encode([[7, 'w']]));
  await emulator.sql('CREATE TABLE parted (v BIGINT) PARTITIONED BY (pt STRING)');
  for (const [index, pt] of ['20260101', '20260102', '20260103'].entries()) {
    await emulator.sql(`ALTER TABLE parted ADD PARTITION (pt='${pt}')`);
    if (index < 2)
      await upload(emulator, { table: 'parted', tablePartition: `pt=${pt}` }, encode([[index + 1]]));
  }
});
afterAll(() => emulator.stop());

/** `a,b|1,2`: the header without its quotes, lines joined by `|`. */
const answer = async (query: string): Promise<string> => {
  const [header = '', ...lines] = (await emulator.sql(`${query};`)).trimEnd().split('\n');
  return [header.replaceAll('"', ''), ...lines].join('|');
};

const NAMES = [...SIGNATURES.keys(), ...Object.keys(SPECIAL)];

describe('queries', () => {
  it.each(QUERY_CASES)('%s', async (query, expected) => {
    expect(await answer(query)).toBe(expected);
  });

  it('have a case for every function', () => {
    const cases = [...TEXT_CASES, ...NUMBER_CASES, ...TIME_CASES, ...NESTED_CASES, ...QUERY_CASES];
    const text = cases.map(([query]) => query.toLowerCase()).join('\n');
    expect(NAMES.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });

  it('know the functions that the documents list, and no others', () => {
    const page = readFileSync('docs/local-maxcompute.md', 'utf8');
    const [list = ''] = /<!-- functions -->[\s\S]*<!-- \/functions -->/.exec(page) ?? [];
    // Those that answer rows, in the last line, are no functions of a value.
    const lines = [...list.matchAll(/^\| (?!rows)[^|]*\((\d+)\) \| `([^`]*)` \|$/gm)];
    const listed = lines.map(([, count, names = '']) => ({ count: Number(count), names: names.split(' ') }));
    for (const { count, names } of listed) expect(names).toHaveLength(count);
    expect(listed.flatMap(({ names }) => names).sort()).toEqual([...NAMES].sort());
    expect(list).toContain(`${NAMES.length} functions`);
  });
});
