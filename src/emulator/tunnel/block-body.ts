import { createArrowReader } from '../arrow/arrow-reader.ts';
import { decoderOf } from '../compress/codecs.ts';
import type { Call, Core } from '../core.ts';
import type { ColumnDefinition } from '../model/catalog.ts';
import { createRecordReader } from '../record/record-reader.ts';
import type { RequiredColumn } from '../record/value-checks.ts';
import type { BlockLoader, StagedBlock } from '../store/store.ts';
import { received } from './received.ts';

export interface BlockFormat {
  readonly columns: readonly ColumnDefinition[];
  /** Columns that take no NULL. */
  readonly required: readonly RequiredColumn[];
  /** Arrow batches (protocol 7) in place of records (protocol 5). */
  readonly arrow: boolean;
}

/** Takes a body as it comes and answers its number of rows; throws MalformedDataStream. */
export interface RowReader {
  push(piece: Uint8Array): void;
  end(): number;
}

/**
 * Reads the body of a call to its end and stages its rows; a body that is damaged in any way leaves nothing
 * behind. Throws MalformedDataStream, before the body is read for an unknown Content-Encoding.
 */
export async function stageRows(
  core: Core,
  call: Call,
  columns: readonly ColumnDefinition[],
  readerFor: (loader: BlockLoader) => RowReader,
): Promise<StagedBlock> {
  const decode = decoderOf(call.request.headers['content-encoding']);
  const loader = await core.store.load(columns);
  try {
    const reader = readerFor(loader);
    for await (const piece of decode(received(core, call))) reader.push(piece);
    return await loader.finish(reader.end());
  } catch (error) {
    await loader.abort().catch(() => {});
    throw error;
  }
}

/** The rows of a block. */
export const stageBlock = (core: Core, call: Call, format: BlockFormat): Promise<StagedBlock> =>
  stageRows(core, call, format.columns, (loader) => readerOf(format, loader));

function readerOf({ columns, required, arrow }: BlockFormat, loader: BlockLoader): RowReader {
  if (arrow) return createArrowReader(columns, loader.onRow, required);
  const types = columns.map((column) => column.type);
  return createRecordReader(types, loader.onRecord, required);
}
