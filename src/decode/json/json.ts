import { LIMITS } from '../../limits.ts';
import { BOOLEAN, type Cell, type Dirty, JSON_TEXT, MISSING, NULL, NUMBER, STRING } from '../cell/cell.ts';
import { Scratch } from '../cell/scratch.ts';
import type { Decoder } from '../decoder.ts';
import { createUtf8Check } from '../encoding/utf8.ts';
import type { Path } from '../path/path.ts';
import { buildTrie, clearCells, findMember, nodeAt, type PathNode } from '../path/trie.ts';
import { REST, SHAPE, Unmapped, type UnmappedSpec, unknownField } from '../path/unmapped.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
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
import { nameHash, noteUnmapped } from './unmapped.ts';

/**
 * JSON: one strict pass over the bytes that accepts what JSON.parse accepts (and a byte order mark) and keeps the byte ranges of the
 * mapped paths, no more. Numbers stay text, so 64-bit integers and decimals are exact. The last of several
 * equal keys wins, parents included. Positions below zero are faults (see text.ts).
 */

/** Returned in place of a position when the nesting passes {@link LIMITS.depth}. */
const TOO_DEEP = -0x8000_0000;

const NOT_AN_OBJECT: Dirty = {
  code: 'not_an_object',
  message: 'the value is valid JSON, but not an object or array with fields',
};
const HALF_SURROGATE: Dirty = {
  code: 'invalid_utf8',
  message: 'a mapped string escapes half a surrogate pair',
};

/** Kind of a cell whose range is a string still escaped; none leaves `decode`. */
const ESCAPED_STRING = -1;

export function createJsonDecoder(
  paths: readonly Path[],
  ignoreCase = false,
  spec: UnmappedSpec | null = null,
): Decoder {
  const root = buildTrie(paths, ignoreCase);
  const rest = paths.findIndex((path) => path.at(-1) === REST);
  const unmapped = spec && new Unmapped(spec.policy);
  for (const path of spec?.at ?? []) {
    nodeAt(root, path).unmapped = unmapped;
    for (const name of spec?.except ?? []) nodeAt(root, [...path, name]);
  }
  const utf8 = createUtf8Check();
  const padding = new Scratch();
  const unescaped = new Scratch();
  if (unmapped !== null) unmapped.main = nodeAt(root, spec!.at[0] ?? []);

  /** Keys have no NUL behind them, values have. */
  function decodeUnpadded(
    bytes: Uint8Array,
    start: number,
    end: number,
    cells: readonly Cell[],
  ): Dirty | null {
    padding.reset();
    const at = padding.reserve(end - start + 1);
    padding.bytes.set(bytes.subarray(start, end), at);
    padding.bytes[at + end - start] = 0;
    return decodePadded(padding.bytes, at, at + end - start, cells);
  }

  function decodePadded(bytes: Uint8Array, start: number, end: number, cells: readonly Cell[]): Dirty | null {
    if (!utf8.valid(bytes, start, end))
      return { code: 'invalid_utf8', message: 'the JSON text is not valid UTF-8' };
    for (let i = 0; i < cells.length; i++) cells[i]!.kind = MISSING;
    unmapped?.begin();
    const from = skipSpace(bytes, start);
    const stop = readValue(bytes, from, root, cells, 0);
    const at = stop < 0 ? stop : skipSpace(bytes, stop);
    if (at !== end) return describeFault(bytes, start, end, at);
    if (isWrongContainer(bytes[from]!)) return NOT_AN_OBJECT;
    if (unmapped !== null) {
      // Its names are another set than those of the records before: read it once more for them.
      if (unmapped.isNewShape()) readValue(bytes, from, root, cells, 0);
      if (unmapped.found !== null) return unknownField(unmapped.found);
      if (rest >= 0) unmapped.fill(cells[rest]!, bytes);
    }
    return unescapeCells(cells, unescaped);
  }

  function isWrongContainer(first: number): boolean {
    return (
      (root.members.size > 0 && first !== OPEN_OBJECT) || (root.elements.size > 0 && first !== OPEN_ARRAY)
    );
  }

  return {
    beginChunk(bytes, dataEnd) {
      utf8.beginChunk(bytes, dataEnd);
      unmapped?.beginChunk();
    },
    ...(unmapped === null ? {} : { unmappedFields: () => unmapped.take() }),
    decode(bytes, start, end, cells) {
      const from = bytes[start] === MARK[0] ? behindMark(bytes, start, end) : start;
      return bytes[end] === 0
        ? decodePadded(bytes, from, end, cells)
        : decodeUnpadded(bytes, from, end, cells);
    },
  };
}

const MARK = [0xef, 0xbb, 0xbf] as const;

/** Behind a byte order mark, as programs on Windows write it in front of UTF-8. */
function behindMark(bytes: Uint8Array, start: number, end: number): number {
  const marked = end - start >= MARK.length && bytes[start + 1] === MARK[1] && bytes[start + 2] === MARK[2];
  return marked ? start + MARK.length : start;
}

/** `node` null: no path goes here, the value is only checked. `depth`: the number of containers around it. */
function readValue(
  bytes: Uint8Array,
  at: number,
  node: PathNode | null,
  cells: readonly Cell[],
  depth: number,
): number {
  const first = bytes[at]!;
  let end: number;
  if (first === QUOTE) end = skipString(bytes, at + 1);
  else if (first === OPEN_OBJECT) end = readObject(bytes, at, node, cells, depth);
  else if (first === OPEN_ARRAY) end = readArray(bytes, at, node, cells, depth);
  else end = skipScalar(bytes, at);
  if (node !== null && end > 0) setSlots(node.slots, cells, bytes, at, end);
  return end;
}

