import type { EncodeJob } from '../../src/encode/job.ts';
import type { Plan, PlanColumn, Slot } from '../../src/mapping/plan.ts';
import type { ScalarName } from '../../src/mapping/types.ts';
import {
  chunkBufferBytes,
  F_HEADERS,
  F_HEADERS_LENGTH,
  F_KEY,
  F_KEY_LENGTH,
  F_VALUE,
  F_VALUE_LENGTH,
  viewChunk,
} from '../../src/source/chunk/chunk.ts';

/** Values (null: a tombstone) of topic partition `orders` 3, offsets 100, 101, ..., as one job. */
export function jobOf(
  values: readonly (string | Uint8Array | null)[],
  options: Partial<EncodeJob> = {},
): EncodeJob {
  const texts = values.map((value) => (value === null ? null : Buffer.from(value)));
  const data = texts.reduce((sum, text) => sum + (text?.length ?? 0) + 1, 0);
  const capacity = values.length + 2;
  const chunk = viewChunk(new ArrayBuffer(chunkBufferBytes(Math.ceil(data / 8) * 8, capacity)), capacity);
  let at = 0;
  for (const [record, text] of texts.entries()) {
    const set = (field: number, value: number) => {
      chunk.ints[field * capacity + record] = value;
    };
    chunk.offsets[record] = 100 + record;
    chunk.timestamps[record] = 1_790_000_000_000 + record;
    set(F_VALUE, at);
    set(F_VALUE_LENGTH, text?.length ?? -1);
    if (text) chunk.bytes.set(text, at);
    at += (text?.length ?? 0) + 1;
    set(F_KEY, at);
    set(F_KEY_LENGTH, -1);
    set(F_HEADERS_LENGTH, 0);
  }
  return {
    chunk: chunk.buffer,
    capacity,
    from: 0,
    to: values.length,
    topicPartitions: [{ topic: 'orders', partition: 3 }],
    maxTablePartitions: 10,
    polledAt: 0,
    schemas: [],
    ...options,
  };
}

/** Columns 1 `id` BIGINT, 4 `name` STRING, 7 the offset; table partition `day` from the field of that name. */
export function planOf(options: Partial<Plan> = {}): Plan {
  return {
    columns: [
      column(1, 'id', 'BIGINT', 0),
      column(4, 'name', 'STRING', 1),
      column(7, 'kafka_offset', 'BIGINT', 2),
    ],
    slots: [
      { from: 'value', index: 0 },
      { from: 'value', index: 1 },
      { from: 'metadata', name: 'offset' },
      { from: 'value', index: 2 },
    ] satisfies Slot[],
    decoders: { value: { format: 'json', paths: [['id'], ['name'], ['day']] }, key: null },
    times: [],
    partitions: [{ name: 'day', type: { name: 'STRING' }, kind: 'source', slot: 3 }],
    rules: {
      late: { after: null, to: 'true_partition' },
      future: { after: null, to: 'true_partition' },
      absurd: { before: 0, afterRecord: null },
    },
    compression: 'deflate',
    maxFieldBytes: 8 * 1024 * 1024,
    ...options,
  };
}

function column(number: number, name: string, type: ScalarName, slot: number): PlanColumn {
  return {
    number,
    name,
    type: { name: type },
    nullable: true,
    slot,
    default: null,
    time: { format: null, zone: 'UTC' },
    trim: false,
    round: false,
  };
}

/** Columns `id`, `h` (a header) and the offset; no table partitions. */
export const planWithHeader = (): Plan =>
  planOf({
    columns: [column(1, 'id', 'BIGINT', 0), column(4, 'h', 'STRING', 1), column(7, 'o', 'BIGINT', 2)],
    slots: [
      { from: 'value', index: 0 },
      { from: 'header', name: 'h' },
      { from: 'metadata', name: 'offset' },
    ],
    decoders: { value: { format: 'json', paths: [['id']] }, key: null },
    partitions: [],
  });

/** Two orders, the second with headers that reach beyond the chunk: a fault of whoever packed it. */
export function brokenJob(): EncodeJob {
  const job = jobOf([order(1, 'a'), order(2, 'a')]);
  const { ints, capacity } = viewChunk(job.chunk, job.capacity);
  ints[F_HEADERS * capacity + 1] = job.chunk.byteLength - 2;
  ints[F_HEADERS_LENGTH * capacity + 1] = 50;
  return job;
}

/** The JSON text of one order. */
export const order = (id: number, day: string, name = `n${id}`) => JSON.stringify({ id, name, day });
