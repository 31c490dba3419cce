import { createBudget } from '../budget.ts';
import type { DeadLetter } from '../deadletter/dead-letter.ts';
import type { SchemaText } from '../decode/schema/schema.ts';
import type { WriterSchema } from '../encode/job.ts';
import { createTransform, type Transform, type Transformed } from '../encode/transform.ts';
import { LIMITS } from '../limits.ts';
import type { Plan } from '../mapping/plan.ts';
import { addCounts } from '../sink/left-out.ts';
import { toDeadLetter } from '../sink/letters.ts';
import { F_TP, viewChunk } from '../source/chunk/chunk.ts';
import { createPacker } from '../source/chunk/packer.ts';
import type { Message } from '../source/client/client.ts';
import { type SourceChunk, type TopicPartition, topicPartitionKey } from '../source/source.ts';
import { type CollectedRow, createRowCollector } from './row-collector.ts';

export interface PlacedRow extends TopicPartition, CollectedRow {
  readonly offset: number;
}

export interface PreviewRejection extends TopicPartition {
  readonly offset: number;
  readonly stage: string;
  readonly code: string;
  readonly column: string | null;
  readonly message: string;
  /** The first characters of the value; null: it has none, or a column is masked or hashed. */
  readonly sample: string | null;
}

export interface Outcome {
  readonly rows: PlacedRow[];
  /** Dead letters, and records that would end the service. */
  readonly rejections: PreviewRejection[];
  /** Records that would be left out: by the filter, and dirty ones by reason. */
  filtered: number;
  skipped: Readonly<Record<string, number>>;
}

/**
 * Turns records into rows and rejections, by the packer and the transform of the service; only the writers
 * are others. Throws what `schema` throws.
 */
export async function runRecords(
  { messages, logs }: { readonly messages: readonly Message[]; readonly logs: readonly TopicPartition[] },
  plan: Plan,
  polledAt: number,
  schema: (id: number) => Promise<SchemaText | null>,
): Promise<Outcome> {
  const collector = createRowCollector(plan);
  const transform = createTransform(plan, LIMITS.rowBytes, collector);
  const outcome: Outcome = { rows: [], rejections: [], filtered: 0, skipped: {} };
  for (const chunk of pack(messages, logs, polledAt)) {
    for (let record = 0; record < chunk.records; record++) {
      const { rejections, stopped, filtered, skipped } = await runRecord(transform, chunk, record, schema);
      for (const rejection of stopped ? [stopped] : rejections)
        outcome.rejections.push(readable(toDeadLetter(chunk, rejection), plan.hidden !== undefined));
      for (const row of collector.take()) outcome.rows.push({ ...placeOf(chunk, record), ...row });
      outcome.filtered += filtered;
      outcome.skipped = addCounts(outcome.skipped, skipped);
    }
  }
  return outcome;
}

function pack(messages: readonly Message[], list: readonly TopicPartition[], now: number): SourceChunk[] {
  const chunks: SourceChunk[] = [];
  const packer = createPacker({
    chunkBytes: LIMITS.chunkBytes,
    chunks: Number.POSITIVE_INFINITY,
    budget: createBudget(Number.POSITIVE_INFINITY),
    onChunk: (chunk) => void chunks.push(chunk),
  });
  const numbers = new Map(list.map((tp, index) => [topicPartitionKey(tp), index]));
  packer.reset(
    1,
    list.map(({ topic, partition }) => ({ topic, partition })),
  );
  for (const message of messages) packer.add(message, numbers.get(topicPartitionKey(message))!, now);
  packer.flush();
  return chunks;
}

/** The collector has its rows. */
async function runRecord(
  transform: Transform,
  chunk: SourceChunk,
  record: number,
  schema: (id: number) => Promise<SchemaText | null>,
): Promise<Transformed> {
  const { buffer, capacity, topicPartitions, polledAt } = chunk;
  const job = { chunk: buffer, capacity, from: record, to: record + 1, topicPartitions, polledAt };
  let schemas: WriterSchema[] = [];
  for (;;) {
    const result = transform.run({ ...job, maxTablePartitions: 1, schemas });
    if (result.unknownSchemas.length === 0) return result;
    schemas = await Promise.all(result.unknownSchemas.map(async (id) => ({ id, schema: await schema(id) })));
  }
}

function placeOf(chunk: SourceChunk, record: number): TopicPartition & { readonly offset: number } {
  const { ints, offsets, capacity } = viewChunk(chunk.buffer, chunk.capacity);
  return { ...chunk.topicPartitions[ints[F_TP * capacity + record]!]!, offset: offsets[record]! };
}

const readable = (letter: DeadLetter, hidden: boolean): PreviewRejection => {
  const { topic, partition: number, offset, stage, code, column, message, sample } = letter;
  return {
    ...{ topic, partition: number, offset },
    ...{ stage, code, column, message, sample: hidden ? null : sample },
  };
};