function readObject(
  bytes: Uint8Array,
  at: number,
  node: PathNode | null,
  cells: readonly Cell[],
  depth: number,
): number {
  if (depth >= LIMITS.depth) return TOO_DEEP;
  at = skipSpace(bytes, at + 1);
  const takes = node === null ? null : node.unmapped;
  const unmapped = takes?.enter(node) ? takes : null;
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  for (;;) {
    const from = at;
    if (bytes[at] !== QUOTE) return ~at;
    const plainEnd = skipPlain(bytes, at + 1);
    const keyEnd = bytes[plainEnd] === QUOTE ? plainEnd + 1 : skipString(bytes, plainEnd);
    if (keyEnd < 0) return keyEnd;
    const child = node === null ? null : memberOf(node, bytes, at + 1, keyEnd - 1, plainEnd);
    if (child !== null) clearCells(cells, child.below);
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] !== COLON) return ~at;
    const valueAt = skipSpace(bytes, at + 1);
    at = readValue(bytes, valueAt, child, cells, depth + 1);
    if (at < 0) return at;
    if (child === null && unmapped !== null) {
      if (unmapped.mode === SHAPE) unmapped.shape = (unmapped.shape + nameHash(bytes, from, keyEnd)) | 0;
      else noteUnmapped(unmapped, bytes, from, keyEnd, valueAt, at);
    }
    at = skipSpace(bytes, at);
    if (bytes[at] !== COMMA) return bytes[at] === CLOSE_OBJECT ? at + 1 : ~at;
    at = skipSpace(bytes, at + 1);
  }
}

function readArray(
  bytes: Uint8Array,
  at: number,
  node: PathNode | null,
  cells: readonly Cell[],
  depth: number,
): number {
  if (depth >= LIMITS.depth) return TOO_DEEP;
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === CLOSE_ARRAY) return at + 1;
  for (let index = 0; ; index++) {
    const child = node === null ? null : (node.elements.get(index) ?? null);
    at = readValue(bytes, at, child, cells, depth + 1);
    if (at < 0) return at;
    at = skipSpace(bytes, at);
    if (bytes[at] !== COMMA) return bytes[at] === CLOSE_ARRAY ? at + 1 : ~at;
    at = skipSpace(bytes, at + 1);
  }
}

/** The member named by the string [start, end) between two quotes, whose first escape is at `plainEnd`. */
function memberOf(
  node: PathNode,
  bytes: Uint8Array,
  start: number,
  end: number,
  plainEnd: number,
): PathNode | null {
  if (plainEnd === end || node.members.size === 0) return findMember(node, bytes, start, end);
  const name = new Uint8Array(end - start);
  const length = unescapeString(bytes, start, end, name, 0);
  return length < 0 ? null : findMember(node, name, 0, length);
}

/** The last value wins: the range [at, end) replaces whatever the cells held. */
function setSlots(
  slots: readonly number[],
  cells: readonly Cell[],
  bytes: Uint8Array,
  at: number,
  end: number,
): void {
  for (let i = 0; i < slots.length; i++) setCell(cells[slots[i]!]!, bytes, at, end);
}

function setCell(cell: Cell, bytes: Uint8Array, at: number, end: number): void {
  const first = bytes[at];
  if (first === QUOTE) {
    const plain = skipPlain(bytes, at + 1) === end - 1;
    cell.setBytes(plain ? STRING : ESCAPED_STRING, bytes, at + 1, end - 1);
  } else if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
    cell.setBytes(JSON_TEXT, bytes, at, end);
  } else if (first === LETTER_T || first === LETTER_F) {
    cell.kind = BOOLEAN;
    cell.num = first === LETTER_T ? 1 : 0;
  } else if (first === LETTER_N) {
    cell.kind = NULL;
  } else {
    cell.setBytes(NUMBER, bytes, at, end);
  }
}

/** After the whole text is known to be valid, and once the last of equal keys has won. */
function unescapeCells(cells: readonly Cell[], scratch: Scratch): Dirty | null {
  scratch.reset();
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!;
    if (cell.kind !== ESCAPED_STRING) continue;
    const at = scratch.reserve(cell.end - cell.start);
    const end = unescapeString(cell.bytes, cell.start, cell.end, scratch.bytes, at);
    if (end < 0) return HALF_SURROGATE;
    cell.setBytes(STRING, scratch.bytes, at, end);
  }
  return null;
}

function describeFault(bytes: Uint8Array, start: number, end: number, at: number): Dirty {
  if (at === TOO_DEEP) {
    return { code: 'too_deep', message: `the JSON text is nested deeper than ${LIMITS.depth} levels` };
  }
  if (start === end) return { code: 'invalid_json', message: 'the value is empty' };
  const fault = at < 0 ? ~at : at;
  const code = 'invalid_json';
  if (fault >= end) return { code, message: `unexpected end after ${end - start} bytes` };
  return {
    code,
    message: `unexpected ${describeByte(bytes[fault]!)} at byte ${fault - start + 1} of ${end - start}`,
  };
}

function describeByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `'${String.fromCharCode(byte)}'`
    : `byte 0x${byte.toString(16).padStart(2, '0')}`;
}
