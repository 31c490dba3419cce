import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColumnType } from '../../../src/emulator/model/types.ts';
import { type Cell, readRows } from '../../../src/emulator/record/cells.ts';
import { createRecordWriter } from '../../../src/emulator/record/record-writer.ts';
import { anyRows } from './cell-arbitraries.ts';
import { rowsOf, typesOf, vectors } from './vectors.ts';

function write(types: readonly ColumnType[], rows: readonly (readonly Cell[])[], takeEvery = 1e9): Buffer {
  const writer = createRecordWriter(types);
  const pieces = rows.map((row, index) => {
    writer.add(row);
    return index % takeEvery === takeEvery - 1 ? writer.take() : Buffer.of();
  });
  return Buffer.concat([...pieces, writer.end()]);
}

describe('record writer', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    'writes the official bytes of %s',
    (_, vector) => {
      expect(write(typesOf(vector), rowsOf(vector)).toString('hex')).toBe(vector.hex);
    },
  );

  it('writes what the reader reads, of any type', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 4 }), ({ types, rows }, takeEvery) => {
        const stream = write(types, rows, takeEvery);
        expect(readRows(types, stream)).toEqual(rows);
        expect(stream.equals(write(types, rows))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('numbers the columns in the given order', () => {
    const types: ColumnType[] = [{ name: 'STRING' }, { name: 'BIGINT' }];
    const stream = write(types, [['a', 1n]]);
    expect(stream.toString('hex').startsWith('0a01611002')).toBe(true);
    expect(
      write(types.toReversed(), [[1n, 'a']])
        .toString('hex')
        .startsWith('0802120161'),
    ).toBe(true);
  });

  it('writes one form of NaN, and values larger than its first room', () => {
    const odd = new Float64Array(new BigUint64Array([0xfff8000000000001n]).buffer)[0]!;
    expect(write([{ name: 'DOUBLE' }], [[odd]]).toString('hex')).toContain('09000000000000f87f');
    const large = 'x中'.repeat(100_000);
    expect(readRows([{ name: 'STRING' }], write([{ name: 'STRING' }], [[large], ['']]))).toEqual([
      [large],
      [''],
    ]);
  });
});
