import type { Budget } from '../../budget.ts';
import type { Message } from '../client/client.ts';
import type { OffsetRange, SourceChunk, TopicPartition } from '../source.ts';
import {
  CHUNK_RECORDS,
  type ChunkView,
  chunkBufferBytes,
  F_HEADERS,
  F_HEADERS_LENGTH,
  F_KEY,
  F_KEY_LENGTH,
  F_TP,
  F_VALUE,
  F_VALUE_LENGTH,
  viewChunk,
} from './chunk.ts';

/**
 * Packs records into chunks. Buffers of the ordinary size go round: filled here, moved to a worker,
 * moved back, filled again. A record larger than a chunk travels alone in a buffer of its own.
 */
export interface Packer {
  /** A new assignment: the open chunk is dropped and `topicPartitions` numbers the records from now on. */
  reset(assignment: number, topicPartitions: readonly TopicPartition[]): void;
  /** False: no chunk can be had now; the record was not taken. */
  add(message: Message, topicPartition: number, now: number): boolean;
  /** Everything below `offset` has been read, though no record says so (gaps in offsets). False: no chunk can be had now. */
  mark(topicPartition: number, offset: number, now: number): boolean;
  /** Hands over the open chunk, if there is one. */
  flush(): void;
  recycle(chunk: SourceChunk): void;
  /** When the open chunk got its first record, ms; null: no open chunk. */
  readonly openedAt: number | null;
}

export interface PackerOptions {
  readonly chunkBytes: number;
  /** Chunks away at one time, at most. */
  readonly chunks: number;
  readonly budget: Budget;
  onChunk(chunk: SourceChunk): void;
}

interface Progress {
  first: number;
  end: number;
  records: number;
  firstTimestamp: number;
}

interface OpenChunk {
  readonly view: ChunkView;
  readonly openedAt: number;
  readonly charged: number;
  at: number;
  records: number;
  readonly progress: (Progress | undefined)[];
}

const align8 = (bytes: number) => (bytes + 7) & ~7;

export function createPacker(options: PackerOptions): Packer {
  const ordinary = chunkBufferBytes(align8(options.chunkBytes), CHUNK_RECORDS);
  const free: ArrayBuffer[] = [];
  const charges = new WeakMap<SourceChunk, number>();
  let away = 0;
  let assignment = 0;
  let topicPartitions: readonly TopicPartition[] = [];
  let open: OpenChunk | null = null;

  function openChunk(recordBytes: number, now: number): boolean {
    const alone = recordBytes > options.chunkBytes;
    const capacity = alone ? 1 : CHUNK_RECORDS;
    const bytes = alone ? chunkBufferBytes(align8(recordBytes), 1) : ordinary;
    if (away >= options.chunks || !options.budget.tryCharge(bytes)) return false;
    const buffer = alone ? new ArrayBuffer(bytes) : (free.pop() ?? new ArrayBuffer(bytes));
    open = {
      view: viewChunk(buffer, capacity),
      openedAt: now,
      charged: bytes,
      at: 0,
      records: 0,
      progress: [],
    };
    away += 1;
    return true;
  }

  function flush(): void {
    if (!open) return;
    const { view, charged } = open;
    const chunk: SourceChunk = {
      assignment,
      buffer: view.buffer,
      capacity: view.capacity,
      records: open.records,
      bytes: open.at,
      polledAt: open.openedAt,
      topicPartitions,
      ranges: rangesOf(open.progress, topicPartitions),
    };
    charges.set(chunk, charged);
    open = null;
    options.onChunk(chunk);
  }

  function giveBack(buffer: ArrayBuffer, charged: number): void {
    away -= 1;
    // A buffer that went down with its worker comes back detached.
    if (buffer.byteLength === ordinary) free.push(buffer);
    options.budget.release(charged);
  }

  return {
    get openedAt() {
      return open?.openedAt ?? null;
    },
    reset(number, list) {
      if (open) giveBack(open.view.buffer, open.charged);
      open = null;
      assignment = number;
      topicPartitions = list;
    },
    add(message, topicPartition, now) {
      const bytes = recordBytes(message);
      if (open && (open.at + bytes > open.view.dataBytes || open.records === open.view.capacity)) flush();
      if (!open && !openChunk(bytes, now)) return false;
      write(open!, message, topicPartition);
      return true;
    },
    mark(topicPartition, offset, now) {
      if (!open && !openChunk(0, now)) return false;
      const seen = open!.progress[topicPartition];
      if (seen) seen.end = Math.max(seen.end, offset);
      else
        open!.progress[topicPartition] = {
          first: offset,
          end: offset,
          records: 0,
          firstTimestamp: Number.NaN,
        };
      return true;
    },
    flush,
    recycle(chunk) {
      const charged = charges.get(chunk);
      if (charged === undefined) return;
      charges.delete(chunk);
      giveBack(chunk.buffer, charged);
    },
  };
}

