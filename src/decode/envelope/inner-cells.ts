import { Cell } from '../cell/cell.ts';
import type { Path } from '../path/path.ts';

/** Paths of a decoder inside another one, and where its cells are: the caller's or its own. */
export interface InnerCells {
  readonly paths: readonly Path[];
  /** Adds a path that fills the caller's cell. */
  direct(path: Path, slot: number): void;
  /** Adds a path with a cell of its own. */
  own(path: Path): Cell;
  /** The cells of `paths`, once all are added. Callers mostly come with the same cells again. */
  bind(cells: readonly Cell[]): readonly Cell[];
}

export function createInnerCells(): InnerCells {
  const paths: Path[] = [];
  const own: Cell[] = [];
  const directs: { readonly at: number; readonly slot: number }[] = [];
  let callers: readonly Cell[] | null = null;
  let bound: readonly Cell[] = [];
  return {
    paths,
    direct(path, slot) {
      directs.push({ at: paths.push(path) - 1, slot });
    },
    own(path) {
      const cell = new Cell();
      own[paths.push(path) - 1] = cell;
      return cell;
    },
    bind(cells) {
      if (cells === callers) return bound;
      callers = cells;
      const all = [...own];
      for (const { at, slot } of directs) all[at] = cells[slot]!;
      // Another array for other cells: decoders inside remember theirs in the same way.
      bound = all;
      return bound;
    },
  };
}
