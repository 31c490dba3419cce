import { hash } from 'node:crypto';
import { BYTES, Cell, NULL } from '../decode/cell/cell.ts';
import { renderText } from './convert/text.ts';

/** Bytes of a hashed key: SHA-256 cut. Among 4 billion different keys two are equal with a chance of 2^-65. */
export const ROW_KEY_BYTES = 16;

/** The hashed key of the row whose cells are filled; null: one of its sources is missing, null or has no text: it is like no other. */
export type RowKey = () => Buffer | null;

/**
 * Keys are equal when all their sources have equal texts, as a STRING column would get them (bytes that are no
 * text: equal bytes). `slots` count cells.
 */
export function createRowKey(slots: readonly number[], cells: readonly Cell[]): RowKey {
  const sources = slots.map((slot) => cells[slot]!);
  const text = new Cell();
  let all = Buffer.alloc(256);
  return () => {
    let at = 0;
    for (const cell of sources) {
      if (cell.kind <= NULL) return null;
      if (cell.kind !== BYTES && renderText(cell, text) !== null) return null;
      const from = cell.kind === BYTES ? cell : text;
      const length = from.end - from.start;
      if (at + 4 + length > all.length) all = Buffer.concat([all], (at + 4 + length) * 2);
      all.writeUInt32LE(length, at);
      all.set(from.bytes.subarray(from.start, from.end), at + 4);
      at += 4 + length;
    }
    return hash('sha256', all.subarray(0, at), 'buffer').subarray(0, ROW_KEY_BYTES);
  };
}
