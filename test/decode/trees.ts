import * as cells from '../../src/decode/cell/cell.ts';

/** Cells as decoders make them, from plain values. */
export function cellOf(fill: (cell: cells.Cell) => void): cells.Cell {
  const cell = new cells.Cell();
  fill(cell);
  return cell;
}

export const text = (kind: number, value: string | Uint8Array): cells.Cell => {
  const bytes = Buffer.from(value);
  return cellOf((cell) => cell.setBytes(kind, bytes, 0, bytes.length));
};
export const string = (value: string): cells.Cell => text(cells.STRING, value);
export const number = (value: string): cells.Cell => text(cells.NUMBER, value);
export const bytes = (...value: number[]): cells.Cell => text(cells.BYTES, Uint8Array.from(value));
export const integer = (value: number | bigint): cells.Cell => cellOf((cell) => cell.setInteger(value));
export const ofKind = (kind: number, num = 0, nanos = 0): cells.Cell =>
  cellOf((cell) => Object.assign(cell, { kind, num, nanos }));
export const items = (...values: cells.Cell[]): cells.Cell =>
  cellOf((cell) => cell.setTree({ items: values }));
export const members = (...entries: [string, cells.Cell][]): cells.Cell =>
  cellOf((cell) => cell.setTree({ members: entries.map(([name, value]) => ({ name, value })) }));
