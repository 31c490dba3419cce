import type { RejectionCode } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { Cell, type Dirty, MISSING, NULL } from '../cell/cell.ts';
import { Scratch } from '../cell/scratch.ts';
import { fieldAt, isTyped, type JsonType } from '../json/type.ts';
import { applyType } from '../json/typing.ts';
import type { Path } from '../path/path.ts';
import { readConnectSchema } from './connect-schema.ts';

/** Gives the cells of the paths their types; `parents[i]`: the cell of what path i is a field of. */
export type Typing = (cells: readonly Cell[], parents: readonly Cell[]) => Dirty | null;

/** What was made of the schemas met last. */
export interface Typings {
  /** The typing of the schema whose JSON text the cell holds, or why it is none. */
  find(schema: Cell): Typing | Dirty;
}

const CODE = 'invalid_envelope';

interface Known {
  readonly text: Uint8Array;
  readonly typing: Typing | Dirty;
}

/** Records of a topic repeat their schema: equal bytes, and most often those of the record before. */
export function createTypings(paths: readonly Path[], ignoreCase: boolean): Typings {
  const known: Known[] = [];

  function made(text: Uint8Array): Known {
    return { text, typing: compiled(text) };
  }

  function compiled(text: Uint8Array): Typing | Dirty {
    try {
      return compileTyping(readConnectSchema(text, 0, text.length), paths, ignoreCase, CODE);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { code: CODE, message: `the schema cannot be used: ${reason}` };
    }
  }

  return {
    find({ bytes, start, end }) {
      const at = known.findIndex(({ text }) => equal(text, bytes, start, end));
      if (at === 0) return known[0]!.typing;
      const one = at > 0 ? known.splice(at, 1)[0]! : made(new Uint8Array(bytes.subarray(start, end)));
      if (one.text.length > LIMITS.rememberedSchemaBytes) return one.typing;
      known.unshift(one);
      if (known.length > LIMITS.rememberedSchemas) known.pop();
      return one.typing;
    },
  };
}

function equal(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  return text.length === end - start && Buffer.compare(text, bytes.subarray(start, end)) === 0;
}

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
