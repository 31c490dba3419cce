import {
  BYTES,
  Cell,
  DAY,
  type Dirty,
  DOUBLE,
  INSTANT,
  LOCAL,
  STRING,
  TIME,
} from '../../decode/cell/cell.ts';
import { textOf } from '../../decode/encoding/utf8.ts';
import { type Converter, dirty, show, wrongType } from './converter.ts';
import { renderText } from './text.ts';

const rendered = new Cell();
const QUOTE = 34;
const BACKSLASH = 92;
const BLANK = 32;

/**
 * JSON: objects, arrays, numbers and booleans as their source text, sent verbatim (protocol 5.5), trees as JSON text. A text
 * becomes a JSON string, also one that looks like JSON itself; times become ISO 8601 strings.
 */
export function jsonConverter(maxFieldBytes: number): Converter {
  return (cell, out, column) => {
    const problem = jsonText(cell, rendered, maxFieldBytes);
    if (problem) return problem;
    const length = rendered.end - rendered.start;
    if (length > maxFieldBytes)
      return dirty('too_long', `${length} bytes, but JSON takes at most ${maxFieldBytes} bytes`);
    out.bytes(column, rendered.bytes, rendered.start, rendered.end);
    return null;
  };
}

function jsonText(cell: Cell, out: Cell, limit: number): Dirty | null {
  if (cell.kind === BYTES) return wrongType(cell, 'JSON');
  if (cell.kind === DOUBLE && !Number.isFinite(cell.num))
    return dirty('bad_json_text', `JSON has no ${show(cell)}`);
  const problem = renderText(cell, out, limit);
  if (problem || !isTextual(cell.kind)) return problem;
  quote(out);
  return null;
}

function isTextual(kind: number): boolean {
  return kind === STRING || kind === INSTANT || kind === LOCAL || kind === DAY || kind === TIME;
}

let quoted = new Uint8Array(256);

/** Puts the text in quotes: copied unless something needs a backslash. */
function quote(cell: Cell): void {
  const { bytes, start, end } = cell;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < BLANK || byte === QUOTE || byte === BACKSLASH) {
      const escaped = new TextEncoder().encode(JSON.stringify(textOf(bytes, start, end)));
      cell.setBytes(STRING, escaped, 0, escaped.length);
      return;
    }
  }
  const length = end - start + 2;
  if (quoted.length < length) quoted = new Uint8Array(length * 2);
  quoted.set(bytes.subarray(start, end), 1);
  quoted[0] = quoted[length - 1] = QUOTE;
  cell.setBytes(STRING, quoted, 0, length);
}
