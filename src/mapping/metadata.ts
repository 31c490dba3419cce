import { BOOLEAN, BYTES, type Cell, JSON_TEXT, MISSING, NULL, STRING } from '../decode/cell/cell.ts';
import { validUtf8 } from '../decode/encoding/utf8.ts';
import type { ChunkView, Header } from '../source/chunk/chunk.ts';
import { F_KEY, F_KEY_LENGTH, F_TP, F_VALUE, F_VALUE_LENGTH, readHeaders } from '../source/chunk/chunk.ts';
import type { Slot } from './plan.ts';
import type { MetadataName } from './source.ts';

/** The chunk that records are read from. */
export interface ChunkContext {
  chunk: ChunkView;
  topicPartitions: readonly { readonly topic: string; readonly partition: number }[];
  /** ms */
  polledAt: number;
  /** Whether the record has no value, or one that says so. */
  tombstone: boolean;
}

/** Fills one cell from a record of the chunk. */
export type Fill = (context: ChunkContext, record: number) => void;

/** One filler per metadata slot, and one for all mapped headers. */
export function metadataFillers(slots: readonly Slot[], cells: readonly Cell[]): Fill[] {
  const fills: Fill[] = [];
  const headers = new Map<string, Cell>();
  slots.forEach((slot, i) => {
    if (slot.from === 'metadata') fills.push(metadataFill(slot.name, cells[i]!));
    if (slot.from === 'header') headers.set(slot.name, cells[i]!);
  });
  if (headers.size > 0) fills.push(headerFill(headers));
  return fills;
}

function metadataFill(name: MetadataName, cell: Cell): Fill {
  switch (name) {
    case 'key':
      return ({ chunk }, record) => fillField(cell, chunk, F_KEY, F_KEY_LENGTH, record);
    case 'value':
      return ({ chunk }, record) => fillField(cell, chunk, F_VALUE, F_VALUE_LENGTH, record);
    case 'topic':
      return topicFill(cell);
    case 'partition':
      return (context, record) => cell.setInteger(topicPartitionOf(context, record).partition);
    case 'offset':
      return ({ chunk }, record) => cell.setInteger(chunk.offsets[record]!);
    case 'timestamp':
      return ({ chunk }, record) => fillTimestamp(cell, chunk.timestamps[record]!);
    case 'headers':
      return ({ chunk }, record) => fillText(cell, JSON_TEXT, headersJson(chunk, record));
    case 'ingest_time':
      return ({ polledAt }) => cell.setInteger(polledAt);
    case 'row':
      return () => cell.setInteger(0);
    case 'deleted':
      return ({ tombstone }) => {
        cell.kind = BOOLEAN;
        cell.num = tombstone ? 1 : 0;
      };
  }
}

function topicPartitionOf({ chunk, topicPartitions }: ChunkContext, record: number) {
  return topicPartitions[chunk.ints[F_TP * chunk.capacity + record]!]!;
}

/** Key or value: text when it is valid UTF-8, else bytes (a converter to a text type refuses those). */
function fillField(cell: Cell, chunk: ChunkView, at: number, length: number, record: number): void {
  const size = chunk.ints[length * chunk.capacity + record]!;
  const start = chunk.ints[at * chunk.capacity + record]!;
  if (size < 0) cell.kind = NULL;
  else fillBytes(cell, chunk.bytes, start, start + size);
}

function fillBytes(cell: Cell, bytes: Uint8Array, start: number, end: number): void {
  cell.setBytes(validUtf8(bytes, start, end) ? STRING : BYTES, bytes, start, end);
}

function fillText(cell: Cell, kind: number, text: string): void {
  const bytes = Buffer.from(text);
  cell.setBytes(kind, bytes, 0, bytes.length);
}

function topicFill(cell: Cell): Fill {
  let last = '';
  let bytes: Uint8Array = new Uint8Array(0);
  return (context, record) => {
    const { topic } = topicPartitionOf(context, record);
    if (topic !== last) {
      last = topic;
      bytes = Buffer.from(topic);
    }
    cell.setBytes(STRING, bytes, 0, bytes.length);
  };
}

/** Brokers say -1, the chunk NaN, for a record without a timestamp. */
function fillTimestamp(cell: Cell, timestamp: number): void {
  if (timestamp >= 0) cell.setInteger(timestamp);
  else cell.kind = NULL;
}

/** `[["trace","abc"],["raw",{"base64":"/w=="}],["none",null]]`, in the order of the record. */
function headersJson(chunk: ChunkView, record: number): string {
  return JSON.stringify([...readHeaders(chunk, record)].map(({ name, value }) => [name, headerJson(value)]));
}

function headerJson(value: Header['value']): string | null | { base64: string } {
  if (!value) return null;
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.length);
  return validUtf8(value, 0, value.length) ? buffer.toString('utf8') : { base64: buffer.toString('base64') };
}

/** Of a repeated header the last one wins. */
function headerFill(wanted: ReadonlyMap<string, Cell>): Fill {
  return ({ chunk }, record) => {
    for (const cell of wanted.values()) cell.kind = MISSING;
    for (const { name, value } of readHeaders(chunk, record)) {
      const cell = wanted.get(name);
      if (!cell) continue;
      if (value) fillBytes(cell, value, 0, value.length);
      else cell.kind = NULL;
    }
  };
}
