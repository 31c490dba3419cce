import type { DeadLetter } from '../deadletter/dead-letter.ts';
import type { Rejection } from '../encode/job.ts';
import { LIMITS } from '../limits.ts';
import {
  F_KEY,
  F_KEY_LENGTH,
  F_TP,
  F_VALUE,
  F_VALUE_LENGTH,
  readHeaders,
  viewChunk,
} from '../source/chunk/chunk.ts';
import type { SourceChunk } from '../source/source.ts';

/** A rejection with its original bytes, copied out of the chunk before the chunk goes on. */
export function toDeadLetter(chunk: SourceChunk, rejection: Rejection): DeadLetter {
  const view = viewChunk(chunk.buffer, chunk.capacity);
  const { record } = rejection;
  const copy = (at: number, length: number) => {
    const bytes = view.ints[length * view.capacity + record]!;
    const start = view.ints[at * view.capacity + record]!;
    return bytes < 0 ? null : copied(view.bytes.subarray(start, start + bytes));
  };
  const value = copy(F_VALUE, F_VALUE_LENGTH);
  const timestamp = view.timestamps[record]!;
  return {
    ...chunk.topicPartitions[view.ints[F_TP * view.capacity + record]!]!,
    offset: view.offsets[record]!,
    timestamp: Number.isNaN(timestamp) ? null : timestamp,
    key: copy(F_KEY, F_KEY_LENGTH),
    value,
    headers: [...readHeaders(view, record)].map((h) => ({ name: h.name, value: h.value && copied(h.value) })),
    stage: rejection.stage,
    code: rejection.code,
    column: rejection.column,
    message: rejection.message,
    sample: value?.toString('utf8', 0, LIMITS.sampleChars * 4).slice(0, LIMITS.sampleChars) ?? null,
  };
}

/** Small copies share the pool of Buffer: an ArrayBuffer for each would cost more than most values. */
const copied = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

/** Objects and texts of a dead letter beside its bytes, garbage included: with it a topic of bad records keeps to the budget. */
const LETTER_BYTES = 4096;
const HEADER_BYTES = 256;

/** Bytes that dead letters hold in memory, roughly. */
export const lettersBytes = (letters: readonly DeadLetter[]): number =>
  letters.reduce((bytes, letter) => bytes + letterBytes(letter), 0);

const letterBytes = (letter: DeadLetter): number =>
  (letter.value?.length ?? 0) +
  (letter.key?.length ?? 0) +
  letter.headers.reduce((n, h) => n + HEADER_BYTES + (h.value?.length ?? 0), LETTER_BYTES);
