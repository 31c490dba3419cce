import type { Mended } from '../mapping/mend.ts';
import type { RowDirty, RowMapper } from '../mapping/row.ts';
import type { Copies } from './copies.ts';
import type { Savepoint } from './record-writer.ts';
import type { Tally } from './tally.ts';
import type { RowSink, Writers } from './writers.ts';

export interface RowLimits {
  readonly maxTablePartitions: number;
  /** Of one row, and of all rows of a record together, bytes in record format. */
  readonly rowBytes: number;
}

/** Writes the one row of the record last opened, unless the filter or a copy leaves it out; the result is that of {@link writeRows}. */
export function writeRow(
  mapper: RowMapper,
  writers: Writers,
  { maxTablePartitions, rowBytes }: RowLimits,
  tally: Tally,
  copies: Copies | null,
): RowDirty | 'full' | null {
  if (mapper.filtered) {
    tally.filtered();
    return null;
  }
  const writer = writers.find(mapper.tablePartition, maxTablePartitions);
  if (!writer) return 'full';
  writer.begin();
  const unwritten = mapper.write(writer) ?? rowTooLarge(writer, rowBytes);
  if (unwritten || copies?.isCopy(mapper.key!())) {
    writer.rollback();
    return unwritten;
  }
  writer.end(mapper.eventMs);
  if (mapper.mended.length > 0) tally.row(mapper.mended);
  return null;
}

function rowTooLarge(writer: RowSink, limit: number): RowDirty | null {
  if (writer.rowBytes <= limit) return null;
  const message = `the row has ${writer.rowBytes} bytes, the limit is ${limit}`;
  return { stage: 'size', code: 'row_too_large', message };
}

/**
 * Writes all rows of the record last opened, or none: also when all are copies, which is counted.
 *
 * @returns null when that is done, `full` when they need more table partitions than are left, or why not
 */
export function writeRows(
  mapper: RowMapper,
  writers: Writers,
  limits: RowLimits,
  tally: Tally,
  copies: Copies | null,
): RowDirty | 'full' | null {
  const saved = new Map<RowSink, Savepoint>();
  const written: Written = { rows: 0, mended: [], keys: [] };
  const problem = writeEach(mapper, writers, limits, saved, written);
  const copied = problem === null && written.rows > 0 && copies?.areCopies(written.keys) === true;
  if (problem === null && !copied) tally.rows(written.rows, written.mended);
  else for (const [writer, before] of saved) writer.restore(before);
  return problem;
}

/** Of the rows of one record. */
interface Written {
  /** Without those that the filter leaves out. */
  rows: number;
  readonly mended: Mended[];
  /** Only where rows are compared. */
  readonly keys: (Buffer | null)[];
}

function writeEach(
  mapper: RowMapper,
  writers: Writers,
  { maxTablePartitions, rowBytes }: RowLimits,
  saved: Map<RowSink, Savepoint>,
  written: Written,
): RowDirty | 'full' | null {
  let bytes = 0;
  for (let row = 0; row < mapper.rows; row++) {
    const unopened = row === 0 ? null : mapper.select(row);
    if (unopened) return unopened;
    if (mapper.filtered) continue;
    const writer = writers.find(mapper.tablePartition, maxTablePartitions);
    if (!writer) return 'full';
    if (!saved.has(writer)) saved.set(writer, writer.save());
    writer.begin();
    const unwritten = mapper.write(writer);
    if (unwritten) return unwritten;
    bytes += writer.rowBytes;
    if (bytes > rowBytes) return rowsTooLarge(row + 1, bytes, rowBytes);
    writer.end(mapper.eventMs);
    written.rows++;
    written.mended.push(...mapper.mended);
    if (mapper.key) written.keys.push(mapper.key());
  }
  return null;
}

function rowsTooLarge(rows: number, bytes: number, limit: number): RowDirty {
  const message = `the first ${rows} rows of the record have ${bytes} bytes, the limit is ${limit}`;
  return { stage: 'size', code: 'row_too_large', message };
}
