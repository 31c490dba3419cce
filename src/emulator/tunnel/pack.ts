import { decoderOf } from '../compress/codecs.ts';
import type { Call, Core } from '../core.ts';
import { malformed } from '../errors.ts';
import type { ColumnDefinition } from '../model/catalog.ts';
import { createRecordReader, type RecordHandler } from '../record/record-reader.ts';
import type { RequiredColumn } from '../record/value-checks.ts';
import type { BlockLoader, StagedBlock } from '../store/store.ts';
import { received } from './received.ts';
import { numberParameter } from './target.ts';

/** One record stream of a stream or an upsert. */
export interface PackPlan {
  /** Columns of its records. */
  readonly columns: readonly ColumnDefinition[];
  /** Columns that are staged. */
  readonly staged: readonly ColumnDefinition[];
  /** Columns that take no NULL; an upsert has rules of its own. */
  readonly required?: readonly RequiredColumn[];
  /** What becomes of each record. */
  readonly recordHandler: (loader: BlockLoader) => RecordHandler | undefined;
}

/**
 * Reads a pack and holds its rows aside: all of them, or none. Refuses a body that is damaged or has
 * another number of rows than `record_count` (protocol 8.3, 9.1).
 */
export async function stagePack(core: Core, call: Call, plan: PackPlan): Promise<StagedBlock> {
  const decode = decoderOf(call.request.headers['content-encoding']);
  const loader = await core.store.load(plan.staged);
  try {
    const types = plan.columns.map((column) => column.type);
    const reader = createRecordReader(types, plan.recordHandler(loader), plan.required);
    for await (const piece of decode(received(core, call))) reader.push(piece);
    const rows = reader.end();
    checkCount(call, rows);
    return await loader.finish(rows);
  } catch (error) {
    await loader.abort().catch(() => {});
    throw error;
  }
}

function checkCount(call: Call, rows: number): void {
  const wanted = numberParameter(call, 'record_count', 0, Number.MAX_SAFE_INTEGER);
  if (wanted === undefined || wanted === rows) return;
  throw malformed(`record_count is ${wanted}, the body has ${rows} rows`);
}
