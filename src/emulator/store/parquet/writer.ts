import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { ColumnType } from '../../model/types.ts';
import { type Cell, type CellReader, cellReader } from '../../record/cells.ts';
import type { RecordHandler } from '../../record/record-reader.ts';
import { Scan } from '../../record/scan.ts';
import { inColumn } from '../../record/value-checks.ts';
import { Bytes } from './bytes.ts';
import { createDensity } from './density.ts';
import { PAGE_ENCODING } from './encoding.ts';
import { footerOf, type Group } from './footer.ts';
import { writeStruct } from './thrift.ts';
import { createNode, level, type Node, type PlacedLeaf, writeCell } from './tree.ts';

/** A Parquet file that grows by rows; columns c0, c1, ... of DuckDB's kept types. */
export interface ParquetWriter {
  /** Refuses values that their columns do not take (MalformedDataStream). */
  readonly onRecord: RecordHandler;
  /** Cells that whoever read them has checked. */
  onRow(row: readonly Cell[]): void;
  /** Size of the row data so far. */
  bytes(): number;
  /** The most bytes of as many rows, one behind the other, as DuckDB reads at once; of whole row groups. */
  densest(): number;
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

interface Column {
  readonly node: Node;
  /** Of a nested value: its leaves take theirs from the record. */
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
      read: cellReader(type),
    }),
  );
  const leaves = columns.flatMap(({ node }) => node.leaves);
  const file = openSync(path, 'wx');
  const groups: Group[] = [];
  const density = createDensity();
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
      const { node, read } = columns[index]!;
      const start = starts[index]!;
      const { leaf } = node;
      if (start >= 0) scan.at = start;
      try {
        if (leaf) {
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
      writeCell(columns[index]!.node, row[index] ?? null);
    }
    endRow();
  }

  function endRow(): void {
    rows += 1;
    let size = 0;
    for (const { leaf } of leaves) size += leaf.values.length;
    if (rows >= GROUP_ROWS || size >= GROUP_BYTES) endGroup();
  }

  function endGroup(): void {
    const start = position;
    const chunks = leaves.map((placed) => {
      const offset = position;
      const page = pageOf(placed);
      write(page.header);
      write(page.levels);
      write(page.values);
      bytes += placed.leaf.counted.bytes;
      const chunk = { offset, size: position - offset, count: placed.leaf.levels };
      clear(placed);
      return chunk;
    });
    groups.push({ rows, chunks });
    density.add(rows, position - start);
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

  const counted = () => bytes + leaves.reduce((sum, { leaf }) => sum + leaf.counted.bytes, 0);
  return { onRecord, onRow, bytes: counted, densest: density.most, end, abort };
}

function pageOf({ leaf, maxRepeat }: PlacedLeaf): { header: Buffer; levels: Buffer; values: Buffer } {
  leaf.finish?.();
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
      data.i32(2, PAGE_ENCODING.plain);
      data.i32(3, PAGE_ENCODING.rle);
      data.i32(4, PAGE_ENCODING.rle);
    });
  });
  return { header: header.view(), levels: levels.view(), values: leaf.values.view() };
}

function clear({ leaf }: PlacedLeaf): void {
  leaf.values.clear();
  leaf.definitions.clear();
  leaf.repetitions.clear();
  leaf.levels = 0;
  leaf.counted.bytes = 0;
}
