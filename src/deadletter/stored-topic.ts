import type { Clock } from '../clock.ts';
import type { Message } from '../source/client/client.ts';
import type { KafkaSettings } from '../source/client/settings.ts';
import { readTopic } from '../source/read/read-topic.ts';
import { letterOfMessage } from './message.ts';
import type { StoredLetter } from './stored.ts';

/** Null for a message that is no dead letter. One may be there more than once. */
export async function* topicLetters(
  kafka: KafkaSettings,
  topic: string,
  clock: Clock,
  silenceMs: number,
): AsyncGenerator<StoredLetter | null> {
  for await (const message of readTopic(kafka, topic, clock, silenceMs)) yield letterIn(message);
}

function letterIn({ key, value, headers }: Message): StoredLetter | null {
  const list = (headers ?? []) as unknown as readonly Record<string, Buffer | string | null>[];
  return letterOfMessage({
    key: bytesOf(key ?? null),
    value,
    headers: list.flatMap((header) =>
      Object.entries(header).map(([name, one]) => ({ name, value: bytesOf(one) })),
    ),
  });
}

const bytesOf = (bytes: Buffer | string | null): Buffer | null =>
  typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
