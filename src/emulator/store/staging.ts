import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnDefinition } from '../model/catalog.ts';
import { literal } from './duckdb-sql.ts';
import { createParquetWriter, type ParquetWriter } from './parquet/writer.ts';
import type { Load } from './portions.ts';
import type { BlockLoader, StagedBlock } from './store.ts';

/** What a staged block's handle is. */
export interface Staged {
  readonly files: readonly StagedFile[];
  readonly columns: readonly ColumnDefinition[];
}

/** A file in the scratch folder, and what a portion of a table has to know of it. */
export interface StagedFile extends Load {
  readonly path: string;
}

export const staged = (block: StagedBlock): Staged => block.handle as Staged;

export const filesOf = (blocks: readonly StagedBlock[]): readonly StagedFile[] =>
  blocks.flatMap((block) => staged(block).files);

/** What stands after FROM for some files, in order; its columns are c0, c1, ... */
export function sourceOf(files: readonly StagedFile[]): string {
  return `read_parquet([${files.map(({ path }) => literal(path)).join(', ')}])`;
}

/** Bytes of the rows that DuckDB reads at once, from which on a block goes on in another file. */
const FILE_DENSITY = 24 * 1024 * 1024;

/**
 * Takes the rows of blocks until they are committed, as Parquet files: they need no memory, and DuckDB reads
 * them on all its threads. Row by row through its appender a block took four times as long.
 */
export function createStaging(
  folder: string,
): (columns: readonly ColumnDefinition[]) => Promise<BlockLoader> {
  return async (columns) => {
    const types = columns.map((column) => column.type);
    const names = columns.map((column) => column.name);
    const files: StagedFile[] = [];
    let open: { readonly path: string; readonly writer: ParquetWriter; rows: number } | undefined;
    let bytes = 0;

    function writing() {
      const path = join(folder, `${randomUUID()}.parquet`);
      open ??= { path, writer: createParquetWriter(path, types, names), rows: 0 };
      return open;
    }

    /** Rows may be so large that one portion of a table cannot take those of a whole block. */
    function onEachRow(): void {
      open!.rows += 1;
      if (open!.writer.densest() >= FILE_DENSITY) close();
    }

    function close(): void {
      const { path, writer, rows } = writing();
      writer.end();
      bytes += writer.bytes();
      files.push({ path, rows, densest: writer.densest() });
      open = undefined;
    }

    return {
      onRecord: (record, starts) => {
        writing().writer.onRecord(record, starts);
        onEachRow();
      },
      onRow: (row) => {
        writing().writer.onRow(row);
        onEachRow();
      },
      finish: async (rows) => {
        if (open || !files.length) close();
        return { rows, bytes, handle: { files, columns } satisfies Staged };
      },
      abort: async () => {
        open?.writer.abort();
        await dropFiles(files);
      },
    };
  };
}

export const dropBlocks = (blocks: readonly StagedBlock[]): Promise<void> => dropFiles(filesOf(blocks));

async function dropFiles(files: readonly StagedFile[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true });
}
