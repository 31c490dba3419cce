import { Cell, STRING } from '../cell/cell.ts';
import { findMember, memberNamed, type PathNode } from '../path/trie.ts';
import { type Cursor, enter, NO_END_TAG, nextTag, readLength, skipField } from './cursor.ts';
import { entryReader, keyText, mapTree } from './draft.ts';
import { scalarFill } from './scalar.ts';
import { clearRegion, newCount, type Read, type Region, regionOf, type State } from './state.ts';
import { type ProtoField, type ProtoMessage, type ProtoScalar, tagOf, wireType } from './type.ts';

export interface ValueReads {
  readonly read: Read;
  /** At the end of an entry that has no value: 0, an empty message. */
  readonly absent: Read;
}

/**
 * One entry of a map: for the cell that takes the map, and for the paths that go through a key. The last of
 * equal keys wins.
 *
 * @returns null when no path needs it
 * @param compile gives what reads the value of an entry for the paths that begin at it
 */
export function mapRead(
  type: ProtoMessage,
  node: PathNode,
  state: State,
  compile: (value: ProtoField, child: PathNode) => ValueReads | null,
): Read | null {
  const whole = node.slots.length === 0 ? null : wholeMap(type, node, state);
  const inner = node.members.size === 0 ? null : innerMap(type, node, state, compile);
  if (whole === null || inner === null) return whole ?? inner;
  return (cursor, cells) => {
    const { at } = cursor;
    whole(cursor, cells);
    cursor.at = at;
    inner(cursor, cells);
  };
}

function wholeMap(type: ProtoMessage, node: PathNode, state: State): Read {
  const place = newCount(state);
  const readEntry = entryReader(type);
  let entries = new Map<string, Cell>();
  return (cursor, cells) => {
    if (state.counts[place]!++ === 0) {
      const begun = new Map<string, Cell>();
      entries = begun;
      const finish = () => {
        for (const slot of node.slots) cells[slot]!.setTree(mapTree(begun));
      };
      state.pending.push({ place, finish });
    }
    readEntry(cursor, entries);
  };
}

function innerMap(
  type: ProtoMessage,
  node: PathNode,
  state: State,
  compile: (value: ProtoField, child: PathNode) => ValueReads | null,
): Read {
  const key = type.fields.find((field) => field.number === 1)!;
  const value = type.fields.find((field) => field.number === 2)!;
  const values = new Map<PathNode, { reads: ValueReads; region: Region }>();
  for (const child of node.members.values()) {
    const { region, made: reads } = regionOf(state, child, () => compile(value, child));
    if (reads !== null) values.set(child, { reads, region });
  }
  const readKey = keyRead(key, node);
  const valueTag = tagOf(2, wireType(value));
  return (cursor, cells) => {
    const outer = cursor.end;
    const length = readLength(cursor);
    const from = cursor.at;
    cursor.end = from + length;
    enter(cursor);
    const child = readKey(cursor);
    const found = child === null ? undefined : values.get(child);
    if (found !== undefined) {
      cursor.at = from;
      clearRegion(state, found.region, cells);
      readValue(cursor, cells, valueTag, found.reads);
    }
    cursor.depth--;
    cursor.end = outer;
  };
}

/** Passes over an entry and finds the path node that its key leads to. */
function keyRead(key: ProtoField, node: PathNode): (cursor: Cursor) => PathNode | null {
  const fill = scalarFill(key.type as ProtoScalar);
  const keyTag = tagOf(1, wireType(key));
  const cell = new Cell();
  return (cursor) => {
    cell.copy(key.absent!);
    for (let tag = nextTag(cursor, NO_END_TAG); tag !== 0; tag = nextTag(cursor, NO_END_TAG)) {
      if (tag === keyTag) fill(cursor, cell);
      else skipField(cursor, tag);
    }
    if (cell.kind === STRING) return findMember(node, cell.bytes, cell.start, cell.end);
    return memberNamed(node, keyText(cell));
  };
}

function readValue(
  cursor: Cursor,
  cells: readonly Cell[],
  valueTag: number,
  { read, absent }: ValueReads,
): void {
  let seen = false;
  for (let tag = nextTag(cursor, NO_END_TAG); tag !== 0; tag = nextTag(cursor, NO_END_TAG)) {
    if (tag === valueTag) {
      read(cursor, cells);
      seen = true;
    } else skipField(cursor, tag);
  }
  if (!seen) absent(cursor, cells);
}
