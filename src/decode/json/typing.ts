import type { RejectionCode } from '../../errors.ts';
import { Cell, type Dirty, MISSING, NULL } from '../cell/cell.ts';
import { Scratch } from '../cell/scratch.ts';
import type { Path } from '../path/path.ts';
import { applyType } from './apply-type.ts';
import { fieldAt, isTyped, type JsonType } from './type.ts';

/** Gives the cells of the paths their types; `parents[i]`: the cell of what path i is a field of. */
export type Typing = (cells: readonly Cell[], parents: readonly Cell[]) => Dirty | null;

/** A path whose value the schema gives a type. */
interface Typed {
  readonly slot: number;
  readonly name: string;
  readonly type: JsonType;
}

/** A path whose field means something when it is left out. */
interface Defaulted {
  readonly slot: number;
  readonly value: Cell;
}

/** Nothing is done for paths about which the schema says no more than their text. */
export function compileTyping(
  root: JsonType,
  paths: readonly Path[],
  ignoreCase: boolean,
  code: RejectionCode,
): Typing {
  const typed: Typed[] = [];
  const defaulted: Defaulted[] = [];
  paths.forEach((path, slot) => {
    const { type, absent } = fieldAt(root, path, ignoreCase);
    const name = nameOf(path);
    if (isTyped(type)) typed.push({ slot, name, type });
    if (absent !== null) defaulted.push({ slot, value: typedDefault(type, absent, name) });
  });
  const scratch = new Scratch();
  return (cells, parents) => {
    scratch.reset();
    for (let i = 0; i < typed.length; i++) {
      const { slot, name, type } = typed[i]!;
      const problem = applyType(type, cells[slot]!, scratch);
      if (problem !== null) return { code, message: misfit(name, problem) };
    }
    for (let i = 0; i < defaulted.length; i++) {
      const { slot, value } = defaulted[i]!;
      if (cells[slot]!.kind === MISSING && parents[slot]!.kind > NULL) cells[slot]!.copy(value);
    }
    return null;
  };
}

function typedDefault(type: JsonType, absent: Cell, name: string): Cell {
  const value = Object.assign(new Cell(), absent);
  const problem = applyType(type, value, new Scratch());
  if (problem !== null) throw new Error(`the default of ${misfit(name, problem)}`);
  return value;
}

const nameOf = (path: Path): string => (path.length === 0 ? 'the payload' : `field ${path.join('.')}`);
const misfit = (name: string, problem: string): string => `${name} does not fit its schema: ${problem}`;
