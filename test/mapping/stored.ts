import type { Cell, Dirty } from '../../src/decode/cell/cell.ts';
import { parseType } from '../../src/emulator/model/types.ts';
import { readRows } from '../../src/emulator/record/cells.ts';
import { footerBytes } from '../../src/encode/block.ts';
import { RecordWriter } from '../../src/encode/record-writer.ts';
import { createConverter } from '../../src/mapping/convert/convert.ts';
import { parseColumnType } from '../../src/mapping/parse-type.ts';
import type { PlanColumn } from '../../src/mapping/plan.ts';

export type StoreOptions = Partial<Pick<PlanColumn, 'time' | 'round' | 'trim' | 'coercion' | 'name'>> & {
  readonly maxFieldBytes?: number;
};

/**
 * What the emulator's own reader finds in a column of the type, between two others, after the cell was converted
 * and written; or why it is dirty, after a look that the row has no trace of it.
 */
export function stored(type: string, cell: Cell, options: StoreOptions = {}): unknown {
  const column = { name: 'c', time: { format: null, zone: 'UTC' }, round: false, trim: false, ...options };
  const convert = createConverter(
    { ...column, type: parseColumnType(type)! },
    options.maxFieldBytes ?? 8 * 2 ** 20,
  );
  const writer = new RecordWriter();
  writer.begin();
  writer.integer(1, 7);
  const before = writer.rowBytes;
  const problem: Dirty | null = convert(cell, writer, 2);
  if (problem && writer.rowBytes !== before) throw new Error('wrote something although dirty');
  writer.boolean(3, 1);
  writer.end();
  const stream = Buffer.concat([writer.view(), footerBytes(1, writer.crcOfCrcs)]);
  const [row] = readRows(['BIGINT', type, 'BOOLEAN'].map(parseType), stream);
  if (row![0] !== 7n || row![2] !== true) throw new Error('the neighbours changed');
  return problem ? { code: problem.code, message: problem.message } : row![1];
}
