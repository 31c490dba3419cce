import { Bytes } from './bytes.ts';
import { PAGE_ENCODING, PHYSICAL } from './encoding.ts';
import { type Struct, writeStruct } from './thrift.ts';
import type { Node, PlacedLeaf } from './tree.ts';

/** The page of a leaf in a row group: its place and size in the file, its values and NULLs together. */
export interface Chunk {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

export interface Group {
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

const REPETITION = { optional: 1, repeated: 2 } as const;
const CONVERTED_LIST = 3;

/** Schema and places of all row groups: what readers begin with. */
export function footerOf(
  nodes: readonly Node[],
  leaves: readonly PlacedLeaf[],
  groups: readonly Group[],
): Buffer {
  const out = new Bytes();
  const elements: ((element: Struct) => void)[] = [
    (element) => {
      element.text(4, 'rows');
      element.i32(5, nodes.length);
    },
  ];
  for (const node of nodes) describe(node, elements);
  writeStruct(out, (footer) => {
    footer.i32(1, 1);
    footer.structs(2, elements, (element, write) => write(element));
    footer.i64(
      3,
      groups.reduce((sum, { rows }) => sum + rows, 0),
    );
    footer.structs(4, groups, (inner, group) => writeGroup(inner, group, leaves));
  });
  return out.view();
}

/** Schema elements, the parent before its children. */
function describe({ name, kind, children, leaf }: Node, elements: ((element: Struct) => void)[]): void {
  elements.push((element) => {
    if (leaf) element.i32(1, leaf.physical);
    if (leaf?.physical === PHYSICAL.fixed) element.i32(2, 16);
    element.i32(3, REPETITION.optional);
    element.text(4, name);
    if (!leaf) element.i32(5, children.length);
    if (kind === 'list') element.i32(6, CONVERTED_LIST);
    leaf?.describe(element);
  });
  if (kind === 'list')
    elements.push((element) => {
      element.i32(3, REPETITION.repeated);
      element.text(4, 'list');
      element.i32(5, 1);
    });
  for (const child of children) describe(child, elements);
}

function writeGroup(inner: Struct, { rows, chunks }: Group, leaves: readonly PlacedLeaf[]): void {
  inner.structs(1, chunks, (column, chunk) => {
    const { leaf, path } = leaves[chunks.indexOf(chunk)]!;
    column.i64(2, chunk.offset);
    column.struct(3, (meta) => {
      meta.i32(1, leaf.physical);
      meta.numbers(2, [PAGE_ENCODING.plain, PAGE_ENCODING.rle]);
      meta.texts(3, path);
      meta.i32(4, 0);
      meta.i64(5, chunk.count);
      meta.i64(6, chunk.size);
      meta.i64(7, chunk.size);
      meta.i64(9, chunk.offset);
    });
  });
  inner.i64(
    2,
    chunks.reduce((sum, chunk) => sum + chunk.size, 0),
  );
  inner.i64(3, rows);
}
