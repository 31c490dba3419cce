import type { RecordWriter } from '../encode/record-writer.ts';
import { LIMITS } from '../limits.ts';
import { type DeadLetter, deadLetterId, headersJson, originalText } from './dead-letter.ts';
import type { LetterOrigin } from './message.ts';

/**
 * Columns of the table of dead letters. A letter is one row, and more where key, value or headers are longer than
 * `LIMITS.letterPartBytes`: `part` counts from 0, and the columns that are long go on in the next part. `headers` is
 * JSON as in a file of dead letters; `kafka_timestamp` is in ms; `original` says what became of the bytes.
 */
export const LETTER_COLUMNS = {
  id: 'STRING',
  part: 'BIGINT',
  topic: 'STRING',
  kafka_partition: 'BIGINT',
  kafka_offset: 'BIGINT',
  kafka_timestamp: 'BIGINT',
  stage: 'STRING',
  code: 'STRING',
  column_name: 'STRING',
  message: 'STRING',
  sample: 'STRING',
  key: 'BINARY',
  value: 'BINARY',
  headers: 'STRING',
  original: 'STRING',
  pipeline: 'STRING',
  batch: 'STRING',
  rejected_at: 'DATETIME',
} as const;

type LetterColumn = keyof typeof LETTER_COLUMNS;

/** Places in the table, from 1, in ascending order. */
export type LetterPlaces = readonly { readonly name: LetterColumn; readonly place: number }[];

/** Where the columns are in a table that may have others too, which stay NULL; or what is wrong with it. */
export function letterPlaces(
  columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[],
): LetterPlaces | { readonly problems: readonly string[] } {
  const found = new Map(columns.map((column, i) => [column.name.toLowerCase(), { ...column, place: i + 1 }]));
  const problems: string[] = [];
  const places = Object.entries(LETTER_COLUMNS).flatMap(([name, type]) => {
    const column = found.get(name);
    found.delete(name);
    if (column?.type.toUpperCase() === type) return { name: name as LetterColumn, place: column.place };
    problems.push(
      column ? `${name} is ${column.type.toUpperCase()}, not ${type}` : `${name} ${type} is missing`,
    );
    return [];
  });
  for (const { name, nullable } of found.values()) if (!nullable) problems.push(`${name} is NOT NULL`);
  return problems.length > 0 ? { problems } : places.sort((a, b) => a.place - b.place);
}

type Value = string | number | Uint8Array | null;

/** One row for each part. `now`: ms. */
export function writeLetter(
  out: Pick<RecordWriter, 'begin' | 'end' | 'bytes' | 'integer'>,
  places: LetterPlaces,
  letter: DeadLetter,
  origin: LetterOrigin,
  now: number,
): void {
  const { topic, partition, offset, timestamp, stage, code, column, message, sample } = letter;
  const headers = Buffer.from(headersJson(letter));
  const long = { key: letter.key, value: letter.value, headers };
  const facts: Record<Exclude<LetterColumn, 'part' | keyof typeof long>, Value> = {
    ...{ id: deadLetterId(letter), topic, kafka_partition: partition, kafka_offset: offset },
    ...{ kafka_timestamp: timestamp, stage, code, column_name: column, message, sample },
    ...{ original: originalText(letter), ...origin, rejected_at: now },
  };
  for (let part = 0; part === 0 || hasPart(long, part); part++) {
    const values: Record<LetterColumn, Value> = {
      ...{ ...facts, part },
      ...{ key: slice(long.key, part), value: slice(long.value, part), headers: slice(headers, part) },
    };
    out.begin();
    for (const { name, place } of places) writeValue(out, place, values[name]);
    out.end();
  }
}

function writeValue(out: Pick<RecordWriter, 'bytes' | 'integer'>, place: number, value: Value): void {
  if (value === null) return;
  if (typeof value === 'number') out.integer(place, value);
  else {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    out.bytes(place, bytes, 0, bytes.length);
  }
}

const hasPart = (long: Readonly<Record<string, Uint8Array | null>>, part: number): boolean =>
  Object.values(long).some((bytes) => (bytes?.length ?? 0) > part * LIMITS.letterPartBytes);

/** Null behind its end; what is empty is there in the first part. */
function slice(bytes: Uint8Array | null, part: number): Uint8Array | null {
  const from = part * LIMITS.letterPartBytes;
  if (bytes === null || (part > 0 && from >= bytes.length)) return null;
  return bytes.subarray(from, from + LIMITS.letterPartBytes);
}
