import { createHash } from 'node:crypto';
import { BYTES, Cell, NULL } from '../decode/cell.ts';
import { renderText } from './convert/text.ts';

/** Bytes of a hashed key: SHA-256 cut, so that two different keys never meet (2^-64 among 4 billion rows). */
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
  const length = Buffer.alloc(4);
  return () => {
    const hash = createHash('sha256');
    for (const cell of sources) {
      if (cell.kind <= NULL) return null;
      if (cell.kind !== BYTES && renderText(cell, text) !== null) return null;
      const from = cell.kind === BYTES ? cell : text;
      length.writeUInt32LE(from.end - from.start);
      hash.update(length).update(from.bytes.subarray(from.start, from.end));
    }
    return hash.digest().subarray(0, ROW_KEY_BYTES);
  };
}
