import { type Cell, MISSING } from '../cell/cell.ts';
import { memberNamed, type PathNode } from '../path/trie.ts';
import { enter, Malformed, NO_END_TAG, nextTag, readLength, skipField } from './cursor.ts';
import { endTagOf, inField } from './draft.ts';
import { isJsonLike } from './known.ts';
import { mapRead, type ValueReads } from './map.ts';
import { type Fill, scalarFill } from './scalar.ts';
import {
  type Body,
  beginRecord,
  clearRegion,
  newState,
  type Read,
  type Region,
  regionOf,
  type State,
} from './state.ts';
import { LENGTH, type ProtoField, type ProtoMessage, tagOf, wireType } from './type.ts';
import { listRead, wholeBody } from './whole.ts';

/**
 * Compiles a message type and the mapped paths into one reader: a table from the tag to a closure, which has
 * nothing for fields that no path needs. A wire type that the schema does not give the field makes it an
 * unknown field, as the specification says.
 */
export function compileReader(type: ProtoMessage, trie: PathNode): Read {
  const state = newState();
  const indexed = trie.elements.size > 0 && !isJsonLike(type.name);
  // Also without a path that leads to a field the bytes must be those of a message.
  const body = indexed ? notAnObject : (bodyOf(type, trie, state) ?? fieldsBody(type, trie, state));
  return (cursor, cells) => {
    beginRecord(state);
    body(cursor, cells, NO_END_TAG);
    for (const { finish } of state.pending) finish(cursor, cells);
  };
}

function notAnObject(): never {
  throw new Malformed('the value is a message, which has no elements', 'not_an_object');
}

/** What a message means to the paths that begin at it; null: nothing. */
function bodyOf(type: ProtoMessage, node: PathNode, state: State): Body | null {
  const json = isJsonLike(type.name);
  const whole = node.slots.length > 0 || json ? wholeBody(type, node, state) : null;
  const inner = node.below.length > 0 && !json ? fieldsBody(type, node, state) : null;
  if (whole === null || inner === null) return whole ?? inner;
  return (cursor, cells, endTag) => {
    const { at } = cursor;
    whole(cursor, cells, endTag);
    cursor.at = at;
    inner(cursor, cells, endTag);
  };
}

/** Tags below this are found in an array: field numbers up to 255. */
const DENSE_TAGS = 2048;

/** Reads by tag. */
class Table {
  readonly dense: (Read | undefined)[] = [];
  readonly sparse = new Map<number, Read>();

  add(tag: number, read: Read): void {
    const found = this.find(tag);
    this.set(tag, found === undefined ? read : inTurn(found, read));
  }

  set(tag: number, read: Read): void {
    if (tag >= DENSE_TAGS) this.sparse.set(tag, read);
    else {
      while (this.dense.length <= tag) this.dense.push(undefined);
      this.dense[tag] = read;
    }
  }

  find(tag: number): Read | undefined {
    return tag < this.dense.length ? this.dense[tag] : this.sparse.get(tag);
  }
}

/** Two paths that name one field differently. */
function inTurn(first: Read, second: Read): Read {
  return (cursor, cells) => {
    const { at } = cursor;
    first(cursor, cells);
    cursor.at = at;
    second(cursor, cells);
  };
}

/** A cell that takes what the absence of its field means. */
interface Absent {
  readonly slot: number;
  readonly cell: Cell;
}

function fieldsBody(type: ProtoMessage, node: PathNode, state: State): Body {
  const table = new Table();
  const absent: Absent[] = [];
  const regions = new Map<ProtoField, Region[]>();
  const names = new Set(type.fields.map(({ name }) => name));
  for (const field of type.fields) {
    for (const child of nodesOf(field, names, node)) {
      const { region } = regionOf(state, child, () => {
        for (const [tag, read] of readsOf(field, child, state)) table.add(tag, read);
      });
      regions.set(field, [...(regions.get(field) ?? []), region]);
      if (field.absent !== null && !child.onlyPresent)
        for (const slot of child.slots) absent.push({ slot, cell: field.absent });
    }
  }
  excludeRivals(type, table, regions, state);
  return walk(type, table, absent);
}

/** Paths say the name of the schema or that of the JSON form, unless another field has the latter as its name. */
export function nodesOf(field: ProtoField, names: ReadonlySet<string>, node: PathNode): Set<PathNode> {
  const found = new Set<PathNode>();
  const byName = memberNamed(node, field.name);
  if (byName !== null) found.add(byName);
  const byJsonName = names.has(field.jsonName) ? null : memberNamed(node, field.jsonName);
  if (byJsonName !== null) found.add(byJsonName);
  return found;
}

