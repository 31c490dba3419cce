import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { ColumnType } from '../../model/types.ts';
import { type Cell, type CellReader, cellReader } from '../../record/cells.ts';
import type { RecordHandler } from '../../record/record-reader.ts';
import { Scan } from '../../record/scan.ts';
import { inColumn } from '../../record/value-checks.ts';
import { Bytes } from './bytes.ts';
import { PHYSICAL } from './leaf.ts';
import { type Struct, writeStruct } from './thrift.ts';
import { checkMaps, createNode, level, type Node, type PlacedLeaf, writeCell } from './tree.ts';

/** A Parquet file that grows by rows; columns c0, c1, ... of DuckDB's kept types. */
export interface ParquetWriter {
  readonly onRecord: RecordHandler;
  onRow(row: readonly Cell[]): void;
  /** Size of the row data so far. */
  bytes(): number;
  /** The file is whole afterwards. */
  end(): void;
  /** Leaves nothing behind. */
  abort(): void;
}

/** Written in one go; small enough to keep nobody waiting. */
const GROUP_BYTES = 4 * 1024 * 1024;
/** DuckDB reads row groups of a file side by side. */
const GROUP_ROWS = 61_440;
const MAGIC = Buffer.from('PAR1');
/** How often the size is looked at: values may have megabytes. */
const CHECKED_ROWS = 16;

interface Column {
  readonly node: Node;
  /** Of cells that come as they are; those of records were looked at as they were read. */
  readonly check: ((cell: Cell) => void) | undefined;
  /** Its values are looked at one by one, which the way from record to leaf does not do. */
  readonly checked: boolean;
  readonly read: CellReader;
}

/** PLAIN encoding without compression, one page for each leaf of a row group. */
export function createParquetWriter(
  path: string,
  types: readonly ColumnType[],
  names: readonly string[] = [],
): ParquetWriter {
  const columns = types.map(
    (type, index): Column => ({
      node: createNode(`c${index}`, type),
      check: checkMaps(type),
      checked: ['JSON', 'TIMESTAMP', 'TIMESTAMP_NTZ'].includes(type.name),
      read: cellReader(type),
    }),
  );
  const leaves = columns.flatMap(({ node }) => node.leaves);
  const file = openSync(path, 'wx');
  const groups: Group[] = [];
  const scan = new Scan();
  let position = 0;
  let rows = 0;
  let bytes = 0;

  write(MAGIC);

  function write(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) at += writeSync(file, data, at);
    position += data.length;
  }

  function onRecord(record: Uint8Array, starts: Int32Array): void {
    scan.bytes = record;
    for (let index = 0; index < columns.length; index += 1) {
      const { node, checked, read } = columns[index]!;
      const start = starts[index]!;
      const { leaf } = node;
      if (start >= 0) scan.at = start;
      try {
        if (leaf && !checked) {
          level(leaf, 0, start < 0 ? 0 : 1);
          if (start >= 0) leaf.fromRecord(scan);
        } else writeCell(node, start < 0 ? null : read(scan));
      } catch (error) {
        throw inColumn(names[index] ?? '', error);
      }
    }
    endRow();
  }

  function onRow(row: readonly Cell[]): void {
    for (let index = 0; index < columns.length; index += 1) {
      const { node, check } = columns[index]!;
      const cell = row[index] ?? null;
      check?.(cell);
      writeCell(node, cell);
    }
    endRow();
  }

  function endRow(): void {
    rows += 1;
    if (rows % CHECKED_ROWS !== 0) return;
    const size = leaves.reduce((sum, { leaf }) => sum + leaf.values.length, 0);
    if (rows >= GROUP_ROWS || size >= GROUP_BYTES) endGroup();
  }

  function endGroup(): void {
    const chunks = leaves.map((placed) => {
      const offset = position;
      const page = pageOf(placed);
      write(page.header);
      write(page.levels);
      write(page.values);
      bytes += placed.leaf.bytes;
      const chunk = { offset, size: position - offset, count: placed.leaf.levels };
      clear(placed);
      return chunk;
    });
    groups.push({ rows, chunks });
    rows = 0;
  }

  function end(): void {
    if (rows) endGroup();
    const footer = footerOf(
      columns.map(({ node }) => node),
      leaves,
      groups,
    );
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    write(footer);
    write(length);
    write(MAGIC);
    closeSync(file);
  }

  function abort(): void {
    closeSync(file);
    rmSync(path, { force: true });
  }

  const counted = () => bytes + leaves.reduce((sum, { leaf }) => sum + leaf.bytes, 0);
  return { onRecord, onRow, bytes: counted, end, abort };
}

interface Chunk {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

interface Group {
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

const ENCODING = { plain: 0, rle: 3 } as const;

function pageOf({ leaf, maxRepeat }: PlacedLeaf): { header: Buffer; levels: Buffer; values: Buffer } {
  leaf.finish();
  const levels = new Bytes(leaf.definitions.size + leaf.repetitions.size);
  if (maxRepeat) leaf.repetitions.write(levels);
  leaf.definitions.write(levels);
  const size = levels.length + leaf.values.length;
  const header = new Bytes(64);
  writeStruct(header, (page) => {
    page.i32(1, 0);
    page.i32(2, size);
    page.i32(3, size);
    page.struct(5, (data) => {
      data.i32(1, leaf.levels);
      data.i32(2, ENCODING.plain);
      data.i32(3, ENCODING.rle);
      data.i32(4, ENCODING.rle);
    });
  });
  return { header: header.view(), levels: levels.view(), values: leaf.values.view() };
}

function clear({ leaf }: PlacedLeaf): void {
  leaf.values.clear();
  leaf.definitions.clear();
  leaf.repetitions.clear();
  leaf.levels = 0;
  leaf.bytes = 0;
}

const REPETITION = { optional: 1, repeated: 2 } as const;
const CONVERTED_LIST = 3;

function footerOf(nodes: readonly Node[], leaves: readonly PlacedLeaf[], groups: readonly Group[]): Buffer {
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
      meta.numbers(2, [ENCODING.plain, ENCODING.rle]);
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
