import { malformed } from '../errors.ts';
import { FlatTable } from './flatbuffer-reader.ts';

/** One RecordBatch message: its metadata and the buffers behind it. */
export interface BatchMessage {
  readonly rows: number;
  readonly nodes: readonly { readonly length: number; readonly nulls: number }[];
  readonly buffers: readonly Buffer[];
}

export interface MessageReader {
  /** Takes the next bytes of the messages, cut anywhere; throws MalformedDataStream. */
  push(piece: Buffer): void;
  /** Throws MalformedDataStream in the middle of a message. */
  end(): void;
}

const CONTINUATION = 0xffffffff;
const PREFIX_BYTES = 8;
const MOST_METADATA_BYTES = 16 * 1024 * 1024;
/** All of a batch is held until it is whole (protocol 7.2 advises a few megabytes). */
const MOST_BODY_BYTES = 512 * 1024 * 1024;
const MOST_ROWS = 2 ** 31 - 1;

/** Fields of the tables in Arrow's Message.fbs. */
const MESSAGE = { headerType: 1, header: 2, bodyLength: 3 };
const BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3 };
const RECORD_BATCH = 3;
const KINDS = ['nothing', 'a Schema', 'a DictionaryBatch', 'a RecordBatch', 'a Tensor', 'a SparseTensor'];

/** Reads encapsulated RecordBatch messages, one after another, without a schema (protocol 7.2). */
export function createMessageReader(onBatch: (batch: BatchMessage) => void): MessageReader {
  let held: Buffer[] = [];
  let size = 0;
  let wanted = PREFIX_BYTES;
  let read: (bytes: Buffer) => void = readPrefix;

  function push(piece: Buffer): void {
    held.push(piece);
    size += piece.length;
    while (size >= wanted) {
      const all = held.length === 1 ? held[0]! : Buffer.concat(held);
      const part = all.subarray(0, wanted);
      held = [all.subarray(wanted)];
      size -= wanted;
      read(part);
    }
  }

  function expect(bytes: number, next: (part: Buffer) => void): void {
    wanted = bytes;
    read = next;
  }

  function readPrefix(prefix: Buffer): void {
    if (prefix.readUInt32LE(0) !== CONTINUATION) throw malformed('the Arrow data is no encapsulated message');
    const bytes = prefix.readInt32LE(4);
    if (bytes === 0) throw malformed('an end-of-stream marker is not part of an Arrow block');
    if (bytes < 0 || bytes > MOST_METADATA_BYTES)
      throw malformed(`an Arrow message has ${bytes} bytes of metadata`);
    expect(bytes, readMetadata);
  }

  function readMetadata(metadata: Buffer): void {
    const message = FlatTable.root(metadata);
    const kind = message.number(MESSAGE.headerType, 1);
    if (kind !== RECORD_BATCH) {
      throw malformed(`an Arrow block holds RecordBatch messages, not ${KINDS[kind] ?? `kind ${kind}`}`);
    }
    const header = message.table(MESSAGE.header);
    if (!header) throw malformed('a RecordBatch has no header');
    if (header.has(BATCH.compression))
      throw malformed('Arrow buffers must not be compressed: use Content-Encoding');
    const length = message.long(MESSAGE.bodyLength);
    if (length < 0n || length > BigInt(MOST_BODY_BYTES)) throw malformed(`a RecordBatch has ${length} bytes`);
    expect(Number(length), (body) => {
      expect(PREFIX_BYTES, readPrefix);
      onBatch(batchOf(header, body));
    });
  }

  function end(): void {
    if (size > 0 || wanted !== PREFIX_BYTES || read !== readPrefix)
      throw malformed('an Arrow message is cut off');
  }

  return { push, end };
}

function batchOf(header: FlatTable, body: Buffer): BatchMessage {
  const buffers = header.pairs(BATCH.buffers).map(([offset, length]) => {
    const outside = offset < 0n || length < 0n || offset + length > BigInt(body.length);
    if (outside) throw malformed(`an Arrow buffer of ${length} bytes at ${offset} is outside its message`);
    return body.subarray(Number(offset), Number(offset + length));
  });
  const nodes = header
    .pairs(BATCH.nodes)
    .map(([length, nulls]) => ({ length: rowCount(length), nulls: rowCount(nulls < 0n ? length : nulls) }));
  return { rows: rowCount(header.long(BATCH.length)), nodes, buffers };
}

function rowCount(count: bigint): number {
  if (count < 0n || count > BigInt(MOST_ROWS))
    throw malformed(`an Arrow array of ${count} values is not possible`);
  return Number(count);
}
