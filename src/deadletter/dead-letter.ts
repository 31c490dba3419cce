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
  /** What became of the bytes of key, value and headers (original.ts); absent: they are the record's own. */
  readonly original?: 'dropped' | { readonly wrappedKey: Uint8Array };
}

export interface DeadLetterHeader {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/** The same for the same record whoever rejects it and however often: readers merge by it. */
export const deadLetterId = (letter: Pick<DeadLetter, 'topic' | 'partition' | 'offset'>): string =>
  `${letter.topic}-${letter.partition}-${letter.offset}`;

/** Bytes in JSON: `{text}` when they are valid UTF-8, else `{base64}`, `{encrypted}` (base64) when they are sealed; null stays null. All are exact. */
export type JsonBytes =
  | { readonly text: string }
  | { readonly base64: string }
  | { readonly encrypted: string }
  | null;

/** Larger values are written as base64 in slices: as text they could outgrow the longest string. */
const TEXT_BYTES_MAX = 1024 * 1024;
/** A multiple of 3, so that the base64 of the slices joins without padding. */
const SLICE_BYTES = 192 * 1024;

/**
 * One line of a dead-letter file, in pieces of bounded size, the line feed included:
 * `{id, topic, partition, offset, timestamp, stage, code, column, message, sample, key, value, headers}`
 * with key and value as {@link JsonBytes} and headers as `[{name, value}]`. Before the key stands `dropped: true` where
 * they were left out, or `encryption: {scheme, key}`, the wrapped key in base64, where they are sealed.
 */
export function* deadLetterLine(letter: DeadLetter): Generator<string> {
  const { topic, partition, offset, timestamp, stage, code, column, message, sample } = letter;
  const id = deadLetterId(letter);
  const facts = { id, topic, partition, offset, timestamp, stage, code, column, message, sample };
  yield JSON.stringify(facts).slice(0, -1);
  const { original } = letter;
  if (original === 'dropped') yield ',"dropped":true';
  else if (original) yield `,"encryption":${JSON.stringify(encryption(original.wrappedKey))}`;
  const name = bytesName(letter);
  yield ',"key":';
  yield* jsonBytes(letter.key, name);
  yield ',"value":';
  yield* jsonBytes(letter.value, name);
  yield ',"headers":';
  yield* headersOf(letter);
  yield '}\n';
}

function* headersOf(letter: DeadLetter): Generator<string> {
  yield '[';
  for (const [i, header] of letter.headers.entries()) {
    yield `${i === 0 ? '' : ','}{"name":${JSON.stringify(header.name)},"value":`;
    yield* jsonBytes(header.value, bytesName(letter));
    yield '}';
  }
  yield ']';
}

const bytesName = ({ original }: DeadLetter): 'encrypted' | null =>
  typeof original === 'object' ? 'encrypted' : null;

/** The headers as in a line, in ASCII: to be cut anywhere. */
export const headersJson = (letter: DeadLetter): string =>
  [...headersOf(letter)]
    .join('')
    .replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What became of the bytes, in one text: `dropped`, or the scheme and the wrapped key; null: they are the record's own. */
export function originalText({ original }: DeadLetter): string | null {
  if (original === undefined || original === 'dropped') return original ?? null;
  return `${SCHEME}:${Buffer.from(original.wrappedKey).toString('base64')}`;
}

export function parseOriginal(text: string | null): DeadLetter['original'] {
  if (text === null || text === 'dropped') return text ?? undefined;
  return { wrappedKey: Buffer.from(text.slice(text.indexOf(':') + 1), 'base64') };
}

/** How sealed bytes are sealed. */
export const SCHEME = 'RSA-OAEP-256+A256GCM';

const encryption = (wrappedKey: Uint8Array) => ({
  scheme: SCHEME,
  key: Buffer.from(wrappedKey).toString('base64'),
});

/** `name` of bytes that are no text, whatever they look like; null: it depends on them. */
function* jsonBytes(bytes: Uint8Array | null, name: string | null): Generator<string> {
  if (bytes === null) return yield 'null';
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (name === null && buffer.length <= TEXT_BYTES_MAX && isUtf8(buffer)) {
    return yield JSON.stringify({ text: buffer.toString('utf8') });
  }
  yield `{"${name ?? 'base64'}":"`;
  for (let at = 0; at < buffer.length; at += SLICE_BYTES) {
    yield buffer.toString('base64', at, Math.min(at + SLICE_BYTES, buffer.length));
  }
  yield '"}';
}

/** The dead letter of one line; throws a SyntaxError for a line that was cut off. */
export function parseDeadLetter(line: string): DeadLetter {
  const { id: _, dropped, encryption, key, value, headers, ...facts } = JSON.parse(line) as WrittenLetter;
  const original = dropped ? 'dropped' : encryption && { wrappedKey: Buffer.from(encryption.key, 'base64') };
  return {
    ...facts,
    key: parseBytes(key),
    value: parseBytes(value),
    headers: headers.map(parseHeader),
    ...(original && { original }),
  };
}

/** Throws a SyntaxError. */
export const parseHeaders = (json: string): DeadLetterHeader[] =>
  (JSON.parse(json) as WrittenLetter['headers']).map(parseHeader);

const parseHeader = ({ name, value }: WrittenLetter['headers'][number]): DeadLetterHeader => ({
  name,
  value: parseBytes(value),
});

interface WrittenLetter extends Omit<DeadLetter, 'key' | 'value' | 'headers' | 'original'> {
  readonly id: string;
  readonly dropped?: boolean;
  readonly encryption?: { readonly scheme: string; readonly key: string };
  readonly key: JsonBytes;
  readonly value: JsonBytes;
  readonly headers: readonly { readonly name: string; readonly value: JsonBytes }[];
}

function parseBytes(bytes: JsonBytes): Uint8Array | null {
  if (bytes === null) return null;
  if ('text' in bytes) return Buffer.from(bytes.text, 'utf8');
  return Buffer.from('base64' in bytes ? bytes.base64 : bytes.encrypted, 'base64');
}
