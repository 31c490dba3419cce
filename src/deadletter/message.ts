import {
  type DeadLetter,
  type DeadLetterHeader,
  deadLetterId,
  originalText,
  parseOriginal,
} from './dead-letter.ts';

/** A dead letter as a message of a topic: key, value and headers of the record as they were, and the reason behind them. */
export interface LetterMessage {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly DeadLetterHeader[];
}

/** Who rejected the record. */
export interface LetterOrigin {
  readonly pipeline: string;
  readonly batch: string;
}

const PREFIX = 'maxsink-';
/** The first of the reason; what stands before it are the record's own headers. */
const FIRST = `${PREFIX}id`;

/**
 * Behind the record's headers, in this order and as text: `maxsink-id` (readers de-duplicate by it), `-topic`,
 * `-partition`, `-offset`, `-timestamp` (ms), `-stage`, `-code`, `-column`, `-message`, `-sample`, `-pipeline`, `-batch`.
 * One without a value is left out. `-original` is `dropped` where key, value and header values were left out;
 * where they are sealed, it has the scheme, a colon and the wrapped key in base64.
 */
export function letterMessage(letter: DeadLetter, origin: LetterOrigin): LetterMessage {
  const { topic, partition, offset, timestamp, stage, code, column, message, sample } = letter;
  const facts = { id: deadLetterId(letter), topic, partition, offset, timestamp };
  const reason = { stage, code, column, message, sample, ...origin };
  const added = Object.entries({ ...facts, ...reason, original: originalText(letter) }).flatMap(
    ([name, value]) => (value === null ? [] : { name: PREFIX + name, value: Buffer.from(String(value)) }),
  );
  return { key: letter.key, value: letter.value, headers: [...letter.headers, ...added] };
}

/** Null: the message is no dead letter. */
export function letterOfMessage(message: LetterMessage): (DeadLetter & LetterOrigin) | null {
  const at = message.headers.findLastIndex(({ name }) => name === FIRST);
  if (at < 0) return null;
  const added = new Map(
    message.headers.slice(at).map(({ name, value }) => [name, Buffer.from(value ?? []).toString('utf8')]),
  );
  const text = (name: string) => added.get(PREFIX + name) ?? null;
  const number = (name: string) => (text(name) === null ? null : Number(text(name)));
  const [topic, tp, offset] = [text('topic'), number('partition'), number('offset')];
  if (topic === null || !isWhole(tp) || !isWhole(offset)) return null;
  const original = parseOriginal(text('original'));
  // A header has no null in a topic, and nothing that is sealed is empty.
  const own = message.headers.slice(0, at).map(({ name, value }) => {
    return { name, value: original && value?.length === 0 ? null : value };
  });
  return {
    ...{ topic, partition: tp, offset, timestamp: number('timestamp') },
    ...{ key: message.key, value: message.value, headers: own },
    ...{ stage: text('stage') ?? '', code: text('code') ?? '', column: text('column') },
    ...{ message: text('message') ?? '', sample: text('sample') },
    ...{ pipeline: text('pipeline') ?? '', batch: text('batch') ?? '' },
    ...(original && { original }),
  };
}

const isWhole = (value: number | null): value is number => Number.isSafeInteger(value) && value! >= 0;
