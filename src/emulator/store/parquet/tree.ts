import type { ColumnType } from '../../model/types.ts';
import type { Cell } from '../../record/cells.ts';
import { createLeaf, type Leaf } from './leaf.ts';

/**
 * A column as Parquet sees it: everything may be NULL, a list is three levels deep, a MAP is a list of
 * entries. `define` counts the optional and repeated levels down to a value, `repeat` the repeated ones.
 */
export interface Node {
  readonly name: string;
  readonly kind: 'leaf' | 'group' | 'list';
  /** Of the group or of the list's item. */
  readonly children: readonly Node[];
  readonly leaf: Leaf | undefined;
  readonly leaves: readonly PlacedLeaf[];
  readonly repeat: number;
}

/** A leaf and the way to it. */
export interface PlacedLeaf {
  readonly leaf: Leaf;
  readonly path: readonly string[];
  readonly maxDefine: number;
  readonly maxRepeat: number;
}

interface Place {
  readonly path: readonly string[];
  readonly define: number;
  readonly repeat: number;
}

const ROOT: Place = { path: [], define: 0, repeat: 0 };

export function createNode(name: string, type: ColumnType, place: Place = ROOT): Node {
  const { define, repeat } = place;
  const path = [...place.path, name];
  switch (type.name) {
    case 'ARRAY':
      return listNode(name, { ...place, path }, (inside) => createNode('element', type.element, inside));
    case 'MAP':
      return listNode(name, { ...place, path }, (inside) =>
        groupNode(
          'element',
          [
            ['k', type.key],
            ['v', type.value],
          ],
          inside,
        ),
      );
    case 'STRUCT':
      return groupNode(
        name,
        type.fields.map((field, index) => [`f${index}`, field.type]),
        place,
      );
    default: {
      const leaf = createLeaf(type);
      const leaves = [{ leaf, path, maxDefine: define + 1, maxRepeat: repeat }];
      return { ...{ name, kind: 'leaf', children: [], leaf, leaves, repeat } };
    }
  }
}

function groupNode(name: string, fields: readonly (readonly [string, ColumnType])[], place: Place): Node {
  const inside = { path: [...place.path, name], define: place.define + 1, repeat: place.repeat };
  const children = fields.map(([field, type]) => createNode(field, type, inside));
  const leaves = children.flatMap((child) => child.leaves);
  return { ...{ name, kind: 'group', children, leaf: undefined, leaves, repeat: place.repeat } };
}

function listNode(name: string, { path, define, repeat }: Place, item: (inside: Place) => Node): Node {
  const inside = { path: [...path, 'list'], define: define + 2, repeat: repeat + 1 };
  const child = item(inside);
  return {
    name,
    kind: 'list',
    children: [child],
    leaf: undefined,
    leaves: child.leaves,
    repeat: repeat + 1,
  };
}

/** Takes one value of a column apart into its leaves. */
export function writeCell(node: Node, cell: Cell, repeat = 0, define = 0): void {
  if (cell === null) writeNull(node, repeat, define);
  else if (node.leaf) {
    node.leaf.fromCell(cell);
    level(node.leaf, repeat, define + 1);
  } else writeItems(node, cell as readonly Cell[], repeat, define);
}

function writeItems(
  { kind, children, leaves, repeat: own }: Node,
  items: readonly Cell[],
  repeat: number,
  define: number,
): void {
  if (kind === 'group') {
    for (const [at, child] of children.entries()) writeCell(child, items[at] ?? null, repeat, define + 1);
  } else if (items.length) {
    for (const [at, item] of items.entries())
      writeCell(children[0]!, item, at === 0 ? repeat : own, define + 2);
  } else for (const { leaf } of leaves) level(leaf, repeat, define + 1);
}

function writeNull({ leaves }: Node, repeat: number, define: number): void {
  for (const { leaf } of leaves) level(leaf, repeat, define);
}

export function level(leaf: Leaf, repeat: number, define: number): void {
  leaf.levels += 1;
  leaf.definitions.add(define);
  leaf.repetitions.add(repeat);
}
