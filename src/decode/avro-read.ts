import {
  type Cursor,
  enter,
  Malformed,
  readBlocks,
  readIndex,
  readLength,
  skipBlocks,
  skipLong,
  take,
} from './avro-cursor.ts';
import { jsonWriters, type ToJson } from './avro-json.ts';
import { type Fill, scalarFill } from './avro-scalar.ts';
import { type AvroType, minBytes, perType } from './avro-type.ts';
import { type Cell, JSON_TEXT } from './cell.ts';
import type { Scratch } from './scratch.ts';
import { clearCells, findMember, memberNamed, type PathNode } from './trie.ts';

/** Reads one value and fills the cells of the paths that go through it. */
export type Read = (cursor: Cursor, cells: readonly Cell[]) => void;
type Skip = (cursor: Cursor) => void;

/**
 * Compiles a writer schema and the mapped paths into one reader: a closure per field, which passes over what
 * no path needs. Unions are transparent: a path goes through whichever branch the record has.
 */
export function compileReader(root: AvroType, trie: PathNode, scratch: Scratch): Read {
  const skipOf = skippers();
  const jsonOf = jsonWriters();

  function read(type: AvroType, node: PathNode | null): Read {
    if (node === null) return skipOf(type);
    if (type.kind === 'union') return unionRead(type.branches.map((branch) => read(branch, node)));
    const fill = scalarFill(type, scratch);
    if (fill === null) return containerRead(type, node);
    if (node === trie && !hasFields(type, node)) return notAnObject;
    return node.slots.length === 0 ? skipOf(type) : scalarRead(fill, node.slots);
  }

  function containerRead(type: AvroType, node: PathNode): Read {
    if (node === trie && !hasFields(type, node)) return notAnObject;
    const inner = node.below.length === 0 ? null : innerRead(type, node);
    if (node.slots.length === 0) return inner ?? skipOf(type);
    return wholeRead(node.slots, jsonOf(type), inner);
  }

  function innerRead(type: AvroType, node: PathNode): Read {
    switch (type.kind) {
      case 'record':
        return recordRead(type.fields.map((field) => read(field.type, memberNamed(node, field.name))));
      case 'map':
        return mapRead(
          node,
          1 + minBytes(type.values),
          readsOf(type.values, node.members),
          skipOf(type.values),
        );
      case 'array':
        return arrayRead(minBytes(type.items), readsOf(type.items, node.elements), skipOf(type.items));
      default:
        throw new Error(`a value of type ${type.kind} has no inner values`);
    }
  }

  function readsOf<K>(type: AvroType, children: ReadonlyMap<K, PathNode>): Map<K, Read> {
    return new Map([...children].map(([key, child]) => [key, read(type, child)]));
  }

  return read(root, trie);
}

/** Whether the paths that begin here can lead into a value of the type. */
function hasFields(type: AvroType, node: PathNode): boolean {
  const object = type.kind === 'record' || type.kind === 'map';
  return (node.members.size === 0 || object) && (node.elements.size === 0 || type.kind === 'array');
}

function notAnObject(): never {
  throw new Malformed('the value is not a record with fields', 'not_an_object');
}

function unionRead(branches: readonly Read[]): Read {
  return (cursor, cells) => branches[readIndex(cursor, branches.length)]!(cursor, cells);
}

function scalarRead(fill: Fill, slots: readonly number[]): Read {
  const [first, ...others] = slots;
  if (first === undefined) throw new Error('no slot takes the value');
  return (cursor, cells) => {
    const cell = cells[first]!;
    fill(cursor, cell);
    for (let i = 0; i < others.length; i++) Object.assign(cells[others[i]!]!, cell);
  };
}

function wholeRead(slots: readonly number[], json: ToJson, inner: Read | null): Read {
  return (cursor, cells) => {
    const from = cursor.at;
    const text = new Uint8Array(Buffer.from(json(cursor), 'utf8'));
    for (const slot of slots) cells[slot]!.setBytes(JSON_TEXT, text, 0, text.length);
    if (inner === null) return;
    cursor.at = from;
    inner(cursor, cells);
  };
}

function recordRead(fields: readonly Read[]): Read {
  return (cursor, cells) => {
    enter(cursor);
    for (let i = 0; i < fields.length; i++) fields[i]!(cursor, cells);
    cursor.depth--;
  };
}

/** The last of equal keys wins. */
function mapRead(node: PathNode, entryBytes: number, reads: ReadonlyMap<string, Read>, skip: Skip): Read {
  const byNode = new Map([...reads].map(([key, read]) => [node.members.get(key)!, read]));
  return (cursor, cells) =>
    readBlocks(cursor, entryBytes, () => {
      const at = take(cursor, readLength(cursor));
      const child = findMember(node, cursor.bytes, at, cursor.at);
      if (child === null) return skip(cursor);
      clearCells(cells, child.below);
      byNode.get(child)!(cursor, cells);
    });
}

function arrayRead(itemBytes: number, reads: ReadonlyMap<number, Read>, skip: Skip): Read {
  return (cursor, cells) =>
    readBlocks(cursor, itemBytes, (index) => (reads.get(index) ?? skip)(cursor, cells));
}

/** Makes the functions that pass over a value; one per type, so that a type may contain itself. */
function skippers(): (type: AvroType) => Skip {
  const of: (type: AvroType) => Skip = perType(make);

  function make(type: AvroType): Skip {
    switch (type.kind) {
      case 'null':
        return () => {};
      case 'boolean':
        return skipBytes(1);
      case 'int':
      case 'long':
      case 'enum':
        return skipLong;
      case 'float':
        return skipBytes(4);
      case 'double':
        return skipBytes(8);
      case 'fixed':
        return skipBytes(type.size);
      case 'string':
      case 'bytes':
        return skipLengthPrefixed;
      case 'array': {
        const skipItem = of(type.items);
        return (cursor) => skipBlocks(cursor, minBytes(type.items), skipItem);
      }
      case 'map': {
        const skipValue = of(type.values);
        return (cursor) => skipBlocks(cursor, 1, (entry) => skipEntry(entry, skipValue));
      }
      case 'union': {
        const branches = type.branches.map(of);
        return (cursor) => branches[readIndex(cursor, branches.length)]!(cursor);
      }
      case 'record':
        return skipRecord(type.fields.map((field) => of(field.type)));
    }
  }

  return of;
}

function skipBytes(size: number): Skip {
  return (cursor) => {
    take(cursor, size);
  };
}

function skipLengthPrefixed(cursor: Cursor): void {
  take(cursor, readLength(cursor));
}

function skipEntry(cursor: Cursor, skipValue: Skip): void {
  skipLengthPrefixed(cursor);
  skipValue(cursor);
}

function skipRecord(fields: readonly Skip[]): Skip {
  return (cursor) => {
    enter(cursor);
    for (let i = 0; i < fields.length; i++) fields[i]!(cursor);
    cursor.depth--;
  };
}
