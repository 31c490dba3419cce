import { arrowFrames, type FrameOptions } from '../arrow/arrow-writer.ts';
import { encoderOf } from '../compress/codecs.ts';
import type { Call } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import type { ColumnDefinition } from '../model/catalog.ts';
import type { Cell } from '../record/cells.ts';
import { createRecordWriter } from '../record/record-writer.ts';
import type { Download, Downloads } from './downloads.ts';
import { readsMetrics, type Stopwatch, startStopwatch } from './metrics.ts';

/** Pieces of rows, as the store reads them. */
export type RowPieces = AsyncIterable<readonly (readonly Cell[])[]>;

/** What part of a session's rows is asked for. */
export interface RowRange {
  readonly start: number;
  readonly count: number;
}

/**
 * `rowrange=(start,count)`. A range that ends behind the last row has the rows that there are: PyODPS asks for ten rows of
 * two. One that starts there is 400 InvalidRowRange.
 */
export function rowRange(text: string | undefined, total: number): RowRange {
  const match = /^\(\s*(\d{1,15})\s*,\s*(\d{1,15})\s*\)$/.exec(text ?? '');
  if (!match) throw invalidRange(`rowrange has to be (start,count), not "${text ?? ''}"`);
  const [start, count] = [Number(match[1]), Number(match[2])];
  if (start > total) throw invalidRange(`(${start},${count}) starts behind the ${total} rows`);
  return { start, count: Math.min(count, total - start) };
}

const invalidRange = (text: string): Refusal =>
  new Refusal(400, 'InvalidRowRange', `The specified row range is invalid: ${text}.`);

/** The columns that a list names, in its order; all of them without a list. */
export function chosenColumns(
  list: string | undefined,
  columns: readonly ColumnDefinition[],
): readonly ColumnDefinition[] {
  if (!list) return columns;
  const names = list.split(',').map((name) => name.trim().toLowerCase());
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw invalidColumn(`${repeated} is asked for twice`);
  return names.map((name) => {
    const column = columns.find((known) => known.name.toLowerCase() === name);
    if (column) return column;
    const known = columns.map((one) => one.name).join(', ');
    throw invalidColumn(`there is no column "${name}" among the data columns ${known}`);
  });
}

const invalidColumn = (text: string): Refusal =>
  new Refusal(400, 'InvalidColumnSpec', `The specified columns are invalid: ${text}.`);

/** `GET ?data&downloadid&rowrange[&columns][&arrow]`: records, or Arrow frames (requests 12). */
export function rowsReply(
  downloads: Downloads,
  call: Call,
  download: Download,
  timestamp: 'nanoseconds' | 'struct',
  { range, head }: { readonly range?: RowRange; readonly head?: Buffer } = {},
): Reply {
  downloads.checkOpen(download);
  const { start, count } = range ?? rowRange(call.query.get('rowrange'), download.count);
  const isArrow = call.query.has('arrow');
  const chosen = chosenColumns(call.query.get('columns'), download.rows.columns);
  const columns =
    isArrow && isPyOdps(call) ? download.rows.columns.filter((c) => chosen.includes(c)) : chosen;
  const names = columns.map((column) => column.name);
  const rows = downloads.reading(download, download.rows.read({ columns: names, start, count }));
  const watch = readsMetrics(call) ? startStopwatch() : undefined;
  const pieces = isArrow
    ? arrowFrames(columns, rows, formOf(call, timestamp))
    : recordPieces(columns, rows, watch, head);
  return encodedReply(call, pieces);
}

/** Arrow is told by nothing but its place: PyODPS takes columns in the table's order, Java in its own (requests 12). */
const isPyOdps = (call: Call): boolean => call.request.headers['user-agent']?.startsWith('pyodps/') ?? false;

/** Both clients take their own form of INTERVAL_DAY_TIME alone (protocol 7.3). */
function formOf(call: Call, timestamp: 'nanoseconds' | 'struct'): FrameOptions {
  const isJava = call.request.headers['user-agent']?.startsWith('JavaSDK') ?? false;
  return { timestamp, interval: isJava ? 'day-time' : 'struct' };
}

export const OCTETS = 'application/octet-stream';

/** A body in the codec that the client takes, or plain. */
function encodedReply(call: Call, pieces: AsyncIterable<Buffer>): Reply {
  const accepted = call.request.headers['accept-encoding'];
  const { encoding, encode } = encoderOf(typeof accepted === 'string' ? accepted : undefined);
  const headers = encoding === undefined ? {} : { 'Content-Encoding': encoding };
  return { status: 200, type: OCTETS, headers, body: encode(pieces) };
}

/** Records numbered in the order of `columns`, and the footer. */
async function* recordPieces(
  columns: readonly ColumnDefinition[],
  rows: RowPieces,
  watch: Stopwatch | undefined,
  head: Buffer | undefined,
): AsyncIterable<Buffer> {
  if (head) yield head;
  const writer = createRecordWriter(columns.map((column) => column.type));
  for await (const piece of rows) {
    for (const row of piece) writer.add(row);
    yield writer.take();
  }
  yield writer.end(watch?.text());
}
