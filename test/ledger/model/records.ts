import type { EncodeJob, EncodeResult, Piece } from '../../../src/encode/job.ts';
import type { Encoder } from '../../../src/sink/ports.ts';
import { F_TP, F_VALUE, F_VALUE_LENGTH, viewChunk } from '../../../src/source/chunk/chunk.ts';
import type { Message } from '../../../src/source/client/client.ts';
import type { SourceChunk, TopicPartition } from '../../../src/source/source.ts';

/**
 * Records: the value names the table partition, `!` is rejected always, `~` when it is looked at for the first,
 * third ... time (a schema that the registry knows now and then, say).
 */
export const REJECTED = '!';
export const NOW_AND_THEN = '~';

/** A row is the number of its topic partition and its offset. */
export function encoderOf(looks: Map<string, number>): Encoder {
  const odd = (id: string): boolean => {
    const times = (looks.get(id) ?? 0) + 1;
    looks.set(id, times);
    return times % 2 === 1;
  };
  return {
    async run(job) {
      return encode(job, odd);
    },
  };
}

function encode(job: EncodeJob, odd: (id: string) => boolean): EncodeResult {
  const { offsets, ints } = viewChunk(job.chunk, job.capacity);
  const rows = new Map<string, number[]>();
  const rejections: EncodeResult['rejections'][number][] = [];
  let record = job.from;
  for (; record < job.to; record++) {
    const at = ints[F_VALUE * job.capacity + record]!;
    const value = Buffer.from(job.chunk, at, ints[F_VALUE_LENGTH * job.capacity + record]!).toString();
    const { partition } = job.topicPartitions[ints[F_TP * job.capacity + record]!]!;
    if (value === REJECTED || (value === NOW_AND_THEN && odd(`${partition}@${offsets[record]}`))) {
      rejections.push({ record, stage: 'decode', code: 'invalid_json', column: null, message: 'bad' });
      continue;
    }
    const tablePartition = value === NOW_AND_THEN ? 'dt=0' : value;
    if (!rows.has(tablePartition) && rows.size === job.maxTablePartitions) break;
    rows.set(tablePartition, [...(rows.get(tablePartition) ?? []), partition, offsets[record]!]);
  }
  const pieces = [...rows].map(([tablePartition, numbers]) => pieceOf(tablePartition, numbers));
  return {
    chunk: job.chunk,
    upTo: record,
    unknownSchemas: [],
    pieces,
    rejections,
    extraRows: 0,
    filtered: 0,
    skipped: {},
    unmappedFields: [],
    cpuMicros: 0,
  };
}

export function pieceOf(tablePartition: string, numbers: readonly number[]): Piece {
  const bytes = new Uint8Array(Int32Array.from(numbers).buffer);
  return {
    ...{ tablePartition, bytes, rows: numbers.length / 2, rawBytes: bytes.length, crcOfCrcs: 0, adler32: 1 },
    ...{ oldestEvent: Number.POSITIVE_INFINITY, newestEvent: Number.NEGATIVE_INFINITY },
  };
}

const VALUE_BYTES = 8;
const BYTES_PER_RECORD = 44;

/** A chunk of just the right size: those of the packer have room for thousands of records. */
export function chunkOf(
  assignment: number,
  topicPartitions: readonly TopicPartition[],
  messages: readonly Message[],
  now: number,
): SourceChunk {
  const capacity = messages.length;
  const buffer = new ArrayBuffer(capacity * (VALUE_BYTES + BYTES_PER_RECORD));
  const view = viewChunk(buffer, capacity);
  messages.forEach(({ topic, partition, offset, value }, i) => {
    view.offsets[i] = offset;
    view.timestamps[i] = Number.NaN;
    view.ints[F_TP * capacity + i] = topicPartitions.findIndex(
      (tp) => tp.topic === topic && tp.partition === partition,
    );
    view.ints[F_VALUE * capacity + i] = i * VALUE_BYTES;
    view.ints[F_VALUE_LENGTH * capacity + i] = (value as Buffer).copy(view.bytes, i * VALUE_BYTES);
    for (let field = F_VALUE_LENGTH + 1; field < 7; field++) view.ints[field * capacity + i] = -1;
  });
  const ranges = topicPartitions.flatMap((tp) => {
    const own = messages.filter((m) => m.topic === tp.topic && m.partition === tp.partition);
    if (own.length === 0) return [];
    const end = own.at(-1)!.offset + 1;
    return [{ ...tp, first: own[0]!.offset, end, records: own.length, firstTimestamp: Number.NaN }];
  });
  const bytes = capacity * VALUE_BYTES;
  return { assignment, buffer, capacity, records: capacity, bytes, polledAt: now, topicPartitions, ranges };
}
