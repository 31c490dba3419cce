import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { DeadLetter } from '../../src/deadletter/dead-letter.ts';
import { openDeadLetterTopic } from '../../src/deadletter/topic.ts';
import type { Log } from '../../src/log.ts';
import { until } from '../support/until.ts';

const letter = (offset: number, bytes = 1): DeadLetter => ({
  ...{ topic: 'orders', partition: 0, offset, timestamp: null, key: null, value: Buffer.alloc(bytes) },
  ...{ headers: [], stage: 'decode', code: 'invalid_json', column: null, message: 'm', sample: null },
});
const fault = (code: number) => Object.assign(new Error(`Broker: ${code}`), { code });
const quiet = { warn: () => undefined, info: () => undefined } as unknown as Log;

/** The port of the producer; `answer` says what becomes of each message, by the number of the attempt. */
function scripted(answer: (offset: string, attempt: number) => Error | null) {
  const sent: string[] = [];
  const producer = {
    async send(
      _topic: string,
      _key: unknown,
      _value: unknown,
      headers: readonly { name: string; value: unknown }[] = [],
    ) {
      const offset = String(headers.find(({ name }) => name === 'maxsink-offset')?.value);
      sent.push(offset);
      const error = answer(offset, sent.filter((one) => one === offset).length);
      if (error) throw error;
    },
    close: async () => undefined,
  };
  const letters = openDeadLetterTopic({
    topic: 'dead',
    pipeline: 'p',
    producer,
    clock: systemClock,
    log: quiet,
  });
  return { letters, sent };
}

describe('dead letters in a topic', () => {
  it('wait for as long as the topic is away, and say so', async () => {
    let away = true;
    const { letters, sent } = scripted(() => (away ? fault(-192) : null));
    const appended = letters.append('b1', [letter(1)]);
    await until(() => sent.length > 1, { what: 'a second attempt' });
    expect(letters.waitsFor()).toBe('the topic dead to take dead letters: Broker: -192');
    away = false;
    await appended;
    await letters.seal('b1');
    expect(letters.waitsFor()).toBe('');
  });

  it('of a batch that is abandoned are not sent any more, and hold nobody up', async () => {
    const { letters, sent } = scripted((offset) => (offset === '1' ? fault(-195) : null));
    const appended = letters.append('b1', [letter(1)]);
    appended.catch(() => undefined);
    const next = letters.append('b2', [letter(2)]);
    await until(() => letters.waitsFor() !== '', { what: 'an attempt that failed' });
    expect(letters.waitsFor()).not.toBe('');
    await letters.abandon('b1');
    expect(letters.waitsFor()).toBe('');
    await expect(appended).rejects.toThrow('the batch was abandoned');
    await next;
    expect(sent.at(-1)).toBe('2');
  });

  it('are judged alone when the topic finds what the client has joined too large', async () => {
    const { letters } = scripted((_, attempt) => (attempt === 1 ? fault(10) : null));
    await letters.append('b1', [letter(1), letter(2)]);
    const { letters: never } = scripted((offset) => (offset === '2' ? fault(10) : null));
    await expect(never.append('b1', [letter(1), letter(2, 5000)])).rejects.toMatchObject({
      code: 'dead_letter_unwritable',
      message: expect.stringMatching(
        /topic dead does not take .* orders-0-2 of 5000 bytes .*: raise its max\.message\.bytes/,
      ),
    });
  });

  it('end the service where waiting mends nothing', async () => {
    for (const [code, expected] of [
      [3, 'topic_missing'],
      [29, 'kafka_denied'],
      [87, 'dead_letter_unwritable'],
    ] as const) {
      const { letters } = scripted(() => fault(code));
      await expect(letters.append('b1', [letter(1)])).rejects.toMatchObject({ code: expected });
    }
  });
});
