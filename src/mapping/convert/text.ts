import {
  BOOLEAN,
  BYTES,
  Cell,
  type Dirty,
  DOUBLE,
  INTEGER,
  JSON_TEXT,
  NUMBER,
  STRING,
  TREE,
} from '../../decode/cell/cell.ts';
import { timeText, treeJson } from '../../decode/cell/tree-json.ts';
import { validUtf8 } from '../../decode/encoding/utf8.ts';
import { LIMITS } from '../../limits.ts';
import type { ScalarType } from '../types.ts';
import { typeText } from '../types.ts';
import { countCharacters, endOfCharacters, putAscii, startOfCharacter } from './bytes.ts';
import { type Converter, dirty, show, wrongType } from './converter.ts';
import { numberText } from './decimal-digits.ts';

const scratch = new Uint8Array(64);

/**
 * Any cell with a text as STRING bytes, into `out`: the source text of numbers, booleans, objects and
 * arrays (a TREE as JSON text, cut behind `limit` bytes); ISO 8601 for times (Z for instants, none for local
 * times and days). Valid until the next call.
 */
export function renderText(cell: Cell, out: Cell, limit: number = LIMITS.maxFieldBytes): Dirty | null {
  switch (cell.kind) {
    case STRING:
    case NUMBER:
    case JSON_TEXT:
      out.setBytes(STRING, cell.bytes, cell.start, cell.end);
      return null;
    case BYTES:
      if (!validUtf8(cell.bytes, cell.start, cell.end))
        return dirty('invalid_utf8', `${show(cell)} are not valid UTF-8`);
      out.setBytes(STRING, cell.bytes, cell.start, cell.end);
      return null;
    case TREE: {
      const bytes = Buffer.from(treeJson(cell.tree!, limit));
      out.setBytes(STRING, bytes, 0, bytes.length);
      return null;
    }
    default:
      out.setBytes(STRING, scratch, 0, putAscii(plainText(cell), scratch));
      return null;
  }
}

function plainText(cell: Cell): string {
  switch (cell.kind) {
    case BOOLEAN:
      return cell.num === 1 ? 'true' : 'false';
    case INTEGER:
    case DOUBLE:
      return numberText(cell);
    default:
      return timeText(cell);
  }
}

const rendered = new Cell();

/**
 * STRING VARCHAR(n) CHAR(n): bytes are copied as they are; n counts characters (code points), CHAR is not padded.
 * `cut`: what is too long loses its end, by whole characters.
 */
export function textConverter(type: ScalarType, maxFieldBytes: number, cut = false): Converter {
  const characters = type.length ?? Number.POSITIVE_INFINITY;
  return (cell, out, column) => {
    let from = cell;
    if (cell.kind !== STRING) {
      const problem = renderText(cell, rendered, maxFieldBytes);
      if (problem) return problem;
      from = rendered;
    }
    const length = from.end - from.start;
    if (cut) {
      const fits = length <= maxFieldBytes;
      const most = fits ? from.end : startOfCharacter(from.bytes, from.start, from.start + maxFieldBytes);
      out.bytes(column, from.bytes, from.start, endOfCharacters(from.bytes, from.start, most, characters));
      return null;
    }
    if (length > maxFieldBytes) return tooLong(`${length} bytes`, `${maxFieldBytes} bytes`, type);
    if (length > characters) {
      const count = countCharacters(from.bytes, from.start, from.end);
      if (count > characters) return tooLong(`${count} characters`, `${characters}`, type);
    }
    out.bytes(column, from.bytes, from.start, from.end);
    return null;
  };
}

function tooLong(found: string, limit: string, type: ScalarType): Dirty {
  return dirty('too_long', `${found}, but ${typeText(type)} takes at most ${limit}`);
}

/** BINARY: bytes as they are, or the UTF-8 bytes of a text. `cut`: what is too long loses its end. */
export function binaryConverter(maxFieldBytes: number, cut = false): Converter {
  return (cell, out, column) => {
    if (cell.kind !== BYTES && cell.kind !== STRING) return wrongType(cell, 'BINARY');
    const length = cell.end - cell.start;
    if (length > maxFieldBytes && !cut)
      return tooLong(`${length} bytes`, `${maxFieldBytes} bytes`, { name: 'BINARY' });
    out.bytes(column, cell.bytes, cell.start, cell.start + Math.min(length, maxFieldBytes));
    return null;
  };
}
