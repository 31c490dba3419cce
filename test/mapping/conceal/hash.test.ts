import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createHasher, type HashSpec, hashChars, hashProblem } from '../../../src/mapping/conceal/hash.ts';

const hash = (algorithm: HashSpec['algorithm'], text: string, secret: string | null = null) =>
  createHasher({ algorithm, secret })(Buffer.from(text));

describe('hashes', () => {
  it.each([
    ['GB/T 32905, A.1', 'sm3', 'abc', '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0'],
    [
      'GB/T 32905, A.2',
      'sm3',
      'abcd'.repeat(16),
      'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732',
    ],
    ['FIPS 180-4', 'sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['RFC 1321', 'md5', 'abc', '900150983cd24fb0d6963f7d28e17f72'],
  ] as const)('%s: %s', (_, algorithm, text, expected) => expect(hash(algorithm, text)).toBe(expected));

  it.each([
    ['1', '\x0b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      '2',
      'Jefe',
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
  ])('RFC 4231, case %s: hmac-sha256', (_, key, text, expected) =>
    expect(hash('hmac-sha256', text, key)).toBe(expected),
  );

  it('hmac-sm3 is RFC 2104 over SM3', () => {
    const sm3 = (...parts: Uint8Array[]) => createHash('sm3').update(Buffer.concat(parts)).digest();
    const key = Buffer.alloc(64);
    key.write('Jefe');
    const pad = (byte: number) => key.map((one) => one ^ byte);
    const inner = sm3(pad(0x36), Buffer.from('what do ya want for nothing?'));
    const expected = sm3(pad(0x5c), inner).toString('hex');
    expect(hash('hmac-sm3', 'what do ya want for nothing?', 'Jefe')).toBe(expected);
  });

  it('a salt stands before the text', () => {
    expect(hash('sha256', '13800138000', 'pepper')).toBe(hash('sha256', 'pepper13800138000'));
    expect(hash('sm3', '', 'abc')).toBe(hash('sm3', 'abc'));
  });

  it('are as long as is said, and there', () => {
    for (const algorithm of ['sha256', 'md5', 'sm3', 'hmac-sha256', 'hmac-sm3'] as const) {
      expect(hash(algorithm, '张三', 'k')).toMatch(new RegExp(`^[0-9a-f]{${hashChars(algorithm)}}$`));
      expect(hashProblem(algorithm)).toBeNull();
    }
  });
});
