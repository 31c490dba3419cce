import { isUtf8 } from 'node:buffer';

/** A rejected record with its original bytes: why it was rejected, and enough to send it again. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Record timestamp, ms; null when it has none. */
  readonly timestamp: number | null;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly DeadLetterHeader[];
  /** Where it was rejected: decode, map, type, partition or size. */
  readonly stage: string;
  /** A code of REJECTIONS. */
  readonly code: string;
  readonly column: string | null;
  readonly message: string;
  readonly sample: string | null;
}

export interface DeadLetterHeader {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/** The same for the same record whoever rejects it and however often: readers merge by it. */
export const deadLetterId = (letter: DeadLetter): string =>
  `${letter.topic}-${letter.partition}-${letter.offset}`;

/** Bytes in JSON: `{text}` when they are valid UTF-8, else `{base64}`; null stays null. Both are exact. */
export type JsonBytes = { readonly text: string } | { readonly base64: string } | null;

/** Larger values are written as base64 in slices: as text they could outgrow the longest string. */
const TEXT_BYTES_MAX = 1024 * 1024;
/** A multiple of 3, so that the base64 of the slices joins without padding. */
const SLICE_BYTES = 192 * 1024;

/**
 * One line of a dead-letter file, in pieces of bounded size, the line feed included:
 * `{id, topic, partition, offset, timestamp, stage, code, column, message, sample, key, value, headers}`
 * with key and value as {@link JsonBytes} and headers as `[{name, value}]`.
 */
export function* deadLetterLine(letter: DeadLetter): Generator<string> {
  const { topic, partition, offset, timestamp, stage, code, column, message, sample } = letter;
  const id = deadLetterId(letter);
  const facts = { id, topic, partition, offset, timestamp, stage, code, column, message, sample };
  yield JSON.stringify(facts).slice(0, -1);
  yield ',"key":';
  yield* jsonBytes(letter.key);
  yield ',"value":';
  yield* jsonBytes(letter.value);
  yield ',"headers":[';
  for (const [i, { name, value }] of letter.headers.entries()) {
    yield `${i === 0 ? '' : ','}{"name":${JSON.stringify(name)},"value":`;
    yield* jsonBytes(value);
    yield '}';
  }
  yield ']}\n';
}

function* jsonBytes(bytes: Uint8Array | null): Generator<string> {
  if (bytes === null) return yield 'null';
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length <= TEXT_BYTES_MAX && isUtf8(buffer)) {
    return yield JSON.stringify({ text: buffer.toString('utf8') });
  }
  yield '{"base64":"';
  for (let at = 0; at < buffer.length; at += SLICE_BYTES) {
    yield buffer.toString('base64', at, Math.min(at + SLICE_BYTES, buffer.length));
  }
  yield '"}';
}

/** The dead letter of one line; throws a SyntaxError for a line that was cut off. */
export function parseDeadLetter(line: string): DeadLetter {
  const { id: _, key, value, headers, ...facts } = JSON.parse(line) as WrittenLetter;
  return {
    ...facts,
    key: parseBytes(key),
    value: parseBytes(value),
    headers: headers.map((header) => ({ name: header.name, value: parseBytes(header.value) })),
  };
}

interface WrittenLetter extends Omit<DeadLetter, 'key' | 'value' | 'headers'> {
  readonly id: string;
  readonly key: JsonBytes;
  readonly value: JsonBytes;
  readonly headers: readonly { readonly name: string; readonly value: JsonBytes }[];
}

function parseBytes(bytes: JsonBytes): Uint8Array | null {
  if (bytes === null) return null;
  return 'text' in bytes ? Buffer.from(bytes.text, 'utf8') : Buffer.from(bytes.base64, 'base64');
}
