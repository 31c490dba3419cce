import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnDefinition } from '../model/catalog.ts';
import { literal } from './duckdb-sql.ts';
import { createParquetWriter } from './parquet/writer.ts';
import type { BlockLoader, StagedBlock } from './store.ts';

/** What a staged block's handle is: a file in the scratch folder. */
export interface Staged {
  readonly path: string;
  readonly columns: readonly ColumnDefinition[];
}

export const staged = (block: StagedBlock): Staged => block.handle as Staged;

/** What stands after FROM for some blocks, in order; its columns are c0, c1, ... */
export function sourceOf(blocks: readonly StagedBlock[]): string {
  return `read_parquet([${blocks.map((block) => literal(staged(block).path)).join(', ')}])`;
}

/**
 * Takes the rows of blocks until they are committed, as Parquet files: they need no memory, and DuckDB reads
 * them on all its threads. Row by row through its appender a block took four times as long.
 */
export function createStaging(
  folder: string,
): (columns: readonly ColumnDefinition[]) => Promise<BlockLoader> {
  return async (columns) => {
    const path = join(folder, `${randomUUID()}.parquet`);
    const writer = createParquetWriter(
      path,
      columns.map((column) => column.type),
      columns.map((column) => column.name),
    );
    return {
      onRecord: writer.onRecord,
      onRow: writer.onRow,
      finish: async (rows) => {
        writer.end();
        return { rows, bytes: writer.bytes(), handle: { path, columns } satisfies Staged };
      },
      abort: async () => writer.abort(),
    };
  };
}

export async function dropBlocks(blocks: readonly StagedBlock[]): Promise<void> {
  for (const block of blocks) await rm(staged(block).path, { force: true });
}
