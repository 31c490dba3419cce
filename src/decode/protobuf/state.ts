import { type Cell, MISSING } from '../cell/cell.ts';
import type { PathNode } from '../path/trie.ts';
import type { Cursor } from './cursor.ts';

/** Reads what stands behind a tag, and fills the cells of the paths that go through it. */
export type Read = (cursor: Cursor, cells: readonly Cell[]) => void;

/** Reads the fields of a message up to `cursor.end`, or up to the tag that ends its group. */
export type Body = (cursor: Cursor, cells: readonly Cell[], endTag: number) => void;

/**
 * What the readers of one message type remember while they read one record. A message may come in pieces,
 * and a list with other fields between its items, so nothing may begin anew before the record is read.
 */
export interface State {
  /** Items of each list so far; or whether a message has begun. */
  readonly counts: number[];
  /** What is finished when the record is read, each with the place of its count. */
  pending: { readonly place: number; readonly finish: (cursor: Cursor, cells: readonly Cell[]) => void }[];
}

/** All that belongs to one path node: cells, and the counts made while its readers were compiled. */
export interface Region {
  readonly slots: readonly number[];
  readonly from: number;
  readonly to: number;
}

export function newState(): State {
  return { counts: [], pending: [] };
}

export function beginRecord(state: State): void {
  const { counts } = state;
  for (let i = 0; i < counts.length; i++) counts[i] = 0;
  if (state.pending.length > 0) state.pending = [];
}

/** A place for one more count. */
export function newCount(state: State): number {
  return state.counts.push(0) - 1;
}

/** The region of a path node whose readers `compile` makes. */
export function regionOf<T>(state: State, node: PathNode, compile: () => T): { region: Region; made: T } {
  const from = state.counts.length;
  const made = compile();
  return { made, region: { slots: [...node.slots, ...node.below], from, to: state.counts.length } };
}

/** As if nothing of the region had been read. */
export function clearRegion(state: State, { slots, from, to }: Region, cells: readonly Cell[]): void {
  for (let i = 0; i < slots.length; i++) cells[slots[i]!]!.kind = MISSING;
  if (from === to) return;
  state.counts.fill(0, from, to);
  state.pending = state.pending.filter(({ place }) => place < from || place >= to);
}
