import { Cell, INSTANT, MISSING, NULL, TREE } from '../cell/cell.ts';
import { memberNamed, type PathNode } from '../path/trie.ts';
import { type Cursor, countCells, nextTag, readVarint, skipField } from './cursor.ts';
import { type Draft, endTagOf, finishDraft, mergeDraft, newDraft, readMessage } from './draft.ts';
import { isWrapper, setInstant, TIMESTAMP } from './known.ts';
import { scalarFill } from './scalar.ts';
import { type Body, newCount, type Read, type State } from './state.ts';
import { type ProtoField, type ProtoMessage, tagOf, VARINT, wireType } from './type.ts';

/** A message as one value, for the cells of the path that ends at it. */
export function wholeBody(type: ProtoMessage, node: PathNode, state: State): Body {
  if (type.name === TIMESTAMP) return timestampBody(node.slots);
  if (isWrapper(type.name) && type.fields.length === 1) return wrapperBody(type.fields[0]!, node.slots);
  return draftBody(type, node, state);
}

const SECONDS = tagOf(1, VARINT);
const NANOS = tagOf(2, VARINT);

/** Nothing is built for the most common of the well-known types; a second piece goes on where the first ended. */
function timestampBody(slots: readonly number[]): Body {
  return (cursor, cells, endTag) => {
    const cell = cells[slots[0]!]!;
    const began = cell.kind === INSTANT;
    let seconds = began ? cell.num : 0;
    let nanos = began ? cell.nanos : 0;
    for (let tag = nextTag(cursor, endTag); tag !== 0; tag = nextTag(cursor, endTag)) {
      if (tag === SECONDS) seconds = readSeconds(cursor);
      else if (tag === NANOS) nanos = readNanos(cursor);
      else skipField(cursor, tag);
    }
    setInstant(cell, seconds, nanos);
    copyToOthers(slots, cells);
  };
}

/** Not exact, but far out of range, beyond 2^53. */
function readSeconds(cursor: Cursor): number {
  readVarint(cursor);
  return cursor.high * 0x1_0000_0000 + (cursor.low >>> 0);
}

function readNanos(cursor: Cursor): number {
  readVarint(cursor);
  return cursor.low;
}

function wrapperBody(field: ProtoField, slots: readonly number[]): Body {
  const fill = scalarFill(field.type as Exclude<ProtoField['type'], ProtoMessage>);
  const wanted = tagOf(field.number, wireType(field));
  return (cursor, cells, endTag) => {
    const cell = cells[slots[0]!]!;
    if (cell.kind === MISSING || cell.kind === NULL) cell.copy(field.absent!);
    for (let tag = nextTag(cursor, endTag); tag !== 0; tag = nextTag(cursor, endTag)) {
      if (tag === wanted) fill(cursor, cell);
      else skipField(cursor, tag);
    }
    copyToOthers(slots, cells);
  };
}

function copyToOthers(slots: readonly number[], cells: readonly Cell[]): void {
  for (let i = 1; i < slots.length; i++) cells[slots[i]!]!.copy(cells[slots[0]!]!);
}

/** Put together when the record is read to its end. */
function draftBody(type: ProtoMessage, node: PathNode, state: State): Body {
  const place = newCount(state);
  let draft: Draft;
  return (cursor, _cells, endTag) => {
    if (state.counts[place] === 0) {
      const begun = newDraft(type);
      draft = begun;
      state.counts[place] = 1;
      state.pending.push({
        place,
        finish: (last, into) => spread(node, finishDraft(begun, last), into),
      });
    }
    mergeDraft(draft, cursor, endTag);
  };
}

/** To the cells of a path node, and of those below it where the value has something there. */
function spread(node: PathNode, from: Cell, cells: readonly Cell[]): void {
  for (const slot of node.slots) cells[slot]!.copy(from);
  if (node.below.length === 0 || from.kind !== TREE) return;
  const tree = from.tree!;
  if ('items' in tree) {
    for (const [index, child] of node.elements) {
      const item = tree.items[index];
      if (item !== undefined) spread(child, item, cells);
    }
    return;
  }
  for (const { name, value } of tree.members) {
    const child = memberNamed(node, name);
    if (child !== null) spread(child, value, cells);
  }
}

/**
 * One item of a list: for the cell that takes the list, and for the paths that go into an item.
 *
 * @param compile gives what reads an item for the paths that begin at it
 */
export function listRead(
  field: ProtoField,
  tag: number,
  node: PathNode,
  state: State,
  compile: (child: PathNode) => Read | null,
): Read {
  const place = newCount(state);
  const items = new Map([...node.elements].map(([index, child]) => [index, compile(child)]));
  const readItem = node.slots.length === 0 ? null : itemRead(field);
  let list: Cell[] = [];
  return (cursor, cells) => {
    const index = state.counts[place]!++;
    const { at } = cursor;
    const read = items.get(index) ?? null;
    if (read !== null) read(cursor, cells);
    else if (readItem === null) skipField(cursor, tag);
    if (readItem === null) return;
    cursor.at = at;
    if (index === 0) list = newList(node.slots, cells);
    list.push(readItem(cursor));
  };
}

function newList(slots: readonly number[], cells: readonly Cell[]): Cell[] {
  const items: Cell[] = [];
  for (const slot of slots) cells[slot]!.setTree({ items });
  return items;
}

function itemRead(field: ProtoField): (cursor: Cursor) => Cell {
  const { type } = field;
  if (type.kind === 'message') {
    const endTag = endTagOf(field);
    return (cursor) => readMessage(type, cursor, endTag);
  }
  const fill = scalarFill(type);
  return (cursor) => {
    countCells(cursor, 1);
    const cell = new Cell();
    fill(cursor, cell);
    return cell;
  };
}
