import { createBudget } from '../budget.ts';
import { type DeadLetter, deadLetterId } from '../deadletter/dead-letter.ts';
import type { SchemaText } from '../decode/schema/schema.ts';
import type { EncodeResult, Piece, Rejection, WriterSchema } from '../encode/job.ts';
import { SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Encoder } from '../sink/ports.ts';
import { createPacker } from '../source/chunk/packer.ts';
import type { Message } from '../source/client/client.ts';
import { type SourceChunk, type TopicPartition, topicPartitionKey } from '../source/source.ts';

/** Why a letter is rejected by the present mapping. */
export interface RejectedAgain extends Omit<Rejection, 'record'> {
  readonly id: string;
}

/** What became of some letters in a row. */
export interface EncodedLetters {
  /** Those that the present mapping takes: as rows, or left out by its filter and rules. */
  readonly taken: readonly string[];
  readonly pieces: readonly Piece[];
  readonly rejected: readonly RejectedAgain[];
}

export interface EncodeOptions {
  readonly encoder: Encoder;
  readonly schema: (id: number) => Promise<SchemaText | null>;
  readonly maxTablePartitions: number;
  /** ms. */
  readonly now: number;
}

/**
 * Letters through the packer and the workers of the service. A letter that ends a worker is found by halves and
 * rejected as `worker_crash`. Throws what `schema` throws.
 */
export async function* encodeLetters(
  letters: readonly DeadLetter[],
  options: EncodeOptions,
): AsyncGenerator<EncodedLetters> {
  let at = 0;
  for (const chunk of pack(letters, options.now)) {
    const own = letters.slice(at, at + chunk.records);
    at += chunk.records;
    yield* encodeChunk(chunk, own, options);
  }
}

async function* encodeChunk(
  chunk: SourceChunk,
  letters: readonly DeadLetter[],
  options: EncodeOptions,
): AsyncGenerator<EncodedLetters> {
  for (let from = 0; from < letters.length; ) {
    const result = await runChunk(chunk, from, options).catch((error) => crashed(error));
    if (result === null) {
      yield* byHalves(letters.slice(from), options);
      return;
    }
    chunk.buffer = result.chunk;
    const one = judged(result);
    yield encodedOf(letters, from, one);
    from = one.upTo;
  }
}

/** A letter of a class that stops the service stops no replay: it is rejected like others. */
function judged(result: EncodeResult): EncodeResult {
  const { stopped, rejections } = result;
  if (!stopped) return result;
  return { ...result, rejections: [...rejections, stopped], upTo: stopped.record + 1 };
}

async function runChunk(
  chunk: SourceChunk,
  from: number,
  { encoder, schema, maxTablePartitions }: EncodeOptions,
): Promise<EncodeResult> {
  const { capacity, topicPartitions, polledAt, records: to } = chunk;
  let schemas: WriterSchema[] = [];
  for (;;) {
    const job = { chunk: chunk.buffer, capacity, from, to, topicPartitions, polledAt };
    const result = await encoder.run({ ...job, maxTablePartitions, schemas });
    if (result.unknownSchemas.length === 0) return result;
    chunk.buffer = result.chunk;
    schemas = await Promise.all(result.unknownSchemas.map(async (id) => ({ id, schema: await schema(id) })));
  }
}

function crashed(error: unknown): null {
  if (error instanceof SinkError && error.code === 'worker_failed') return null;
  throw error;
}

async function* byHalves(
  letters: readonly DeadLetter[],
  options: EncodeOptions,
): AsyncGenerator<EncodedLetters> {
  if (letters.length > 1) {
    const half = letters.length >> 1;
    yield* encodeLetters(letters.slice(0, half), options);
    yield* encodeLetters(letters.slice(half), options);
    return;
  }
  const message = 'a worker thread died or hung on this record';
  const reason = { stage: 'decode', code: 'worker_crash', column: null, message } as const;
  yield { taken: [], pieces: [], rejected: [{ id: deadLetterId(letters[0]!), ...reason }] };
}

function encodedOf(letters: readonly DeadLetter[], from: number, result: EncodeResult): EncodedLetters {
  const rejected = new Map(result.rejections.map((one) => [one.record, one]));
  const ids = letters.slice(from, result.upTo).map((letter, i) => [from + i, deadLetterId(letter)] as const);
  return {
    taken: ids.flatMap(([record, id]) => (rejected.has(record) ? [] : id)),
    pieces: result.pieces,
    rejected: ids.flatMap(([record, id]) => {
      const rejection = rejected.get(record);
      if (!rejection) return [];
      const { stage, code, column, message } = rejection;
      return { id, stage, code, column, message };
    }),
  };
}

function pack(letters: readonly DeadLetter[], now: number): SourceChunk[] {
  const chunks: SourceChunk[] = [];
  const packer = createPacker({
    chunkBytes: LIMITS.chunkBytes,
    chunks: Number.POSITIVE_INFINITY,
    budget: createBudget(Number.POSITIVE_INFINITY),
    onChunk: (chunk) => void chunks.push(chunk),
  });
  const numbers = new Map<string, number>();
  const list: TopicPartition[] = [];
  for (const { topic, partition } of letters) {
    const key = topicPartitionKey({ topic, partition });
    if (numbers.has(key)) continue;
    numbers.set(key, list.push({ topic, partition }) - 1);
  }
  packer.reset(1, list);
  for (const letter of letters) packer.add(messageOf(letter), numbers.get(topicPartitionKey(letter))!, now);
  packer.flush();
  return chunks;
}

/** As the client hands records over. */
function messageOf({ topic, partition, offset, timestamp, key, value, headers }: DeadLetter): Message {
  const message = {
    ...{ topic, partition, offset, size: value?.length ?? 0 },
    ...{ key: bufferOf(key), value: bufferOf(value), timestamp: timestamp ?? -1 },
    headers: headers.map((one) => ({ [one.name]: bufferOf(one.value) })),
  };
  return message as unknown as Message;
}

const bufferOf = (bytes: Uint8Array | null): Buffer | null =>
  bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
