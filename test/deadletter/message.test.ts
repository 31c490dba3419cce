import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../src/deadletter/dead-letter.ts';
import { letterMessage, letterOfMessage } from '../../src/deadletter/message.ts';

const bytes = fc.uint8Array({ maxLength: 20 }).map((list) => Buffer.from(list));
const text = fc.string({ maxLength: 20 });
const name = fc.oneof(text, fc.constantFrom('maxsink-id', 'maxsink-code', 'maxsink-topic'));
const letters: fc.Arbitrary<DeadLetter> = fc.record({
  topic: fc.constantFrom('orders', 'a.b-c_d'),
  partition: fc.nat(),
  offset: fc.maxSafeNat(),
  timestamp: fc.option(fc.maxSafeNat()),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ name, value: bytes }), { maxLength: 3 }),
  stage: fc.constantFrom('decode', 'type'),
  code: fc.constantFrom('invalid_json', 'too_long'),
  column: fc.option(text),
  message: text,
  sample: fc.option(text),
});
const ORIGIN = { pipeline: 'orders', batch: 'b1' };

describe('a dead letter as a message', () => {
  it('comes back as it was, also when the record was a dead letter itself', () => {
    fc.assert(
      fc.property(letters, (letter) => {
        expect(letterOfMessage(letterMessage(letter, ORIGIN))).toEqual({ ...letter, ...ORIGIN });
      }),
    );
  });

  it('has the headers of the record first, and then the reason, the id before all', () => {
    const letter: DeadLetter = {
      ...{ topic: 'orders', partition: 3, offset: 17, timestamp: 1, key: null, value: null },
      ...{ headers: [{ name: 'trace', value: Buffer.from('t') }], stage: 'decode', code: 'tombstone' },
      ...{ column: null, message: 'the value is null', sample: null },
    };
    const { headers, key, value } = letterMessage(letter, ORIGIN);
    expect([key, value]).toEqual([null, null]);
    expect(headers.map((one) => `${one.name}=${one.value}`)).toEqual([
      ...['trace=t', 'maxsink-id=orders-3-17', 'maxsink-topic=orders', 'maxsink-partition=3'],
      ...['maxsink-offset=17', 'maxsink-timestamp=1', 'maxsink-stage=decode', 'maxsink-code=tombstone'],
      ...['maxsink-message=the value is null', 'maxsink-pipeline=orders', 'maxsink-batch=b1'],
    ]);
  });

  it('is not made of any other message', () => {
    const other = { key: null, value: Buffer.from('x'), headers: [] };
    expect(letterOfMessage(other)).toBeNull();
    const id = { name: 'maxsink-id', value: Buffer.from('orders-3-17') };
    expect(letterOfMessage({ ...other, headers: [id] })).toBeNull();
  });
});
