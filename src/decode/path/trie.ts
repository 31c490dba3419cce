import { type Cell, MISSING } from '../cell/cell.ts';
import type { Path } from './path.ts';
import type { Unmapped } from './unmapped.ts';

/** All mapped paths as one tree: a decoder walks it in step with the value. */
export interface PathNode {
  /** Cells that take the value found here. */
  readonly slots: number[];
  /** Cells of all nodes further down. */
  readonly below: number[];
  readonly members: Map<string, PathNode>;
  readonly elements: Map<number, PathNode>;
  /** The members again, at the index of their name's length in UTF-8. */
  readonly membersByLength: (readonly Member[] | undefined)[];
  /** Names are stored in lower case (ASCII) and match in any. */
  readonly ignoreCase: boolean;
  /** Takes the members that no path takes; null: they do not matter. */
  unmapped: Unmapped | null;
  /** Takes what stands in the record, not what its absence means by the schema. */
  onlyPresent: boolean;
}

interface Member {
  readonly name: Uint8Array;
  readonly node: PathNode;
}

export function buildTrie(paths: readonly Path[], ignoreCase = false): PathNode {
  const root = newNode(ignoreCase);
  paths.forEach((path, slot) => {
    let node = root;
    for (const step of path) {
      node.below.push(slot);
      node =
        typeof step === 'number'
          ? child(node.elements, step, ignoreCase)
          : child(node.members, ignoreCase ? lowerCase(step) : step, ignoreCase);
    }
    node.slots.push(slot);
  });
  indexMembers(root);
  return root;
}

function newNode(ignoreCase: boolean): PathNode {
  return {
    slots: [],
    below: [],
    members: new Map(),
    elements: new Map(),
    membersByLength: [],
    ignoreCase,
    unmapped: null,
    onlyPresent: false,
  };
}

/** ASCII only, so that the length in UTF-8 stays. */
function lowerCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function child<K>(children: Map<K, PathNode>, key: K, ignoreCase: boolean): PathNode {
  const known = children.get(key);
  if (known !== undefined) return known;
  const made = newNode(ignoreCase);
  children.set(key, made);
  return made;
}

/** The node at the end of a path, made when no path goes there. */
export function nodeAt(root: PathNode, path: Path): PathNode {
  let node = root;
  for (const step of path) {
    const name = String(step);
    node = memberNamed(node, name) ?? addMember(node, name);
  }
  return node;
}

/** The node at the end of a path; null when no path goes there. */
export function nodeAlong(root: PathNode, path: Path): PathNode | null {
  let node: PathNode | null = root;
  for (const step of path) node = node && memberNamed(node, String(step));
  return node;
}

/** One more path, of members only; gives its node. Readers that were made before do not know it. */
export function addSlot(root: PathNode, path: Path, slot: number): PathNode {
  let node = root;
  for (const step of path) {
    node.below.push(slot);
    node = nodeAt(node, [step]);
  }
  node.slots.push(slot);
  return node;
}

function addMember(node: PathNode, text: string): PathNode {
  const name = node.ignoreCase ? lowerCase(text) : text;
  const member = child(node.members, name, node.ignoreCase);
  indexMember(node, name, member);
  return member;
}

function indexMember(node: PathNode, text: string, member: PathNode): void {
  const name = new Uint8Array(Buffer.from(text, 'utf8'));
  node.membersByLength[name.length] = [...(node.membersByLength[name.length] ?? []), { name, node: member }];
}

function indexMembers(node: PathNode): void {
  for (const [text, member] of node.members) {
    indexMember(node, text, member);
    indexMembers(member);
  }
  for (const element of node.elements.values()) indexMembers(element);
}

/** The member whose name is bytes [start, end); null when no path goes there. Allocates nothing. */
export function findMember(node: PathNode, bytes: Uint8Array, start: number, end: number): PathNode | null {
  const length = end - start;
  if (length >= node.membersByLength.length) return null;
  const sameLength = node.membersByLength[length];
  if (sameLength === undefined) return null;
  for (let i = 0; i < sameLength.length; i++) {
    const member = sameLength[i]!;
    const equal = node.ignoreCase ? equalFolded : equalBytes;
    if (equal(member.name, bytes, start)) return member.node;
  }
  return null;
}

function equalBytes(name: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[at + i]) return false;
  return true;
}

/** `name` is in lower case. */
function equalFolded(name: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[at + i]!;
    const folded = byte >= UPPER_A && byte <= UPPER_Z ? byte + LOWER : byte;
    if (name[i] !== folded) return false;
  }
  return true;
}

/** The member of this name; null when no path goes there. */
export function memberNamed(node: PathNode, name: string): PathNode | null {
  return node.members.get(node.ignoreCase ? lowerCase(name) : name) ?? null;
}

const UPPER_A = 65;
const UPPER_Z = 90;
const LOWER = 32;

export function clearCells(cells: readonly Cell[], slots: readonly number[]): void {
  for (let i = 0; i < slots.length; i++) cells[slots[i]!]!.kind = MISSING;
}
