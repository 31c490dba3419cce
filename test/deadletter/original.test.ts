import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeadLetter, deadLetterLine, parseDeadLetter } from '../../src/deadletter/dead-letter.ts';
import {
  createKeeper,
  dropOriginal,
  type ORIGINALS,
  openOriginal,
  readPublicKey,
  sealOriginal,
} from '../../src/deadletter/original.ts';

const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits });
const { publicKey, privateKey } = rsa(2048);
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;

const SECRET = Buffer.from('13800138000');
const letter: DeadLetter = {
  topic: 'orders',
  partition: 2,
  offset: 77,
  timestamp: 1,
  key: SECRET,
  value: Buffer.from('{"phone":"13800138000"}'),
  headers: [
    { name: 'phone', value: SECRET },
    { name: 'none', value: null },
  ],
  stage: 'type',
  code: 'wrong_type',
  column: 'age',
  message: 'm',
  sample: '{"phone":"13800138000"}',
};
const lineOf = (one: DeadLetter) => [...deadLetterLine(one)].join('');
const readBack = (one: DeadLetter) => parseDeadLetter(lineOf(one));

describe('a sealed letter', () => {
  it('shows nothing of the record in its line', () => {
    const line = lineOf(sealOriginal(letter, publicKey));
    expect(line).not.toContain('13800138000');
    expect(line).not.toContain(SECRET.toString('base64'));
    expect(JSON.parse(line)).toMatchObject({
      id: 'orders-2-77',
      sample: null,
      encryption: { scheme: 'RSA-OAEP-256+A256GCM', key: expect.any(String) },
      key: { encrypted: expect.any(String) },
      value: { encrypted: expect.any(String) },
      headers: [
        { name: 'phone', value: { encrypted: expect.any(String) } },
        { name: 'none', value: null },
      ],
    });
  });

  it('is never sealed the same way twice', () => {
    expect(lineOf(sealOriginal(letter, publicKey))).not.toBe(lineOf(sealOriginal(letter, publicKey)));
  });

  it('opens with the private key to the same bytes, whatever they are', () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(bytes, bytes, bytes, (key, value, header) => {
        const one = { ...letter, key, value, headers: [{ name: 'h', value: header }] };
        const opened = openOriginal(readBack(sealOriginal(one, publicKey)), privateKey);
        const plain = { ...one, sample: null };
        expect(lineOf(opened)).toBe(lineOf(plain));
      }),
      { numRuns: 30 },
    );
  });

  it('does not open with another key', () => {
    const sealed = readBack(sealOriginal(letter, publicKey));
    expect(() => openOriginal(sealed, rsa(2048).privateKey)).toThrow(
      /orders-2-77 is not for this private key/,
    );
  });

  it('does not open when a byte was changed, or when its parts come from elsewhere', () => {
    const sealed = sealOriginal(letter, publicKey);
    const value = Buffer.from(sealed.value!);
    value[value.length - 1]! ^= 1;
    for (const changed of [
      { ...sealed, value },
      { ...sealed, value: sealed.key },
      { ...sealed, offset: 78 },
    ])
      expect(() => openOriginal(changed, privateKey)).toThrow(/was changed/);
  });
});

describe('a letter without its original', () => {
  it('says so, keeps the names of headers and nothing else', () => {
    const line = lineOf(dropOriginal(letter));
    expect(line).not.toContain('13800138000');
    expect(JSON.parse(line)).toMatchObject({
      dropped: true,
      key: null,
      value: null,
      sample: null,
      headers: [
        { name: 'phone', value: null },
        { name: 'none', value: null },
      ],
    });
    expect(readBack(dropOriginal(letter)).original).toBe('dropped');
  });

  it('stays as it is when it is opened', () => {
    expect(openOriginal(dropOriginal(letter), privateKey)).toEqual(dropOriginal(letter));
    expect(openOriginal(letter, privateKey)).toBe(letter);
  });
});

describe('what is kept of a letter', () => {
  const kept = (choice: (typeof ORIGINALS)[number], hidden: boolean) =>
    createKeeper({ original: choice, publicKey: pem(publicKey), hidden })(letter);
  it('is all of it; no sample where a column is concealed; sealed; or nothing', () => {
    expect(kept('keep', false)).toEqual(letter);
    expect(kept('keep', true)).toEqual({ ...letter, sample: null });
    expect(openOriginal(kept('encrypt', false), privateKey)).toEqual({ ...letter, sample: null });
    expect(kept('drop', false)).toEqual(dropOriginal(letter));
    expect(() => createKeeper({ original: 'encrypt', publicKey: null, hidden: false })).toThrow(
      /no PEM file/,
    );
  });
});

describe('a public key', () => {
  it('is RSA of at least 2048 bits', () => {
    expect(readPublicKey(pem(publicKey))).toMatchObject({ type: 'public' });
    expect(readPublicKey(pem(rsa(1024).publicKey))).toEqual({
      problem: 'has an RSA key of 1024 bits: 2048 is the least',
    });
    expect(readPublicKey(pem(generateKeyPairSync('ed25519').publicKey))).toEqual({
      problem: 'has no RSA key but ed25519',
    });
    expect(readPublicKey('no key')).toEqual({ problem: 'is no PEM file with a public key' });
  });
});
