import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseType } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import type { Emulator } from '../../../src/emulator/server.ts';
import { trimmedDecimals } from '../../../src/emulator/sql/trimmed-decimals.ts';
import type { Rows } from '../../../src/emulator/store/store.ts';
import { sql, start } from '../harness.ts';

/** One column with one value, through the trimming. */
async function trimmed(type: string, cell: Cell): Promise<Cell | undefined> {
  const rows: Rows = {
    columns: [{ name: 'c', type: parseType(type), comment: '', nullable: true }],
    count: 1,
    read: async function* () {
      yield [[cell]];
    },
    release: async () => {},
  };
  for await (const [row] of trimmedDecimals(rows).read({ columns: ['c'], start: 0, count: 1 }))
    return row![0];
  return undefined;
}

it.each<[type: string, cell: Cell, expected: Cell]>([
  ['decimal(38,18)', '55.123456789012345000', '55.123456789012345'],
  ['decimal(38,18)', '10.000000000000000000', '10'],
  ['decimal(38,18)', '0.000000000000000000', '0'],
  ['decimal(4,2)', '-0.50', '-0.5'],
  ['decimal(5,0)', '1000', '1000'],
  ['decimal(4,2)', null, null],
  ['array<decimal(4,2)>', ['1.50', null], ['1.5', null]],
  ['map<decimal(4,2),string>', [['1.50', '1.50']], [['1.5', '1.50']]],
  ['map<string,decimal(4,2)>', [['1.50', '1.50']], [['1.50', '1.5']]],
  ['struct<a:string,b:array<decimal(4,2)>>', ['2.00', ['2.00']], ['2.00', ['2']]],
  ['array<string>', ['1.50'], ['1.50']],
  ['string', '1.50', '1.50'],
])('%s: %j becomes %j', async (type, cell, expected) => {
  expect(await trimmed(type, cell)).toEqual(expected);
});

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start();
});
afterAll(() => emulator.stop());

it('is what queries answer, until a statement asks for the zeros', async () => {
  const query = "SELECT CAST('1.50' AS DECIMAL(10,4)) AS a";
  expect(await sql(emulator, query)).toEqual({ status: 'Success', text: '"a"\n1.5\n' });
  const kept = await sql(emulator, `SET odps.sql.decimal.tostring.trimzero=false; ${query}`);
  expect(kept.text).toBe('"a"\n1.5000\n');
});
