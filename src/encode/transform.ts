import { createDecoder, type SchemaCache } from '../decode/decoder.ts';
import { LIMITS } from '../limits.ts';
import type { Plan } from '../mapping/plan.ts';
import type { Decoders, RowDirty } from '../mapping/row.ts';
import { createRowMapper } from '../mapping/row.ts';
import type { ChunkView } from '../source/chunk.ts';
import { F_KEY, F_KEY_LENGTH, F_TP, F_VALUE, F_VALUE_LENGTH, viewChunk } from '../source/chunk.ts';
import type { EncodeJob, EncodeResult, Rejection } from './job.ts';
import { makePiece } from './piece.ts';
import { type RowLimits, writeRows } from './record-rows.ts';
import { createWriters, type RowSink, type Writers } from './writers.ts';

/** The result without what only the thread knows. */
export type Transformed = Omit<EncodeResult, 'cpuMicros'>;

/** What became of the records up to `upTo`, beside the rows in the writers. */
type Encoded = Pick<EncodeResult, 'upTo' | 'rejections' | 'extraRows' | 'skipped'>;

/** Records in, pieces and rejections out: everything a worker does, without the thread around it. */
export interface Transform {
  /** @throws Error naming the record, when the code below fails on it (a fault of ours, never a dirty record) */
  run(job: EncodeJob): Transformed;
}

/** Where a decoder that needs schemas finds its bytes in the chunk's index. */
interface SchemaField {
  readonly schemas: SchemaCache;
  readonly at: number;
  readonly length: number;
}

/** `rowBytes`: the longest row in record format. `writers`: where the rows go; a preview has its own. */
export function createTransform(
  plan: Plan,
  rowBytes: number = LIMITS.rowBytes,
  writers: Writers = createWriters(),
): Transform {
  const decoders: Decoders = {
    value: plan.decoders.value && createDecoder(plan.decoders.value),
    key: plan.decoders.key && createDecoder(plan.decoders.key),
  };
  const schemaFields = schemaFieldsOf(decoders);
  const mapper = createRowMapper(plan, decoders);

  function encode(job: EncodeJob, chunk: ChunkView): Encoded {
    const rejections: Rejection[] = [];
    const limits: RowLimits = { maxTablePartitions: job.maxTablePartitions, rowBytes };
    let tombstones = 0;
    let extraRows = 0;
    mapper.beginChunk(chunk, job.topicPartitions, job.polledAt);
    let record = job.from;
    try {
      for (; record < job.to; record++) {
        const unopened = mapper.open(record);
        if (unopened) {
          if (unopened.code === 'tombstone' && plan.tombstone === 'skip') tombstones++;
          else rejections.push(rejection(record, unopened));
          continue;
        }
        if (mapper.rows > 1) {
          const torn = writeRows(mapper, writers, limits);
          if (torn === 'full' && record > job.from) break;
          if (torn)
            rejections.push(rejection(record, torn === 'full' ? tooSpread(mapper.rows, limits) : torn));
          else extraRows += mapper.rows - 1;
          continue;
        }
        const writer = writers.find(mapper.tablePartition, job.maxTablePartitions);
        if (!writer) break;
        writer.begin();
        const unwritten = mapper.write(writer) ?? tooLarge(writer, rowBytes);
        if (unwritten) {
          writer.rollback();
          rejections.push(rejection(record, unwritten));
        } else writer.end(mapper.eventMs);
      }
    } catch (error) {
      throw faultAt(job, chunk, record, error);
    }
    return { upTo: record, rejections, extraRows, skipped: tombstones > 0 ? { tombstone: tombstones } : {} };
  }

  return {
    run(job) {
      writers.clear();
      const chunk = viewChunk(job.chunk, job.capacity);
      for (const { schemas } of schemaFields) {
        schemas.forgetMissing(); // the registry may know them by now
        for (const { id, schema } of job.schemas) schemas.add(id, schema);
      }
      const unknownSchemas = findUnknownSchemas(schemaFields, chunk, job.from, job.to);
      if (unknownSchemas.length > 0) {
        return { chunk: job.chunk, upTo: job.from, unknownSchemas, pieces: [], ...NOTHING };
      }
      const encoded = encode(job, chunk);
      const pieces = [...writers.entries()].flatMap(
        ([tablePartition, writer]) => makePiece(tablePartition, writer, plan.compression) ?? [],
      );
      writers.clear(); // what one huge row needed is not held until the next chunk
      const unmappedFields = decoders.value?.unmappedFields?.() ?? [];
      return { chunk: job.chunk, unknownSchemas, pieces, unmappedFields, filtered: 0, ...encoded };
    },
  };
}

const NOTHING = { rejections: [], extraRows: 0, filtered: 0, skipped: {}, unmappedFields: [] } as const;

function schemaFieldsOf({ value, key }: Decoders): SchemaField[] {
  const fields: SchemaField[] = [];
  if (value?.schemas) fields.push({ schemas: value.schemas, at: F_VALUE, length: F_VALUE_LENGTH });
  if (key?.schemas) fields.push({ schemas: key.schemas, at: F_KEY, length: F_KEY_LENGTH });
  return fields;
}

/** Ids that some record of [from, to) needs and no decoder was given; each once. */
function findUnknownSchemas(
  fields: readonly SchemaField[],
  chunk: ChunkView,
  from: number,
  to: number,
): number[] {
  const ids = new Set<number>();
  for (const { schemas, at, length } of fields) {
    for (let record = from; record < to; record++) {
      const bytes = chunk.ints[length * chunk.capacity + record]!;
      if (bytes < 0) continue; // null has no schema
      const start = chunk.ints[at * chunk.capacity + record]!;
      const id = schemas.unknown(chunk.bytes, start, start + bytes);
      if (id !== null) ids.add(id);
    }
  }
  return [...ids];
}

function tooLarge(writer: RowSink, limit: number): RowDirty | null {
  if (writer.rowBytes <= limit) return null;
  const message = `the row has ${writer.rowBytes} bytes, the limit is ${limit}`;
  return { stage: 'size', code: 'row_too_large', message };
}

/** Of a record that is the first of its job: there is no emptier one. */
function tooSpread(rows: number, { maxTablePartitions }: RowLimits): RowDirty {
  const message = `its ${rows} rows need more than ${maxTablePartitions} table partitions, and stand or fall together`;
  return { stage: 'partition', code: 'too_many_table_partitions', message };
}

function rejection(record: number, { stage, code, column, message }: RowDirty): Rejection {
  return { record, stage, code, column: column ?? null, message };
}

function faultAt(job: EncodeJob, chunk: ChunkView, record: number, cause: unknown): Error {
  const { topic, partition } = job.topicPartitions[chunk.ints[F_TP * chunk.capacity + record]!]!;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${topic}[${partition}] offset ${chunk.offsets[record]}: ${reason}`, { cause });
}
