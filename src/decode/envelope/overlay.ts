import type { Cell, Member } from '../cell/cell.ts';
import { jsonTree } from '../json/tree.ts';

/**
 * Makes a JSON object (JSON_TEXT) a TREE with the members of another one in the place of its own of the same name.
 *
 * @returns false when a string in them escapes half a surrogate pair
 */
export function overlay(under: Cell, over: Cell): boolean {
  const [lower, upper] = [membersOf(under), membersOf(over)];
  if (lower === null || upper === null) return false;
  const byName = new Map(upper.map((one) => [one.name, one]));
  const names = new Set(lower.map(({ name }) => name));
  const more = [...byName.values()].filter(({ name }) => !names.has(name));
  under.setTree({ members: [...lower.map((one) => byName.get(one.name) ?? one), ...more] });
  return true;
}

function membersOf({ bytes, start, end }: Cell): readonly Member[] | null {
  const tree = jsonTree(bytes, start, end)?.tree;
  return tree && 'members' in tree ? tree.members : null;
}