function readsOf(field: ProtoField, node: PathNode, state: State): [number, Read][] {
  const { type } = field;
  const tag = tagOf(field.number, wireType(field));
  if (field.repeated) {
    if (type.kind === 'message' && type.isEntry)
      return tagged(
        tag,
        mapRead(type, node, state, (value, child) => valueReads(value, child, state)),
      );
    return listReads(field, tag, node, state);
  }
  if (type.kind !== 'message')
    return tagged(tag, node.slots.length === 0 ? null : scalarRead(scalarFill(type), node.slots));
  const body = bodyOf(type, node, state);
  return tagged(tag, body && messageRead(body, endTagOf(field)));
}

/** What reads the value of a map's entry, and what stands in for one that is absent. */
function valueReads(field: ProtoField, node: PathNode, state: State): ValueReads | null {
  const { type } = field;
  if (type.kind === 'message') {
    const body = bodyOf(type, node, state);
    return (
      body && {
        read: messageRead(body, NO_END_TAG),
        absent: (cursor, cells) => body(cursor, cells, NO_END_TAG),
      }
    );
  }
  if (node.slots.length === 0) return null;
  const absent: Read = (_, cells) => {
    for (const slot of node.slots) cells[slot]!.copy(field.absent!);
  };
  return { read: scalarRead(scalarFill(type), node.slots), absent };
}

const tagged = (tag: number, read: Read | null): [number, Read][] => (read === null ? [] : [[tag, read]]);

function scalarRead(fill: Fill, slots: readonly number[]): Read {
  const [first, ...others] = slots;
  if (first === undefined) throw new Error('no slot takes the value');
  if (others.length === 0) return (cursor, cells) => fill(cursor, cells[first]!);
  return (cursor, cells) => {
    const cell = cells[first]!;
    fill(cursor, cell);
    for (let i = 0; i < others.length; i++) cells[others[i]!]!.copy(cell);
  };
}

function messageRead(body: Body, endTag: number): Read {
  if (endTag !== NO_END_TAG)
    return (cursor, cells) => {
      enter(cursor);
      body(cursor, cells, endTag);
      cursor.depth--;
    };
  return (cursor, cells) => {
    const outer = cursor.end;
    const length = readLength(cursor);
    cursor.end = cursor.at + length;
    enter(cursor);
    body(cursor, cells, NO_END_TAG);
    cursor.depth--;
    cursor.end = outer;
  };
}

/** A list of scalars comes item by item or packed, whatever the schema says. */
function listReads(field: ProtoField, tag: number, node: PathNode, state: State): [number, Read][] {
  const item = (child: PathNode): Read | null =>
    readsOf({ ...field, repeated: false }, child, state)[0]?.[1] ?? null;
  const one = listRead(field, tag, node, state, item);
  if ((tag & 7) === LENGTH || field.type.kind === 'message') return [[tag, one]];
  return [
    [tag, one],
    [tagOf(field.number, LENGTH), packedRead(one)],
  ];
}

function packedRead(one: Read): Read {
  return (cursor, cells) => {
    const outer = cursor.end;
    const length = readLength(cursor);
    cursor.end = cursor.at + length;
    while (cursor.at < cursor.end) one(cursor, cells);
    cursor.end = outer;
  };
}

/** A field of a oneof takes the place of whichever came before it, mapped or not. */
function excludeRivals(
  type: ProtoMessage,
  table: Table,
  regions: ReadonlyMap<ProtoField, readonly Region[]>,
  state: State,
): void {
  const mapped = [...regions].filter(([{ oneof }]) => oneof >= 0);
  if (mapped.length === 0) return;
  for (const field of type.fields) {
    const rivals = mapped.filter(([other]) => other !== field && other.oneof === field.oneof);
    if (rivals.length === 0) continue;
    const tag = tagOf(field.number, wireType(field));
    const others = rivals.flatMap(([, own]) => own);
    table.set(tag, alone(table.find(tag), tag, others, state));
  }
}

function alone(read: Read | undefined, tag: number, others: readonly Region[], state: State): Read {
  return (cursor, cells) => {
    for (let i = 0; i < others.length; i++) clearRegion(state, others[i]!, cells);
    if (read === undefined) skipField(cursor, tag);
    else read(cursor, cells);
  };
}

function walk(type: ProtoMessage, { dense, sparse }: Table, absent: readonly Absent[]): Body {
  const denseTags = dense.length;
  return (cursor, cells, endTag) => {
    let within = 0;
    try {
      for (let tag = nextTag(cursor, endTag); tag !== 0; tag = nextTag(cursor, endTag)) {
        within = tag;
        const read = tag < denseTags ? dense[tag] : sparse.get(tag);
        if (read === undefined) skipField(cursor, tag);
        else read(cursor, cells);
        within = 0;
      }
    } catch (error) {
      throw inField(error, type, within);
    }
    for (let i = 0; i < absent.length; i++) {
      const { slot, cell } = absent[i]!;
      if (cells[slot]!.kind === MISSING) cells[slot]!.copy(cell);
    }
  };
}
