import type { Call, Core } from '../core.ts';
import { malformed } from '../errors.ts';
import type { ColumnDefinition } from '../model/catalog.ts';
import { createRecordReader, type RecordHandler } from '../record/record-reader.ts';
import type { RequiredColumn } from '../record/value-checks.ts';
import type { BlockLoader, StagedBlock } from '../store/store.ts';
import { stageRows } from './block-body.ts';
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

/** Stages the rows of a pack; refuses one of another number of rows than `record_count` (protocol 8.3, 9.1). */
export function stagePack(core: Core, call: Call, plan: PackPlan): Promise<StagedBlock> {
  const wanted = numberParameter(call, 'record_count', 0, Number.MAX_SAFE_INTEGER);
  const types = plan.columns.map((column) => column.type);
  return stageRows(core, call, plan.staged, (loader) => {
    const { push, end } = createRecordReader(types, plan.recordHandler(loader), plan.required);
    return { push, end: () => counted(end(), wanted) };
  });
}

function counted(rows: number, wanted: number | undefined): number {
  if (wanted === undefined || wanted === rows) return rows;
  throw malformed(`record_count is ${wanted}, the body has ${rows} rows`);
}
