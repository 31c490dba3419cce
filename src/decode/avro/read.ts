import type { Cell } from '../cell/cell.ts';
import type { Scratch } from '../cell/scratch.ts';
import { clearCells, findMember, memberNamed, type PathNode } from '../path/trie.ts';
import { type Cursor, enter, Malformed, readBlocks, readIndex, readLength, take } from './cursor.ts';
import type { Fill } from './scalar.ts';
import { createSkippers, newRun, type Skip, type SkipRun, skipRun } from './skip.ts';
import { createFills } from './tree.ts';
import { type AvroType, minBytes, type RecordType } from './type.ts';

/** Reads one value and fills the cells of the paths that go through it. */
export type Read = (cursor: Cursor, cells: readonly Cell[]) => void;

/**
 * Compiles a writer schema and the mapped paths into one reader, which passes over what no path needs. Unions are
 * transparent: a path goes through whichever branch the record has.
 */
export function compileReader(root: AvroType, trie: PathNode, scratch: Scratch): Read {
  const skippers = createSkippers();
  const fillOf = createFills(scratch);
  const made = new Map<PathNode, Map<AvroType, Read>>();

  /** Once for each type and place: branches of a union may share what is below them. */
  function read(type: AvroType, node: PathNode): Read {
    const known = made.get(node) ?? new Map<AvroType, Read>();
    made.set(node, known);
    const found = known.get(type) ?? make(type, node);
    known.set(type, found);
    return found;
  }

  function make(type: AvroType, node: PathNode): Read {
    if (type.kind === 'union') return unionRead(type.branches.map((branch) => read(branch, node)));
    if (node === trie && !hasFields(type, node)) return notAnObject;
    const inner = node.below.length === 0 ? null : innerRead(type, node);
    if (node.slots.length === 0) return inner ?? skippers.of(type);
    return slotRead(fillOf(type), node.slots, inner);
  }

  /** Null: there is nothing inside. */
  function innerRead(type: AvroType, node: PathNode): Read | null {
    switch (type.kind) {
      case 'record':
        return recordRead(steps(type, node));
      case 'map':
        return mapRead(
          node,
          1 + minBytes(type.values),
          readsOf(type.values, node.members),
          skippers.of(type.values),
        );
      case 'array':
        return arrayRead(minBytes(type.items), readsOf(type.items, node.elements), skippers.of(type.items));
      default:
        return null;
    }
  }

  function readsOf<K>(type: AvroType, children: ReadonlyMap<K, PathNode>): Map<K, Read> {
    return new Map([...children].map(([key, child]) => [key, read(type, child)]));
  }

  /** The fields in their order, those that no path needs together. */
  function steps(record: RecordType, top: PathNode): Step[] {
    const made: Step[] = [];
    let run = newRun();

    function flush(): void {
      if (run.steps.length > 0) made.push({ fill: null, read: runRead(run) });
      run = newRun();
    }

    /** A record inside that is not mapped itself needs no step of its own: its fields stand in line with the others. */
    function add(type: RecordType, node: PathNode): void {
      for (const field of type.fields) {
        const child = memberNamed(node, field.name);
        if (child === null) skippers.add(run, field.type);
        else if (field.type.kind === 'record' && child.slots.length === 0) add(field.type, child);
        else {
          flush();
          made.push(stepOf(field.type, child));
        }
      }
    }

    add(record, top);
    flush();
    return made;
  }

  function stepOf(type: AvroType, node: PathNode): Step {
    const [slot] = node.slots;
    const single = slot !== undefined && node.slots.length === 1 && node.below.length === 0;
    return single ? { fill: fillOf(type), slot } : { fill: null, read: read(type, node) };
  }

  return read(root, trie);
}

/** One after the other; a value that goes into one cell, the most common, needs no call in between. */
type Step = { readonly fill: Fill; readonly slot: number } | { readonly fill: null; readonly read: Read };

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

/** The value as a whole, and then once more what is inside. */
function slotRead(fill: Fill, [first, ...others]: readonly number[], inner: Read | null): Read {
  if (first === undefined) throw new Error('no slot takes the value');
  const single = others.length === 0 && inner === null;
  if (single) return (cursor, cells) => fill(cursor, cells[first]!);
  return (cursor, cells) => {
    const from = cursor.at;
    const cell = cells[first]!;
    fill(cursor, cell);
    for (const other of others) cells[other]!.copy(cell);
    if (inner === null) return;
    cursor.at = from;
    inner(cursor, cells);
  };
}

function runRead(run: SkipRun): Read {
  return (cursor) => skipRun(cursor, run);
}

function recordRead(steps: readonly Step[]): Read {
  return (cursor, cells) => {
    enter(cursor);
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      if (step.fill === null) step.read(cursor, cells);
      else step.fill(cursor, cells[step.slot]!);
    }
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
      const read = child === null ? undefined : byNode.get(child);
      if (child === null || read === undefined) return skip(cursor);
      clearCells(cells, child.below);
      read(cursor, cells);
    });
}

function arrayRead(itemBytes: number, reads: ReadonlyMap<number, Read>, skip: Skip): Read {
  return (cursor, cells) =>
    readBlocks(cursor, itemBytes, (index) => (reads.get(index) ?? skip)(cursor, cells));
}
