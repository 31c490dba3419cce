import { createDecoder } from '../decode/create-decoder.ts';
import type { SchemaCache } from '../decode/decoder.ts';
import { LIMITS } from '../limits.ts';
import type { Plan } from '../mapping/plan.ts';
import type { Decoders, RowDirty } from '../mapping/row.ts';
import { createRowMapper } from '../mapping/row.ts';
import type { ChunkView } from '../source/chunk/chunk.ts';
import { F_KEY, F_KEY_LENGTH, F_TP, F_VALUE, F_VALUE_LENGTH, viewChunk } from '../source/chunk/chunk.ts';
import { createCopies } from './copies.ts';
import { type EncodeJob, type EncodeResult, RECORDS_DONE } from './job.ts';
import { makePiece } from './piece.ts';
import { type RowLimits, writeRow, writeRows } from './record-rows.ts';
import { createTally, type Tally } from './tally.ts';
import { createWriters, type Writers } from './writers.ts';

/** The result without what only the thread knows. */
export type Transformed = Omit<EncodeResult, 'cpuMicros'>;

/** Records in, pieces and rejections out: everything a worker does, without the thread around it. */
export interface Transform {
  /** @throws Error naming the record, when the code below fails on it (a fault of ours, never a dirty record) */
  run(job: EncodeJob): Transformed;
}

type Encoded = Pick<EncodeResult, 'upTo' | 'unknownSchemas'>;

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
  const newTally = createTally(plan);
  const copies = mapper.key && createCopies();

  /** `upTo`: the number behind the last record that was taken. */
  function encode(job: EncodeJob, chunk: ChunkView, tally: Tally, progress: Int32Array): Encoded {
    const limits: RowLimits = { maxTablePartitions: job.maxTablePartitions, rowBytes };
    mapper.beginChunk(chunk, job.topicPartitions, job.polledAt);
    let record = job.from;
    try {
      for (; record < job.to; record++) {
        progress[0] = record;
        const unopened = mapper.open(record);
        if (unopened?.code === 'unknown_schema') {
          const unknownSchemas = unknownFrom(chunk, record, job.to);
          if (unknownSchemas.length > 0) return { upTo: job.from, unknownSchemas };
        }
        const write = mapper.rows > 1 ? writeRows : writeRow;
        const problem = unopened ?? write(mapper, writers, limits, tally, copies);
        if (problem === null) continue;
        if (problem === 'full' && (mapper.rows === 1 || record > job.from)) break;
        if (!tally.dirty(record, problem === 'full' ? tooSpread(mapper.rows, limits) : problem)) break;
      }
    } catch (error) {
      throw faultAt(job, chunk, record, error);
    }
    return { upTo: record, unknownSchemas: [] };
  }

  /** Ids that the record and those behind it need and no decoder was given; none when its own is known to be missing. */
  function unknownFrom(chunk: ChunkView, record: number, to: number): number[] {
    const own = findUnknownSchemas(schemaFields, chunk, record, record + 1);
    return own.length === 0 ? [] : findUnknownSchemas(schemaFields, chunk, record, to);
  }

  return {
    run(job) {
      writers.clear();
      const chunk = viewChunk(job.chunk, job.capacity);
      for (const { schemas } of schemaFields) {
        schemas.forgetMissing(); // the registry may know them by now
        for (const { id, schema } of job.schemas) schemas.add(id, schema);
      }
      const tally = newTally();
      const progress = job.progress ?? UNSEEN;
      copies?.begin(job.drop ?? []);
      const { upTo, unknownSchemas } = encode(job, chunk, tally, progress);
      progress[0] = RECORDS_DONE;
      if (unknownSchemas.length > 0) {
        writers.clear();
        return { chunk: job.chunk, upTo, unknownSchemas, pieces: [], ...NOTHING };
      }
      const pieces = [...writers.entries()].flatMap(
        ([tablePartition, writer]) => makePiece(tablePartition, writer, plan.compression) ?? [],
      );
      writers.clear(); // what one huge row needed is not held until the next chunk
      const unmappedFields = decoders.value?.unmappedFields?.() ?? [];
      const counts = { unmappedFields, ...tally.result(), ...copies?.result() };
      return { chunk: job.chunk, upTo, unknownSchemas, pieces, ...counts };
    },
  };
}

/** Stands in where nobody asks how far the job is. */
const UNSEEN = new Int32Array(1);

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

/** Of a record that is the first of its job: there is no emptier one. */
function tooSpread(rows: number, { maxTablePartitions }: RowLimits): RowDirty {
  const message = `its ${rows} rows need more than ${maxTablePartitions} table partitions, and stand or fall together`;
  return { stage: 'partition', code: 'too_many_table_partitions', message };
}

function faultAt(job: EncodeJob, chunk: ChunkView, record: number, cause: unknown): Error {
  const { topic, partition } = job.topicPartitions[chunk.ints[F_TP * chunk.capacity + record]!]!;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${topic}[${partition}] offset ${chunk.offsets[record]}: ${reason}`, { cause });
}