function rangesOf(
  progress: readonly (Progress | undefined)[],
  list: readonly TopicPartition[],
): OffsetRange[] {
  const ranges: OffsetRange[] = [];
  for (let i = 0; i < progress.length; i++) {
    const seen = progress[i];
    if (seen) ranges.push({ ...list[i]!, ...seen });
  }
  return ranges;
}

const EMPTY = Buffer.alloc(0);
/** Own keys only: a header called `__proto__` comes from the client as the prototype, and is lost. */
type RawHeader = Record<string, Buffer | string | null>;

function recordBytes(message: Message): number {
  let bytes = (message.value?.length ?? 0) + 1 + (message.key?.length ?? 0);
  for (const header of (message.headers ?? []) as unknown as RawHeader[]) {
    for (const name of Object.keys(header))
      bytes += 8 + Buffer.byteLength(name) + asBuffer(header[name]!).length;
  }
  return bytes;
}

const asBuffer = (value: Buffer | string | null): Buffer =>
  value === null ? EMPTY : typeof value === 'string' ? Buffer.from(value) : value;

function write(open: OpenChunk, message: Message, topicPartition: number): void {
  const { view } = open;
  const { bytes, ints, capacity } = view;
  const record = open.records;
  const value = message.value as Buffer | null;
  const timestamp =
    message.timestamp !== undefined && message.timestamp >= 0 ? message.timestamp : Number.NaN;
  let at = open.at;

  view.offsets[record] = message.offset;
  view.timestamps[record] = timestamp;
  ints[F_TP * capacity + record] = topicPartition;
  ints[F_VALUE * capacity + record] = at;
  ints[F_VALUE_LENGTH * capacity + record] = value === null ? -1 : value.length;
  if (value !== null) {
    value.copy(bytes, at);
    at += value.length;
  }
  bytes[at++] = 0;
  at = writeKey(view, record, at, message.key);
  at = writeHeaders(view, record, at, message.headers as unknown as RawHeader[] | undefined);
  open.at = at;
  open.records = record + 1;
  advance(open.progress, topicPartition, message.offset, timestamp);
}

function writeKey(view: ChunkView, record: number, at: number, key: Message['key']): number {
  const bytes = key === null || key === undefined ? null : asBuffer(key as Buffer | string);
  view.ints[F_KEY * view.capacity + record] = at;
  view.ints[F_KEY_LENGTH * view.capacity + record] = bytes === null ? -1 : bytes.length;
  if (bytes === null) return at;
  bytes.copy(view.bytes, at);
  return at + bytes.length;
}

function writeHeaders(
  view: ChunkView,
  record: number,
  start: number,
  headers: RawHeader[] | undefined,
): number {
  view.ints[F_HEADERS * view.capacity + record] = start;
  view.ints[F_HEADERS_LENGTH * view.capacity + record] = headers && headers.length > 0 ? 0 : -1;
  if (!headers || headers.length === 0) return start;
  const data = new DataView(view.buffer);
  const target = Buffer.from(view.buffer);
  let at = start;
  for (const header of headers) {
    for (const name of Object.keys(header)) {
      const nameBytes = target.write(name, at + 4, 'utf8');
      data.setUint32(at, nameBytes, true);
      at += 4 + nameBytes;
      const value = header[name];
      const bytes = asBuffer(value ?? null);
      data.setInt32(at, value === null || value === undefined ? -1 : bytes.length, true);
      at += 4 + bytes.copy(target, at + 4);
    }
  }
  view.ints[F_HEADERS_LENGTH * view.capacity + record] = at - start;
  return at;
}

function advance(progress: (Progress | undefined)[], index: number, offset: number, timestamp: number): void {
  const seen = progress[index];
  if (!seen) {
    progress[index] = { first: offset, end: offset + 1, records: 1, firstTimestamp: timestamp };
    return;
  }
  if (seen.records === 0) seen.firstTimestamp = timestamp;
  seen.end = offset + 1;
  seen.records += 1;
}
