import { malformed } from '../errors.ts';
import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import { inColumn, inRow, isNull, MAX_FIELD_BYTES, type RequiredColumn } from '../record/value-checks.ts';
import { type Arrays, type At, arrayReader, arraysOf } from './array-reader.ts';
import { createFrameReader } from './frame-reader.ts';
import { type BatchMessage, createMessageReader } from './message-reader.ts';
import { countAll, formOf, type TimeForm } from './time-form.ts';

export interface ArrowReader {
  /** Takes the next bytes of the framed stream, cut anywhere; throws MalformedDataStream. */
  push(piece: Uint8Array): void;
  /** Number of rows of a whole stream; an empty one has none. Throws MalformedDataStream when it is cut off. */
  end(): number;
}

interface ArrowColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * Reads an Arrow block (protocol 7) by the columns of its session, because no schema is sent. `onRow` gets the
 * same array for every row. Values are checked as those of records are; `required` columns must have one.
 */
export function createArrowReader(
  columns: readonly ArrowColumn[],
  onRow: (row: readonly Cell[]) => void,
  required: readonly RequiredColumn[] = [],
): ArrowReader {
  const row: Cell[] = columns.map(() => null);
  let rows = 0;
  const messages = createMessageReader((batch) => {
    const arrays = arraysOf(batch, formFor(batch, columns));
    const readers = columns.map((column) => columnReader(arrays, column, batch.rows));
    for (let index = 0; index < batch.rows; index += 1) {
      readRow(arrays, readers, index);
      onRow(row);
      rows += 1;
    }
  });
  const frame = createFrameReader(messages.push);

  function readRow(arrays: Arrays, readers: readonly At[], index: number): void {
    let column = 0;
    try {
      for (; column < readers.length; column += 1) {
        arrays.itemsLeft = MAX_FIELD_BYTES;
        row[column] = readers[column]!(index);
      }
    } catch (error) {
      throw inRow(rows, inColumn(columns[column]!.name, error));
    }
    for (const { index: place, name } of required)
      if (row[place] === null) throw malformed(`row ${rows}: ${isNull(name)}`);
  }

  function end(): number {
    if (frame.end()) messages.end();
    return rows;
  }

  return { push: frame.push, end };
}

/** How the batch lays out times; throws when the columns do not have the arrays that it holds. */
function formFor(batch: BatchMessage, columns: readonly ArrowColumn[]): TimeForm {
  const types = columns.map((column) => column.type);
  const given = { nodes: batch.nodes.length, buffers: batch.buffers.length };
  const form = formOf(types, given);
  if (!form) throw wrongCounts(types, given);
  return form;
}

function columnReader(arrays: Arrays, { name, type }: ArrowColumn, rows: number): At {
  try {
    return arrayReader(arrays, type, rows);
  } catch (error) {
    throw inColumn(name, error);
  }
}

function wrongCounts(types: readonly ColumnType[], given: { nodes: number; buffers: number }): Error {
  const wanted = countAll(types, { timestampStruct: false, intervalStruct: false });
  return malformed(
    `a RecordBatch has ${given.nodes} arrays with ${given.buffers} buffers, ` +
      `the ${types.length} columns of the session have ${wanted.nodes} with ${wanted.buffers}`,
  );
}
