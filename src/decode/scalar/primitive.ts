import type { Cell, Dirty } from '../cell/cell.ts';
import type { Decoder } from '../decoder.ts';
import type { Path } from '../path/path.ts';
import { requireWholeValue } from './text.ts';

const view = new DataView(new ArrayBuffer(8));

/** What Kafka's own serializers of numbers write: so many bytes, the most significant one first. */
const PRIMITIVES = {
  short: { size: 2, fill: (cell: Cell) => cell.setInteger(view.getInt16(0)) },
  integer: { size: 4, fill: (cell: Cell) => cell.setInteger(view.getInt32(0)) },
  long: { size: 8, fill: (cell: Cell) => cell.setInteger(view.getBigInt64(0)) },
  float: { size: 4, fill: (cell: Cell) => cell.setDouble(view.getFloat32(0), true) },
  double: { size: 8, fill: (cell: Cell) => cell.setDouble(view.getFloat64(0)) },
} as const;

export type Primitive = keyof typeof PRIMITIVES;

/** The whole value as one number: INTEGER or DOUBLE. */
export function createPrimitiveDecoder(format: Primitive, paths: readonly Path[]): Decoder {
  requireWholeValue(format, paths);
  const { size, fill } = PRIMITIVES[format];
  return {
    decode(bytes, start, end, cells) {
      if (end - start !== size) return wrongLength(format, size, end - start);
      for (let i = 0; i < size; i++) view.setUint8(i, bytes[start + i]!);
      for (let i = 0; i < cells.length; i++) fill(cells[i]!);
      return null;
    },
  };
}

function wrongLength(format: string, size: number, length: number): Dirty {
  return { code: 'wrong_length', message: `a value of format ${format} has ${size} bytes, not ${length}` };
}
