import { BOOLEAN, Cell, type Member, NULL, NUMBER, STRING, type Tree } from '../cell/cell.ts';
import { cellText } from '../encoding/utf8.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipPlain,
  skipScalar,
  skipSpace,
  skipString,
} from './text.ts';
import { unescapeString } from './unescape.ts';

/**
 * Valid JSON text (as the JSON decoder lets it pass) as a TREE, or as the cell of a scalar: numbers stay
 * NUMBER text, so that nothing is lost. The cells point into `bytes`. Null: a string escapes half a
 * surrogate pair, which no UTF-8 text can hold (`invalid_utf8`).
 */
export function jsonTree(bytes: Uint8Array, start: number, end: number): Cell | null {
  const reader: Reader = { bytes, at: skipSpace(bytes, start), end, whole: true };
  const cell = readValue(reader);
  return reader.whole ? cell : null;
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
  /** Behind the whole text: only a number at the top needs it, all else ends by itself. */
  readonly end: number;
  /** False once half a surrogate pair was met. */
  whole: boolean;
}

function readValue(reader: Reader): Cell {
  const { bytes, at } = reader;
  const cell = new Cell();
  switch (bytes[at]) {
    case OPEN_OBJECT:
      cell.setTree(readObject(reader));
      break;
    case OPEN_ARRAY:
      cell.setTree(readArray(reader));
      break;
    case QUOTE:
      readString(reader, cell);
      break;
    default:
      readScalar(reader, cell);
  }
  return cell;
}

function readObject(reader: Reader): Tree {
  const { bytes } = reader;
  const members: Member[] = [];
  const name = new Cell();
  while (nextItem(reader, CLOSE_OBJECT)) {
    readString(reader, name);
    // A colon stands between, and blanks perhaps.
    reader.at = skipSpace(bytes, skipSpace(bytes, reader.at) + 1);
    members.push({ name: cellText(name), value: readValue(reader) });
  }
  return { members };
}

function readArray(reader: Reader): Tree {
  const items: Cell[] = [];
  while (nextItem(reader, CLOSE_ARRAY)) items.push(readValue(reader));
  return { items };
}

/** From the opening bracket, or from behind an item, to the next item; false: behind the closing bracket. */
function nextItem(reader: Reader, close: number): boolean {
  const { bytes } = reader;
  let at = skipSpace(bytes, reader.at);
  if (bytes[at] !== close) at = skipSpace(bytes, at + 1);
  const more = bytes[at] !== close;
  reader.at = more ? at : at + 1;
  return more;
}

function readString(reader: Reader, cell: Cell): void {
  const { bytes } = reader;
  const start = reader.at + 1;
  const plainEnd = skipPlain(bytes, start);
  if (bytes[plainEnd] === QUOTE) {
    cell.setBytes(STRING, bytes, start, plainEnd);
    reader.at = plainEnd + 1;
    return;
  }
  reader.at = skipString(bytes, plainEnd);
  const text = new Uint8Array(reader.at - 1 - start);
  const length = unescapeString(bytes, start, reader.at - 1, text, 0);
  if (length < 0) reader.whole = false;
  cell.setBytes(STRING, text, 0, Math.max(length, 0));
}

function readScalar(reader: Reader, cell: Cell): void {
  const { bytes, at } = reader;
  const first = bytes[at];
  const stop = skipScalar(bytes, at);
  // What stands behind the whole text is not its own, and may look like more of a number.
  reader.at = stop < 0 || stop > reader.end ? reader.end : stop;
  if (first === LETTER_T || first === LETTER_F) {
    cell.kind = BOOLEAN;
    cell.num = first === LETTER_T ? 1 : 0;
  } else if (first === LETTER_N) cell.kind = NULL;
  else cell.setBytes(NUMBER, bytes, at, reader.at);
}
