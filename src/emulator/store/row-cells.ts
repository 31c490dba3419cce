import type { Cell } from '../record/cells.ts';
import type { DuckDBDataChunk } from './duckdb.ts';
import type { fromDuck } from './duckdb-cells.ts';
import type { Taken } from './pace.ts';

/** Rows in the order in which they stand, and what they hold. */
export interface Piece extends Taken {
  readonly cells: readonly (readonly Cell[])[];
}

/** What is read ahead of a client, about. */
const PIECE_BYTES = 1024 * 1024;

/** The rows of a chunk in pieces; the next become values when it is asked for them. */
export function* piecesOf(
  chunk: DuckDBDataChunk,
  readers: readonly ReturnType<typeof fromDuck>[],
): Generator<Piece> {
  const vectors = readers.map((_reader, index) => chunk.getColumnVector(index));
  let cells: Cell[][] = [];
  let bytes = 0;
  for (let row = 0; row < chunk.rowCount; row += 1) {
    const one = vectors.map((vector, index) => readers[index]!(vector.getItem(row)));
    cells.push(one);
    for (const cell of one) bytes += sizeOf(cell);
    if (bytes < PIECE_BYTES) continue;
    yield { cells, rows: cells.length, bytes };
    cells = [];
    bytes = 0;
  }
  if (cells.length) yield { cells, rows: cells.length, bytes };
}

/** A value and what it holds. */
function sizeOf(cell: Cell): number {
  if (typeof cell === 'string' || cell instanceof Uint8Array) return 8 + cell.length;
  return Array.isArray(cell) ? cell.reduce((sum: number, one) => sum + sizeOf(one as Cell), 8) : 8;
}
