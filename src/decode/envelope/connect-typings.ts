import { LIMITS } from '../../limits.ts';
import type { Cell, Dirty } from '../cell/cell.ts';
import { compileTyping, type Typing } from '../json/typing.ts';
import type { Path } from '../path/path.ts';
import { readConnectSchema } from './connect-schema.ts';

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
